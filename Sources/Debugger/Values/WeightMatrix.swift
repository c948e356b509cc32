import Inference
import ModelFiles
import Quantization

/// A weight tensor in its file: `(rows, cols)` = (outputs, inputs).
struct WeightMatrix {
  let file: ModelFile
  let tensor: StoredTensor
  let type: TensorType

  /// - Throws: `GGUFError.unsupportedType`.
  init(file: ModelFile, tensor: StoredTensor) throws {
    self.file = file
    self.tensor = tensor
    type = try file.type(of: tensor)
  }

  var name: String { tensor.name }
  var rows: Int { tensor.rows }
  var cols: Int { tensor.cols }
  var blocksInRow: Int { cols / type.blockSize }

  /// The values of a row as they are stored, exactly.
  func row(_ index: Int) throws -> [Float] {
    try type.decode(file.bytes(of: tensor, rows: index..<index + 1))
  }

  /// The block that holds a value, laid open, and which of its values that is.
  func block(ofRow row: Int, column: Int) throws -> WeightBlock {
    try block(row * blocksInRow + column / type.blockSize)
  }

  /// A block by its number in the tensor.
  func block(_ number: Int) throws -> WeightBlock { try file.block(number, of: tensor) }

  /// `q4_1, d × q + m`: the type, and how a value is made of what is stored.
  var formula: String {
    get throws { "\(type.name), \(WeightBlock.formula(of: type, anatomy: try block(0).anatomy))" }
  }

  /// Where each block begins, as a sentence.
  var places: String {
    let first = tensor.fileOffset(ofBlock: 0)
    return "Block N of \(type.blockSize), \(blocksInRow) a row, begins at byte \(first) + "
      + "\(tensor.fileOffset(ofBlock: 1) - first) × N of the file."
  }

  /// What a strategy makes of the tensor before it multiplies by it.
  func rounding(under strategy: StrategyName?) throws -> WeightRounding {
    try inItsRange(strategy?.rounding(of: type))
  }

  /// What a strategy makes of a row of the tensor that it fetches.
  func rowRounding(under strategy: StrategyName?) throws -> WeightRounding {
    try inItsRange(strategy?.rowRounding(of: type))
  }

  /// No rounding of what is not quantized, nor to float16 where that cannot hold the tensor's
  /// values.
  private func inItsRange(_ rounding: WeightRounding?) throws -> WeightRounding {
    guard type.isQuantized, let rounding else { return .none }
    let overflows = try rounding == .half && type.magnitudeBound(file.bytes(of: tensor)) > 65504
    return overflows ? .none : rounding
  }

  /// The values of a row as a strategy multiplies them.
  func row(_ index: Int, rounded rounding: WeightRounding) throws -> [Float] {
    let exact = try row(index)
    switch rounding {
    case .none: return exact
    case .half: return exact.map { Float(Float16($0)) }
    case .steps:
      return try (0..<blocksInRow).flatMap { number in
        let anatomy = try block(index * blocksInRow + number).anatomy
        return anatomy.quants.map { quant in
          let step = (anatomy.scale ?? 0) / 127
          return step * ((anatomy.quantTable?[quant] ?? 0) * 127).rounded()
        }
      }
    }
  }
}
