import Quantization

/// An entry of a GGUF file's list of tensors.
struct GGUFTensor: Sendable, Equatable {
  let name: String
  /// ggml's code of the type.
  let typeCode: UInt32
  /// Row-major, outermost first. 1 to 4 dimensions, none zero.
  let shape: [Int]
  /// The data, in the file.
  let bytes: Range<Int>

  /// The type, or `nil` if nibble cannot decode it.
  var type: TensorType? {
    // nibble's own codes mean nothing in a file.
    GGMLType(code: typeCode) == nil ? nil : TensorType(rawValue: typeCode)
  }

  /// The type's name, `q4_0`, also where nibble cannot decode it.
  var typeName: String { GGMLType.name(of: typeCode) }

  /// The entry as a tensor of the model.
  var stored: StoredTensor {
    let rows = shape.dropLast().reduce(1, *)
    return StoredTensor(
      name: name, typeName: typeName, shape: shape,
      pieces: [StoredTensor.Piece(file: 0, bytes: bytes, rows: rows, type: type)])
  }
}
