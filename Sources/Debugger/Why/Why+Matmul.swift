import Basics
import Inference
import Quantization

extension WhyOperation {
  /// A product: `y[row, column] = Σ W[column, i] × x[row, i]`.
  func product(_ row: Int) throws -> Row {
    guard let id = op.tensor, let tensor = try trace.tensor(id) else { throw unexpected() }
    let matrix = try source.weights(named: tensor.name)
    guard matrix.rows == op.cols else { throw unexpected() }
    return try product(input(1, row), matrix)
  }

  /// A product of an input with the rows of a matrix from one on.
  ///
  /// - Parameter origin: lines that say which rows those are.
  func product(
    _ input: Input, _ matrix: WeightMatrix, from first: Int = 0, _ origin: [String] = []
  ) throws -> Row {
    let strategy = try strategy()
    guard input.row.count == matrix.cols else { throw unexpected() }
    let rounding = try matrix.rounding(under: strategy)
    let original = numbers == .printed ? try source.original(of: matrix) : nil
    let roundsInputs = strategy?.roundsActivations == true && matrix.type.isQuantized
    let int8 = roundsInputs ? Int8Activations(input.row) : nil
    let x = input.row.indices.map { int8?.factor($0).value ?? numbers(input.row[$0]).value }
    return { column in
      let index = first + column
      let weights = try weights(index, of: matrix, rounded: rounding)
      let used = weights.stored
      let unquantized = try original?.row(index).map { Figure($0) }
      let sum = TermSum(
        Products(left: weights.values, right: x), in: numbers,
        originals: unquantized.map { zip($0, x).map { $0.value * $1 } }, counted: "columns"
      ) { i in
        let factor = int8?.factor(i).text ?? "\(Figure(input.row[i]))"
        var term = TermSum.Term(
          label: "\(i)", product: "\(Figure(used[i])) × \(factor)", unquantized: unquantized?[i])
        guard matrix.type.isQuantized else { return term }
        let block = try matrix.block(ofRow: index, column: i)
        term.place = block.place
        term.details = block.origin(
          of: i % matrix.type.blockSize, used: used[i], rounding: rounding)
        if int8 != nil { term.details.append("input \(Figure(input.row[i])) ≈ \(factor), in int8") }
        return term
      }
      return Derivation(
        sum.total, sum: sum,
        ["= Σ \(matrix.name)[\(index), i] × \(input.name)[\(input.label)i], i = 0..<\(x.count)"]
          + origin + (try usage(of: matrix, rounding)))
    }
  }

  /// What the weights are, where their blocks lie, and what the strategy makes of them.
  private func usage(
    of matrix: WeightMatrix, _ rounding: WeightRounding
  ) throws -> [String] {
    guard matrix.type.isQuantized else {
      return ["The weights are \(matrix.type.name), multiplied as they are."]
    }
    let strategy = try source.strategy(of: op)
    let use =
      switch rounding {
      case .half: "dequantized and rounded to float16"
      case .steps: "as integers, in steps of absmax / 127"
      case .none:
        strategy?.roundsActivations == true
          ? "as integers; the inputs are rounded to int8" : "dequantized to float32"
      }
    return [
      "The weights are \(try matrix.formula), by \(strategy?.rawValue ?? "the strategy") \(use).",
      matrix.places,
    ]
  }
}

extension Int8Activations {
  /// `(-103 × 0.0217)` and what that is.
  fileprivate func factor(_ index: Int) -> (text: String, value: Double) {
    let scale = Figure(scales[index / 32])
    return ("(\(values[index]) × \(scale))", Double(values[index]) * scale.value)
  }
}
