import Basics
import Foundation
import TraceStore

// Operations of one element, or of a row with itself.
extension WhyOperation {
  /// `y = x / √(mean(x²) + ε) × w`.
  func norm() throws -> Explanation {
    let input = try input(0)
    let weights = try source.weights(named: inputName(1))
    let scale = try weights.row(0)
    let epsilon = try source.model().model.config.normEpsilon
    // A norm of each head reads its own part of the row.
    guard !scale.isEmpty, op.cols % scale.count == 0, input.row.count == op.cols else {
      throw unexpected()
    }
    let first = column / scale.count * scale.count
    let part = input.row[first..<first + scale.count].map { Figure($0) }
    let squares = TermSum(
      part.enumerated().map { index, x in
        TermSum.Term(
          label: "\(first + index)", product: "\(x.value < 0 ? "(\(x))" : "\(x)")² / \(part.count)",
          value: x.value * x.value / Double(part.count))
      }, counted: "squares")
    let (mean, epsilonFigure) = (squares.total, Figure(epsilon))
    let root = Figure((mean.value + epsilonFigure.value).squareRoot())
    let (x, weight) = (part[column - first], Figure(scale[column - first]))
    let result = Figure(x.value / root.value * weight.value)
    return explanation(
      [
        "= x / √(mean(x²) + ε) × w, x = \(input.name)[\(input.label)\(column)], "
          + "w = \(weights.name)[\(column - first)]",
        "The terms are those of mean(x²), i = \(first)..<\(first + scale.count).",
      ], sum: squares, result: result,
      steps: [
        "mean(x²) = \(mean), ε = \(epsilonFigure), √(mean(x²) + ε) = \(root)",
        "\(x) / \(root) × \(weight) = \(result)",
      ])
  }

  /// `y = silu(gate) × up`.
  func gatedUnit() throws -> Explanation {
    let (gate, up) = (try input(0), try input(1))
    guard column < gate.row.count, column < up.row.count else { throw unexpected() }
    let (g, u) = (Figure(gate.row[column]), Figure(up.row[column]))
    let silu = Figure(g.value / (1 + exp(-g.value)))
    let result = Figure(silu.value * u.value)
    return explanation(
      [
        "= silu(\(gate.name)[\(gate.label)\(column)]) × \(up.name)[\(up.label)\(column)]",
        "silu(g) = g / (1 + exp(-g)) = \(g) / (1 + exp(\(Figure(-gate.row[column])))) = \(silu)",
        "\(silu) × \(u) = \(result)",
      ], result: result)
  }

  /// `y = a + b`; `b` may be a bias.
  func addition() throws -> Explanation {
    let a = try input(0)
    let name = try inputName(1)
    let b: (name: String, label: String, row: [Float])
    if try trace.op(named: name, inPass: op.pass) == nil {
      b = (name, "", try source.weights(named: name).row(0))
    } else {
      b = try input(1)
    }
    guard column < a.row.count, column < b.row.count else { throw unexpected() }
    let (x, y) = (Figure(a.row[column]), Figure(b.row[column]))
    let result = Figure(x.value + y.value)
    return explanation(
      [
        "= \(a.name)[\(a.label)\(column)] + \(b.name)[\(b.label)\(column)]",
        "= \(x) + \(y) = \(result)",
      ], result: result)
  }

  /// A row of the embedding, or the last rows of another operation.
  func fetchedRow() throws -> Explanation {
    guard let id = op.tensor, let tensor = try trace.tensor(id) else { return try lastRow() }
    let token = try token(ofRow: row)
    let matrix = try source.weights(named: tensor.name)
    guard token.id < matrix.rows, column < matrix.cols else { throw unexpected() }
    let rounding = try matrix.rowRounding(under: source.strategy(of: op))
    let used = try matrix.row(token.id, rounded: rounding)[column]
    var formula = [
      "= \(tensor.name)[\(token.id), \(column)], the row of token \(token.id) \(quoted(token.text))"
    ]
    if matrix.type.isQuantized {
      let block = try matrix.block(ofRow: token.id, column: column)
      formula += ["The weights are \(try matrix.formula).", matrix.places, block.place]
      formula += block.origin(
        of: column % matrix.type.blockSize, used: used, rounding: rounding)
    } else {
      formula.append("The weights are \(matrix.type.name), taken as they are.")
    }
    if let original = try source.original(of: matrix) {
      let was = Figure(try original.row(token.id)[column])
      formula.append(
        "unquantized: \(was); int4 changed it by "
          + formatReal(Figure(used).value - was.value, digits: 4))
    }
    return explanation(formula, result: Figure(used))
  }

  private func lastRow() throws -> Explanation {
    let (name, row) = try lastTokenRow(named: inputName(0))
    guard column < row.values.count else { throw unexpected() }
    return explanation(
      ["= \(name)[\(row.index), \(column)], the last token of a sequence"],
      result: Figure(row.values[column]))
  }

  /// The row of the last token of the sequence whose result this row is.
  func lastTokenRow() throws -> [Float] { try lastTokenRow(named: inputName(0)).row.values }

  private func lastTokenRow(
    named name: String
  ) throws -> (name: String, row: (index: Int, values: [Float])) {
    let input = try source.output(named: name, beside: op)
    let tokens = try trace.tokens(inPass: op.pass)
    let ends = tokens.indices.filter {
      $0 + 1 == tokens.count || tokens[$0 + 1].sequence != tokens[$0].sequence
    }
    guard ends.indices.contains(row), ends[row] < input.op.rows else { throw unexpected() }
    return (name, (ends[row], input.row(ends[row])))
  }
}
