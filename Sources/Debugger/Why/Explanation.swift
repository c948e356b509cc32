import Basics
import TraceStore

/// What made a number: how it was computed, and the terms of its sum. Each figure is computed of
/// those that are printed.
struct Explanation {
  /// `ffn_gate-12[37]`.
  let name: String
  /// As the run computed it, in float32.
  let value: Figure
  /// The operation in symbols, and then with its numbers.
  let formula: [String]
  let sum: TermSum?
  /// What the terms and the formula come to.
  let result: Figure
  /// Figures that lead from the sum to the value, where they are not the same.
  let steps: [String]
  var notes: [String]

  /// - Parameter count: terms to show.
  /// - Throws: what reading the weights of the terms throws.
  func lines(count: Int, style: TextStyle) throws -> [String] {
    func plain(_ text: String) -> String {
      if style.unicode { return text }
      return text.replacing("×", with: "x").replacing("≈", with: "~").replacing("→", with: "->")
        .replacing("√", with: "sqrt").replacing("Σ", with: "sum").replacing("ε", with: "epsilon")
        .replacing("²", with: "^2")
    }
    func fitted(_ text: String, indent: String, further: String) -> [String] {
      wrapped(plain(text), to: style.width - indent.count, indent: further).map { indent + $0 }
    }
    var lines = wrapped("\(name) = \(value)", to: style.width).map { style.paint($0, .bold) }
    lines += formula.flatMap { fitted($0, indent: "  ", further: "    ") }
    if let sum {
      lines += try sum.lines(count: count, width: style.width, fitted: fitted)
      if count < sum.count {
        lines += fitted(
          "\"why \(sum.count) \(name)\" shows the others.", indent: "  ", further: "    ")
      }
    }
    lines += steps.flatMap { fitted($0, indent: "  ", further: "    ") }
    let difference = value.value - result.value
    lines += fitted(
      difference == 0
        ? "That is the value of the run."
        : "The run computed \(value) in float32, a difference of "
          + "\(formatReal(difference, digits: 2)).", indent: "  ", further: "    ")
    return lines + notes.flatMap { fitted($0, indent: "  ", further: "    ") }
  }
}
