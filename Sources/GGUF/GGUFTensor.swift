import Quantization

/// Where a tensor lies in a file, and what it is.
public struct GGUFTensor: Sendable, Equatable {
  /// As llama.cpp names it: `blk.0.attn_q.weight`.
  public let name: String
  /// ggml's code of the type.
  public let typeCode: UInt32
  /// Row-major, outermost first: a weight is `[outputs, inputs]`. 1 to 4 dimensions, none zero.
  public let shape: [Int]
  /// First byte of the data, counted from the start of the file.
  public let fileOffset: Int
  public let byteCount: Int

  /// The type, or `nil` if nibble cannot decode it; see ``GGUFFile/type(of:)``.
  public var type: TensorType? {
    typeCode < 0x100 ? TensorType(rawValue: typeCode) : nil  // those above are nibble's own
  }

  /// The type's name, `q4_0`, also where nibble cannot decode it.
  public var typeName: String { GGMLType.name(of: typeCode) }

  /// Values of a row: the last dimension.
  public var cols: Int { shape.last ?? 1 }

  /// Rows: the product of all dimensions but the last.
  public var rows: Int { shape.dropLast().reduce(1, *) }

  /// Number of values.
  public var count: Int { rows * cols }

  /// Bits that a value costs, scales included.
  public var bitsPerWeight: Double { Double(byteCount) * 8 / Double(count) }
}
