import Quantization

/// Where a tensor lies in a file, and what it is.
public struct GGUFTensor: Sendable, Equatable {
  /// As llama.cpp names it: `blk.0.attn_q.weight`.
  public let name: String
  /// ggml's code of the type, or nibble's own where the tensor is made of companions.
  public let typeCode: UInt32
  /// Row-major, outermost first: a weight is `[outputs, inputs]`. 1 to 4 dimensions, none zero.
  public let shape: [Int]
  /// First byte of the data, counted from the start of the file.
  public let fileOffset: Int
  /// In the file.
  public let byteCount: Int
  /// The tensors that stand for it in the file, where GGUF has no such type.
  let companions: GGUFCompanions?

  init(
    name: String, typeCode: UInt32, shape: [Int], fileOffset: Int, byteCount: Int,
    companions: GGUFCompanions? = nil
  ) {
    self.name = name
    self.typeCode = typeCode
    self.shape = shape
    self.fileOffset = fileOffset
    self.byteCount = byteCount
    self.companions = companions
  }

  /// Bytes in memory: those of the file, but for a tensor that is made of companions.
  public var residentBytes: Int { companions?.blockBytes ?? byteCount }
  /// Whether its bytes are where the file is mapped.
  public var isMapped: Bool { companions == nil }

  /// Where a block starts, counted from the start of the file: for a tensor that is made of
  /// companions, its nibbles, since the scale is elsewhere.
  ///
  /// - Precondition: nibble can decode the type.
  public func fileOffset(ofBlock block: Int) -> Int {
    if let companions {
      return companions.nibbles.lowerBound + block * companions.type.blockSize / 2
    }
    guard let type else { preconditionFailure("a type that nibble can decode") }
    return fileOffset + block * type.blockBytes
  }

  /// The type, or `nil` if nibble cannot decode it; see ``GGUFFile/type(of:)``.
  public var type: TensorType? {
    if let companions { return companions.type }
    // nibble's own codes mean nothing in a file.
    return GGMLType(code: typeCode) == nil ? nil : TensorType(rawValue: typeCode)
  }

  /// The type's name, `q4_0`, also where nibble cannot decode it.
  public var typeName: String { companions?.type.name ?? GGMLType.name(of: typeCode) }

  /// Values of a row: the last dimension.
  public var cols: Int { shape.last ?? 1 }

  /// Rows: the product of all dimensions but the last.
  public var rows: Int { shape.dropLast().reduce(1, *) }

  /// Number of values.
  public var count: Int { rows * cols }

  /// Bits that a value costs, scales included.
  public var bitsPerWeight: Double { Double(byteCount) * 8 / Double(count) }
}
