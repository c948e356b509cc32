import Foundation
import Inference

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
    let part = input.row[first..<first + scale.count].map(Double.init)
    let squares = part.reduce(0) { $0 + $1 * $1 }
    let mean = squares / Double(part.count)
    let root = (mean + Double(epsilon)).squareRoot()
    let x = input.row[column]
    let weight = scale[column - first]
    let result = Double(x) / root * Double(weight)
    let terms = part.enumerated().map { index, x in
      Explanation.Term(
        label: "\(first + index)", product: "\(Float(x))² / \(part.count)",
        value: x * x / Double(part.count))
    }
    return explanation(
      [
        "= x / √(mean(x²) + ε) × w, x = \(input.name)[\(input.label)\(column)], "
          + "w = \(weights.name)[\(column - first)]",
        "The terms are those of mean(x²), i = \(first)..<\(first + scale.count).",
      ], terms: terms, counted: "squares", result: result,
      steps: [
        "mean(x²) = \(Explanation.exact(mean)), ε = \(epsilon), "
          + "√(mean(x²) + ε) = \(Explanation.exact(root))",
        "\(x) / \(Explanation.exact(root)) × \(weight) = \(Explanation.exact(result))",
      ])
  }

  /// `y = silu(gate) × up`.
  func gatedUnit() throws -> Explanation {
    let (gate, up) = (try input(0), try input(1))
    guard column < gate.row.count, column < up.row.count else { throw unexpected() }
    let g = Double(gate.row[column])
    let silu = g / (1 + exp(-g))
    let result = silu * Double(up.row[column])
    return explanation(
      [
        "= silu(\(gate.name)[\(gate.label)\(column)]) × \(up.name)[\(up.label)\(column)]",
        "silu(g) = g / (1 + exp(-g)) = \(gate.row[column]) / (1 + exp(\(-gate.row[column]))) "
          + "= \(Explanation.exact(silu))",
        "\(Explanation.exact(silu)) × \(up.row[column]) = \(Explanation.exact(result))",
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
    let result = Double(a.row[column]) + Double(b.row[column])
    return explanation(
      [
        "= \(a.name)[\(a.label)\(column)] + \(b.name)[\(b.label)\(column)]",
        "= \(a.row[column]) + \(b.row[column]) = \(Explanation.exact(result))",
      ], result: result)
  }

  /// A row of the embedding, or the last rows of another operation.
  func fetchedRow() throws -> Explanation {
    guard let id = op.tensor, let tensor = try trace.tensor(id) else { return try lastRow() }
    let token = try token(ofRow: row)
    let matrix = try source.weights(named: tensor.name)
    guard token.id < matrix.rows, column < matrix.cols else { throw unexpected() }
    // Only whole-model keeps the embedding as float16; the others decode the row itself.
    let strategy = try source.strategy(of: op)
    let rounding = strategy == .wholeModel ? try matrix.rounding(under: .wholeModel) : .none
    let exact = try matrix.row(token.id)[column]
    let used = try matrix.row(token.id, rounded: rounding)[column]
    var formula = [
      "= \(tensor.name)[\(token.id), \(column)], the row of token \(token.id) \(quoted(token.text))"
    ]
    if matrix.type.isQuantized {
      let block = try matrix.block(ofRow: token.id, column: column)
      let index = column % matrix.type.blockSize
      formula.append(
        WeightBlock.formula(of: matrix.type, anatomy: block.anatomy) + " = "
          + block.formula(of: index) + " = \(exact)"
          + (rounding == .half ? " → f16 \(used)" : ""))
      formula += block.origin(of: index) + [block.place]
    } else {
      formula.append("The weights are \(matrix.type.name), taken as they are.")
    }
    if let original = try source.original(of: matrix) {
      let was = try original.row(token.id)[column]
      formula.append(
        "unquantized: \(was); int4 changed it by "
          + formatReal(Double(used) - Double(was), digits: 4))
    }
    return explanation(formula, result: Double(used))
  }

  private func lastRow() throws -> Explanation {
    let (name, row) = try lastTokenRow(named: inputName(0))
    guard column < row.values.count else { throw unexpected() }
    return explanation(
      ["= \(name)[\(row.index), \(column)], the last token of a sequence"],
      result: Double(row.values[column]))
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
