import Basics
import Inference

extension WhyOperation {
  /// A product: `y[row, column] = Σ W[column, i] × x[row, i]`.
  func product() throws -> Explanation {
    guard let id = op.tensor, let tensor = try trace.tensor(id) else { throw unexpected() }
    let matrix = try source.weights(named: tensor.name)
    let input = try input(1)
    guard column < matrix.rows, input.row.count == matrix.cols else { throw unexpected() }
    let strategy = try source.strategy(of: op)
    let rounding = try matrix.rounding(under: strategy)
    let used = try matrix.row(column, rounded: rounding)
    let original = try source.original(of: matrix)?.row(column)
    let roundsInputs = strategy?.roundsActivations == true && matrix.type.isQuantized
    let int8 = roundsInputs ? Int8Activations(input.row) : nil
    let terms = used.indices.map { i in
      let weight = Figure(used[i])
      let (text, x) = int8?.factor(i) ?? Figure(input.row[i]).factor
      return TermSum.Term(
        label: "\(i)", product: "\(weight) × \(text)", value: weight.value * x,
        unquantized: original.map { (Figure($0[i]), Figure($0[i]).value * x) })
    }
    var explained = terms
    let largest = terms.indicesOfLargest(Self.mostDetails) { abs($0.value) }
    for i in largest where matrix.type.isQuantized {
      let block = try matrix.block(ofRow: column, column: i)
      explained[i].place = block.place
      explained[i].details = block.origin(
        of: i % matrix.type.blockSize, used: used[i], rounding: rounding)
      if let int8 {
        explained[i].details.append(
          "input \(Figure(input.row[i])) ≈ \(int8.factor(i).text), in int8")
      }
    }
    return explanation(
      [
        "= Σ \(tensor.name)[\(column), i] × \(input.name)[\(input.label)i], i = 0..<\(matrix.cols)"
      ] + (try usage(of: matrix, rounding)), sum: TermSum(explained, counted: "columns"))
  }

  /// Terms whose blocks are laid open, at most; nobody reads more.
  private static let mostDetails = 1000

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

extension Figure {
  fileprivate var factor: (text: String, value: Double) { (description, value) }
}

extension Int8Activations {
  /// `(-103 × 0.0217)` and what that is.
  fileprivate func factor(_ index: Int) -> (text: String, value: Double) {
    let scale = Figure(scales[index / 32])
    return ("(\(values[index]) × \(scale))", Double(values[index]) * scale.value)
  }
}
