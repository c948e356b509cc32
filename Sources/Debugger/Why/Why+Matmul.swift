import Inference

extension WhyOperation {
  /// A product: `y[row, column] = Σ W[column, i] × x[row, i]`.
  func product() throws -> Explanation {
    guard let id = op.tensor, let tensor = try trace.tensor(id) else { throw unexpected() }
    let matrix = try source.weights(named: tensor.name)
    let input = try input(1)
    guard column < matrix.rows, input.row.count == matrix.cols else { throw unexpected() }
    let rounding = try matrix.rounding(under: source.strategy)
    let exact = try matrix.row(column)
    let used = try matrix.row(column, rounded: rounding)
    let original = try source.original(of: matrix)?.row(column)
    let int8 =
      source.strategy == .int4GEMM && matrix.type.isQuantized ? Int8Activations(input.row) : nil
    let terms = used.indices.map { i in
      let x = int8?.rounded(i) ?? Double(input.row[i])
      let product =
        int8.map { "\(used[i]) × (\($0.values[i]) × \($0.scales[i / 32]))" }
        ?? "\(used[i]) × \(input.row[i])"
      return Explanation.Term(
        label: "\(i)", product: product, value: Double(used[i]) * x,
        unquantized: original.map { Double($0[i]) * x })
    }
    var explained = terms
    let largest = terms.indices.sorted { abs(terms[$0].value) > abs(terms[$1].value) }
    for i in largest.prefix(Self.mostDetails) {
      explained[i].details = try details(
        of: matrix, i, exact: exact[i], used: used[i], rounding: rounding)
      if int8 != nil {
        explained[i].details.append(
          "the input \(input.row[i]) as int8 of its 32 with one scale")
      }
      if let original, matrix.type.isQuantized {
        explained[i].details.append("the weight was \(original[i]) before it was quantized")
      }
    }
    return explanation(
      [
        "= Σ \(tensor.name)[\(column), i] × \(input.name)[\(input.label)i], i = 0..<\(matrix.cols)",
        usage(of: matrix, rounding),
      ], terms: explained, counted: "columns", result: terms.reduce(0) { $0 + $1.value })
  }

  /// Terms whose blocks are laid open, at most; nobody reads more.
  private static let mostDetails = 1000

  private func usage(of matrix: WeightMatrix, _ rounding: WeightMatrix.Rounding) -> String {
    guard matrix.type.isQuantized else {
      return "The weights are \(matrix.type.name), multiplied as they are."
    }
    let strategy = source.strategy?.rawValue ?? "the strategy"
    let use =
      switch rounding {
      case .half: "dequantized and rounded to float16"
      case .steps: "as integers, in steps of absmax / 127"
      case .none:
        source.strategy == .int4GEMM
          ? "as integers; the inputs are rounded to int8" : "dequantized to float32"
      }
    return "The weights are \(matrix.type.name), by \(strategy) \(use)."
  }

  private func details(
    of matrix: WeightMatrix, _ i: Int, exact: Float, used: Float, rounding: WeightMatrix.Rounding
  ) throws -> [String] {
    guard matrix.type.isQuantized else { return [] }
    let block = try matrix.block(ofRow: column, column: i)
    let index = i % matrix.type.blockSize
    var value = block.formula(of: index) + " = \(exact)"
    switch rounding {
    case .none: break
    case .half: value += used == exact ? ", the same as float16" : ", as float16 \(used)"
    case .steps: value += ", in steps \(used)"
    }
    return [value] + block.origin(of: index)
  }
}
