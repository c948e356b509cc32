/// What can go wrong between packed blocks and values.
public enum QuantizationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The number of values is not a multiple of the type's block size.
  case notWholeBlocks(type: TensorType, values: Int)
  /// There are more or fewer bytes than that many values take.
  case wrongByteCount(type: TensorType, expected: Int, found: Int)
  /// nibble decodes the type but does not write it.
  case cannotEncode(type: TensorType)
  /// A value to encode is a NaN or an infinity.
  case notFinite(type: TensorType, index: Int)
  /// A value to encode is so large that the block's float16 scale, or the value itself, would
  /// become infinite.
  case tooLarge(type: TensorType, index: Int, value: Float)

  public var description: String {
    switch self {
    case .notWholeBlocks(let type, let values):
      "\(values) values are not a multiple of the block size of \(type.name), \(type.blockSize); "
        + "take rows of another length or another type."
    case .wrongByteCount(let type, let expected, let found):
      "\(type.name) data of \(found) bytes was given where \(expected) were expected."
    case .cannotEncode(let type):
      "nibble reads \(type.name) but does not write it; it writes "
        + TensorType.allCases.filter(\.canEncode).map(\.name).joined(separator: ", ") + "."
    case .notFinite(let type, let index):
      "Value \(index) is not a finite number, so it cannot be stored as \(type.name)."
    case .tooLarge(let type, let index, let value):
      "Value \(index), \(value), is too large to be stored as \(type.name)."
    }
  }
}
