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
    let exact = try matrix.row(column)
    let used = try matrix.row(column, rounded: rounding)
    let original = try source.original(of: matrix)?.row(column)
    let int8 =
      strategy == .int4GEMM && matrix.type.isQuantized ? Int8Activations(input.row) : nil
    let terms = used.indices.map { i in
      let x = int8?.rounded(i) ?? Double(input.row[i])
      let product =
        int8.map { "\(used[i]) × (\($0.values[i]) × \($0.scales[i / 32]))" }
        ?? "\(used[i]) × \(input.row[i])"
      return Explanation.Term(
        label: "\(i)", product: product, value: Double(used[i]) * x,
        unquantized: original.map { ($0[i], Double($0[i]) * x) })
    }
    var explained = terms
    let largest = terms.indices.sorted { abs(terms[$0].value) > abs(terms[$1].value) }
    for i in largest.prefix(Self.mostDetails) where matrix.type.isQuantized {
      let block = try matrix.block(ofRow: column, column: i)
      explained[i].place = block.place
      let index = i % matrix.type.blockSize
      explained[i].details =
        [Self.value(in: block, index, exact: exact[i], used: used[i], rounding)]
        + block.origin(of: index)
      if let int8 {
        explained[i].details.append(
          "input \(input.row[i]) ≈ \(int8.values[i]) × \(int8.scales[i / 32]), in int8")
      }
    }
    return explanation(
      [
        "= Σ \(tensor.name)[\(column), i] × \(input.name)[\(input.label)i], i = 0..<\(matrix.cols)",
        try usage(of: matrix, rounding),
      ], terms: explained, counted: "columns", result: terms.reduce(0) { $0 + $1.value })
  }

  /// Terms whose blocks are laid open, at most; nobody reads more.
  private static let mostDetails = 1000

  private func usage(
    of matrix: WeightMatrix, _ rounding: WeightMatrix.Rounding
  ) throws -> String {
    guard matrix.type.isQuantized else {
      return "The weights are \(matrix.type.name), multiplied as they are."
    }
    let strategy = try source.strategy(of: op)
    let use =
      switch rounding {
      case .half: "dequantized and rounded to float16"
      case .steps: "as integers, in steps of absmax / 127"
      case .none:
        strategy == .int4GEMM
          ? "as integers; the inputs are rounded to int8" : "dequantized to float32"
      }
    let formula = WeightBlock.formula(of: matrix.type, anatomy: try matrix.block(0).anatomy)
    return "The weights are \(matrix.type.name), \(formula), by "
      + "\(strategy?.rawValue ?? "the strategy") \(use)."
  }

  private static func value(
    in block: WeightBlock, _ index: Int, exact: Float, used: Float,
    _ rounding: WeightMatrix.Rounding
  ) -> String {
    let value = block.formula(of: index) + " = \(exact)"
    switch rounding {
    case .none: return value
    case .half: return value + " → f16 \(used)"
    case .steps: return value + " → in steps \(used)"
    }
  }
}
