import Quantization

/// A tensor of a model: what it is, and where its bytes are.
public struct StoredTensor: Sendable, Equatable {
  /// As llama.cpp names it: `blk.0.attn_q.weight`.
  public let name: String
  /// The type's name, `q4_0`, also where nibble cannot decode it.
  public let typeName: String
  /// Row-major, outermost first: a weight is `[outputs, inputs]`. 1 to 4 dimensions, none zero.
  public let shape: [Int]
  /// Its rows, in order: one piece, unless it is spread over the file or over several.
  public let pieces: [Piece]

  /// Consecutive rows of a tensor, and the bytes that hold them.
  public struct Piece: Sendable, Hashable {
    /// Index among the files of the model.
    public let file: Int
    /// Where its bytes are in the file. One range holds blocks as ``type`` has them. Four hold the
    /// parts that ``NestedBlocks`` makes such blocks of, in memory.
    let ranges: [Range<Int>]
    public let rows: Int
    /// The type of its blocks, or `nil` if nibble cannot decode it.
    public let type: TensorType?

    /// Rows that are blocks in the file, one after the other.
    init(file: Int, bytes: Range<Int>, rows: Int, type: TensorType?) {
      self.file = file
      ranges = [bytes]
      self.rows = rows
      self.type = type
    }

    /// Rows of nf4 or fp4 whose scales have scales.
    init(file: Int, nested: NestedBlocks, rows: Int, type: TensorType) {
      self.file = file
      ranges = [nested.nibbles, nested.codes, nested.nested, nested.offset]
      self.rows = rows
      self.type = type
    }

    /// First byte of its blocks, or of their nibbles, counted from the start of the file.
    public var offset: Int { ranges[0].lowerBound }
    /// Bytes in the file.
    public var byteCount: Int { ranges.reduce(0) { $0 + $1.count } }
    /// The parts of blocks that have to be put together in memory; `nil` for blocks that the file
    /// holds.
    var nested: NestedBlocks? { NestedBlocks(ranges) }
  }

  /// First byte of the data, counted from the start of its file.
  public var fileOffset: Int { pieces.first?.offset ?? 0 }
  /// Bytes in the file.
  public var byteCount: Int { pieces.reduce(0) { $0 + $1.byteCount } }
  /// Bytes in memory: those of the file, except for blocks that are put together there.
  public var residentBytes: Int {
    pieces.reduce(0) { $0 + ($1.nested?.blockBytes ?? $1.byteCount) }
  }
  /// True if its bytes are used where the file is mapped.
  public var isMapped: Bool { pieces.allSatisfy { $0.nested == nil } }

  /// The type of all its blocks, or `nil` if nibble cannot decode it; see ``ModelFile/type(of:)``.
  public var type: TensorType? {
    guard let type = pieces.first?.type, pieces.allSatisfy({ $0.type == type }) else { return nil }
    return type
  }

  /// Where a block starts, counted from the start of its file; its nibbles, if the scale is
  /// elsewhere.
  ///
  /// - Precondition: nibble can decode the type, and the tensor has the block.
  public func fileOffset(ofBlock block: Int) -> Int {
    guard let type else { preconditionFailure("a type that nibble can decode") }
    var first = 0
    for piece in pieces {
      let end = first + piece.rows * cols / type.blockSize
      if block < end {
        let size = piece.nested == nil ? type.blockBytes : type.blockSize / 2
        return piece.offset + (block - first) * size
      }
      first = end
    }
    preconditionFailure("a block of the tensor")
  }

  /// Values of a row: the last dimension.
  public var cols: Int { shape.last ?? 1 }

  /// Rows: the product of all dimensions but the last.
  public var rows: Int { shape.dropLast().reduce(1, *) }

  /// Number of values.
  public var count: Int { rows * cols }

  /// Bits that a value costs, scales included.
  public var bitsPerWeight: Double { Double(byteCount) * 8 / Double(count) }
}
