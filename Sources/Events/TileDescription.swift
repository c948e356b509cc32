/// A range of rows of one weight matrix as floating-point values.
public struct TileDescription: Sendable {
  public enum ValueType: Int, Sendable {
    case f32 = 0
    case f16 = 1
    /// Bytes of one value.
    @inlinable public var size: Int { self == .f16 ? 2 : 4 }
  }
  /// The id of its buffer, unique among all buffers and tiles of a run.
  public let id: Int
  /// Index among the tensors of the model.
  public let tensor: Int
  public let firstRow: Int
  public let rows: Int
  public let cols: Int
  public let type: ValueType
  /// The worker that made it, counting from 0.
  public let thread: Int
  /// ``BufferDescription/id`` of the buffer that it lies in and that is counted in its place; `nil`
  /// for a tile that is a buffer of its own.
  public let buffer: Int?
  /// Bytes of the dequantized values: `rows * cols * type.size`.
  @inlinable public var bytes: Int { rows * cols * type.size }

  @inlinable public init(
    id: Int, tensor: Int, firstRow: Int, rows: Int, cols: Int, type: ValueType, thread: Int,
    buffer: Int?
  ) {
    self.id = id
    self.tensor = tensor
    self.firstRow = firstRow
    self.rows = rows
    self.cols = cols
    self.type = type
    self.thread = thread
    self.buffer = buffer
  }
}

/// A product `(m tokens × k) by (n rows × k)`ᵀ = `(m, n)`.
public struct MatmulDescription: Sendable {
  /// Index among the tensors of the model.
  public let tensor: Int
  /// ``TileDescription/id``, or `nil` for weights multiplied where they lie.
  public let tile: Int?
  public let firstRow: Int
  public let m: Int
  public let k: Int
  public let n: Int
  public let thread: Int

  @inlinable public init(
    tensor: Int, tile: Int?, firstRow: Int, m: Int, k: Int, n: Int, thread: Int
  ) {
    self.tensor = tensor
    self.tile = tile
    self.firstRow = firstRow
    self.m = m
    self.k = k
    self.n = n
    self.thread = thread
  }
}
