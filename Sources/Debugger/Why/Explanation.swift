import Inference
import TraceStore

/// What made a number: how it was computed, and the terms of its sum.
struct Explanation {
  /// One of the numbers that were added.
  struct Term {
    /// Its index in the sum: a column, a position.
    let label: String
    /// The product with its numbers, `-0.04296875 × 1.8284912`.
    let product: String
    let value: Double
    /// Where the weight lies, beside the term.
    var place = ""
    /// How its parts came to be.
    var details: [String] = []
    /// The term with the weight as it was before it was quantized.
    var unquantized: (weight: Float, value: Double)?
  }

  /// `ffn_gate-12[37]`.
  let name: String
  /// As the run computed it, in float32.
  let value: Float
  /// The operation in symbols, and then with its numbers.
  var formula: [String]
  var terms: [Term] = []
  /// `columns`, `positions`: what is summed over.
  var counted = "terms"
  /// What the terms and the formula come to, in double precision.
  let result: Double
  /// Figures that lead from the sum to the value, where they are not the same.
  var steps: [String] = []
  var notes: [String] = []

  /// - Parameter count: terms to show.
  func lines(count: Int, style: TextStyle) -> [String] {
    let times = style.unicode ? "×" : "x"
    let about = style.unicode ? "≈" : "~"
    let arrow = style.unicode ? "→" : "->"
    let root = style.unicode ? "√" : "sqrt"
    let sum = style.unicode ? "Σ" : "sum"
    func plain(_ text: String) -> String {
      text.replacing("×", with: times).replacing("≈", with: about).replacing("→", with: arrow)
        .replacing("√", with: root).replacing("Σ", with: sum)
    }
    func fitted(_ text: String, indent: String, further: String) -> [String] {
      let whole = indent + plain(text)
      if displayWidth(whole) <= style.width { return [whole] }  // spaces stay as they are
      return wrapped(plain(text), to: style.width - indent.count, indent: further).map {
        indent + $0
      }
    }
    var lines = wrapped("\(name) = \(value)", to: style.width).map { style.paint($0, .bold) }
    lines += formula.flatMap { fitted($0, indent: "  ", further: "    ") }
    if !terms.isEmpty { lines += termLines(count: count, style: style, fitted: fitted) }
    lines += steps.flatMap { fitted($0, indent: "  ", further: "    ") }
    let difference = Double(value) - result
    lines += fitted(
      difference == 0
        ? "That is the value of the run."
        : "The run's value is \(value): float32 rounding made a difference of "
          + "\(formatReal(difference, digits: 2)).", indent: "  ", further: "    ")
    return lines + notes.flatMap { fitted($0, indent: "  ", further: "    ") }
  }

  private func termLines(
    count: Int, style: TextStyle, fitted: (String, String, String) -> [String]
  ) -> [String] {
    let order = terms.indices.sorted { abs(terms[$0].value) > abs(terms[$1].value) }
    let shown = order.prefix(count).map { terms[$0] }
    let column = (shown.map(\.label.count).max() ?? 0) + 2
    var lines = [""]
    for term in shown {
      let label = padded("[\(term.label)]", to: column, onLeft: true)
      let text = "\(label)  \(term.product) = \(Self.exact(term.value))"
      let indent = String(repeating: " ", count: column + 4)
      // The place stands beside the term, or below it where there is no room.
      let isBeside = displayWidth("  \(text)   \(term.place)") <= style.width
      lines += fitted(
        isBeside && !term.place.isEmpty ? "\(text)   \(term.place)" : text, "  ", indent)
      let details = isBeside || term.place.isEmpty ? term.details : [term.place] + term.details
      lines += details.flatMap { fitted($0, indent, "  ") }
      if let unquantized = term.unquantized {
        let cost = formatReal(term.value - unquantized.value, digits: 4)
        lines += fitted(
          "unquantized \(unquantized.weight): the term would be \(Self.exact(unquantized.value)), "
            + "int4 changed it by \(cost)", indent, "  ")
      }
    }
    lines.append("")
    var rows: [(String, Double)] = []
    let top = shown.reduce(0) { $0 + $1.value }
    let whole = terms.reduce(0) { $0 + $1.value }
    if shown.count < terms.count {
      let rest = order.dropFirst(count).reduce(0) { $0 + terms[$1].value }
      rows.append(("the \(shown.count) largest of \(terms.count) \(counted)", top))
      rows.append(("the \(terms.count - shown.count) others", rest))
    }
    rows.append(("sum of all \(terms.count) \(counted)", whole))
    let originals = terms.compactMap { $0.unquantized?.value }
    if originals.count == terms.count, !terms.isEmpty {
      let original = originals.reduce(0, +)
      rows.append(("the sum with the unquantized weights", original))
      rows.append(("what int4 changed in the sum", whole - original))
    }
    let width = rows.map { displayWidth($0.0) }.max() ?? 0
    lines += rows.map { "  " + padded($0.0, to: width) + "  = " + Self.exact($0.1) }
    return lines
  }

  /// Enough digits to add it up again.
  static func exact(_ value: Double) -> String { formatReal(value, digits: 10) }
}
