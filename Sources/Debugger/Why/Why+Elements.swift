import Basics
import Events
import Foundation
import Inference
import TraceStore

// Operations of one element, or of a row with itself.
extension WhyOperation {
  /// `y = x / √(mean(x²) + ε) × w`.
  func norm(_ row: Int) throws -> Row {
    let input = try input(0, row)
    let weights = try self.input(1, row)
    let epsilon = numbers(try attribute("epsilon", \.epsilon))
    // A norm of each head reads its own part of the row.
    let size = weights.row.count
    guard size > 0, op.cols % size == 0, input.row.count == op.cols else { throw unexpected() }
    let x = input.row.map { numbers($0) }
    let parts = stride(from: 0, to: op.cols, by: size).map { first in
      TermSum(
        x[first..<first + size].lazy.map { $0.value * $0.value / Double(size) }, in: numbers,
        counted: "squares"
      ) { index in
        let x = x[first + index]
        return TermSum.Term(
          label: "\(first + index)", product: "\(x.value < 0 ? "(\(x))" : "\(x)")² / \(size)")
      }
    }
    let roots = parts.map { numbers(($0.total.value + epsilon.value).squareRoot()) }
    return { column in
      let (part, index) = column.quotientAndRemainder(dividingBy: size)
      let (squares, root, x) = (parts[part], roots[part], x[column])
      let weight = numbers(weights.row[index])
      let result = numbers(x.value / root.value * weight.value)
      return Derivation(
        result, sum: squares,
        [
          "= x / √(mean(x²) + ε) × w, x = \(input.name)[\(input.label)\(column)], "
            + "w = \(weights.name)[\(index)]",
          "The terms are those of mean(x²), i = \(part * size)..<\((part + 1) * size).",
        ],
        steps: [
          "mean(x²) = \(squares.total), ε = \(epsilon), √(mean(x²) + ε) = \(root)",
          "\(x) / \(root) × \(weight) = \(result)",
        ])
    }
  }

  /// `y = f(gate) × up`.
  ///
  /// - Parameter activation: f of a number, with the lines that say how.
  func gatedUnit(
    _ row: Int,
    by activation: @escaping (Figure) -> (name: String, value: Figure, lines: () -> [String])
  ) throws -> Row {
    let (gate, up) = (try input(0, row), try input(1, row))
    guard gate.row.count == op.cols, up.row.count == op.cols else { throw unexpected() }
    return { column in
      let u = numbers(up.row[column])
      let (name, value, lines) = activation(numbers(gate.row[column]))
      let result = numbers(value.value * u.value)
      return Derivation(
        result,
        ["= \(name)(\(gate.name)[\(gate.label)\(column)]) × \(up.name)[\(up.label)\(column)]"]
          + lines() + ["\(value) × \(u) = \(result)"])
    }
  }

  func silu(_ g: Figure) -> (name: String, value: Figure, lines: () -> [String]) {
    let value = numbers(g.value / (1 + exp(-g.value)))
    return (
      "silu", value,
      { ["silu(g) = g / (1 + exp(-g)) = \(g) / (1 + exp(\(Figure(-Float(g.value))))) = \(value)"] }
    )
  }

  /// GELU in the approximation with tanh: `g / 2 × (1 + tanh(t / 2))`.
  func gelu(_ g: Figure) -> (name: String, value: Figure, lines: () -> [String]) {
    let slope = numbers((8 / Double.pi).squareRoot())
    let t = numbers(slope.value * (g.value + 0.044715 * g.value * g.value * g.value))
    let value = numbers(g.value / (1 + exp(-t.value)))
    return (
      "gelu", value,
      {
        [
          "gelu(g) = g / (1 + exp(-t)) = \(g) / (1 + exp(\(numbers(-t.value)))) = \(value)",
          "t = √(8 / π) × (g + 0.044715 × g³) = "
            + "\(slope) × (\(g) + 0.044715 × \(g) × \(g) × \(g)) = \(t)",
        ]
      }
    )
  }

  /// `y = x × scale`.
  func scaling(_ row: Int) throws -> Row {
    let x = try input(0, row)
    let scale = numbers(try attribute("scale", \.scale))
    guard x.row.count == op.cols else { throw unexpected() }
    return { column in
      let value = numbers(x.row[column])
      let result = numbers(value.value * scale.value)
      return Derivation(
        result,
        [
          "= \(x.name)[\(x.label)\(column)] × scale", "= \(value) × \(scale) = \(result)",
        ])
    }
  }

  /// `y = cap × tanh(scale × x / cap)`.
  func softCap(_ row: Int) throws -> Row {
    let x = try input(0, row)
    let scale = numbers(try attribute("scale", \.scale))
    let cap = numbers(try attribute("cap", \.cap))
    guard x.row.count == op.cols else { throw unexpected() }
    return { column in
      let value = numbers(x.row[column])
      let result = numbers(cap.value * tanh(scale.value * value.value / cap.value))
      return Derivation(
        result,
        [
          "= cap × tanh(scale × x / cap), x = \(x.name)[\(x.label)\(column)]",
          "= \(cap) × tanh(\(scale) × \(value) / \(cap)) = \(result)",
        ])
    }
  }

  /// `y = a + b`; `b` may be a bias.
  func addition(_ row: Int) throws -> Row {
    let (a, b) = (try input(0, row), try input(1, row))
    guard a.row.count == op.cols, b.row.count == op.cols else { throw unexpected() }
    return { column in
      let (x, y) = (numbers(a.row[column]), numbers(b.row[column]))
      let result = numbers(x.value + y.value)
      return Derivation(
        result,
        [
          "= \(a.name)[\(a.label)\(column)] + \(b.name)[\(b.label)\(column)]",
          "= \(x) + \(y) = \(result)",
        ])
    }
  }

  /// A row of the embedding, or the last rows of another operation.
  func fetchedRow(_ row: Int) throws -> Row {
    guard let id = op.tensor, let tensor = try trace.tensor(id) else { return try lastRow(row) }
    let token = try token(ofRow: row)
    let matrix = try source.weights(named: tensor.name)
    guard token.id < matrix.rows, matrix.cols == op.cols else { throw unexpected() }
    let rounding = try matrix.rowRounding(under: strategy())
    let values = try matrix.row(token.id, rounded: rounding)
    return { column in
      let used = numbers(values[column])
      return Derivation(
        used,
        [
          "= \(tensor.name)[\(token.id), \(column)], the row of token \(token.id) "
            + quoted(token.text)
        ] + (try origin(of: used, matrix, token.id, column, rounding)))
    }
  }

  /// How a fetched weight came to be, and what it was before it was quantized.
  private func origin(
    of used: Figure, _ matrix: WeightMatrix, _ row: Int, _ column: Int, _ rounding: WeightRounding
  ) throws -> [String] {
    var lines = ["The weights are \(matrix.type.name), taken as they are."]
    if matrix.type.isQuantized {
      let block = try matrix.block(ofRow: row, column: column)
      lines =
        ["The weights are \(try matrix.formula).", matrix.places, block.place]
        + block.origin(
          of: column % matrix.type.blockSize, used: Float(used.value), rounding: rounding)
    }
    if let original = try source.original(of: matrix) {
      let was = Figure(try original.row(row)[column])
      lines.append(
        "unquantized: \(was); int4 changed it by "
          + formatReal(used.value - was.value, digits: 4))
    }
    return lines
  }

  /// The row of the last token of the sequence whose result a row is.
  private func lastRow(_ row: Int) throws -> Row {
    let tokens = try tokens()
    let ends = tokens.indices.filter {
      $0 + 1 == tokens.count || tokens[$0 + 1].sequence != tokens[$0].sequence
    }
    guard ends.indices.contains(row) else { throw unexpected() }
    let input = try input(0, row, at: ends[row])
    guard input.row.count == op.cols else { throw unexpected() }
    return { column in
      Derivation(
        numbers(input.row[column]),
        ["= \(input.name)[\(input.label)\(column)], the last token of a sequence"])
    }
  }
}
