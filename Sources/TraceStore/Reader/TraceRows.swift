import Events

/// One step: a row of `event`.
public struct TraceEvent: Equatable, Sendable {
  /// Counting from 1.
  public let step: Int
  /// The operation that it is part of, or `nil` while loading and between operations.
  public let op: Int?
  /// The worker that did it, counting from 0.
  public let thread: Int
  public let kind: EventKind
  /// Bytes alive after it.
  public let live: MemoryUse
}

/// One forward call: a row of `pass`.
public struct TracePass: Equatable, Sendable {
  /// Counting from 1.
  public let id: Int
  public let branch: Int
  public let sequence: Int
  public let kind: PassDescription.Kind
  /// The position of its first token, counting from 0.
  public let firstPosition: Int
  /// How many tokens went in.
  public let tokens: Int
  /// How many sequences they are of; ``sequence`` and ``firstPosition`` are of the first.
  public let sequences: Int
  public let steps: ClosedRange<Int>
  /// Numbers of its operations; none where the memory budget ended it before its first.
  public let ops: Range<Int>
  /// Since the recording began, in ns; `nil` where nothing was timed.
  public let start: Int?
  /// In ns, or `nil`.
  public let duration: Int?
  /// Whether it went on to its end, and was not given up.
  public let isFinished: Bool
  /// How packed weights got to a product; `nil` where the trace says it of the whole run alone, or
  /// not at all.
  public let strategy: String?
  /// Rows of a tile, in strategies that make tiles.
  public let tileRows: Int?
  /// The type of the KV cache.
  public let kvType: String?
}

/// One operation of one pass: a row of `op`.
public struct TraceOp: Equatable, Sendable {
  /// Counting from 1 over the whole run.
  public let id: Int
  public let pass: Int
  public let layer: Int?
  /// As llama.cpp names it: `attn_norm-3`.
  public let name: String
  /// ``OpDescription/Kind/name``: `mul_mat`, `rms_norm`, …
  public let kind: String
  /// Names of the operations and weight tensors that it reads.
  public let inputs: [String]
  /// Shape of its output, row-major: `(rows, cols)`.
  public let rows: Int
  public let cols: Int
  public let steps: ClosedRange<Int>
  /// Since the recording began, in ns; `nil` where nothing was timed.
  public let start: Int?
  /// In ns, or `nil`.
  public let duration: Int?
  /// Of its output, or `nil` where none were kept.
  public let statistics: ValueStatistics?
  /// The weight tensor that it multiplies or reads rows of.
  public let tensor: Int?
  /// The numbers that it was computed with besides its inputs.
  public let attributes: OpAttributes
  /// The line of the source of the forward pass that calls it.
  public let line: Int?

  /// The kind of operation; `nil` for one that this version of nibble does not know.
  public var operation: OpDescription.Kind? {
    OpDescription.Kind.allCases.first { $0.name == kind }
  }
}

/// A tile's life, with the rows of the tensor that it holds: a row of `tile` and its `weight_tile`.
public struct TraceTile: Equatable, Sendable {
  /// The step at which it was made.
  public let id: Int
  /// The row of `weight_tile`: the same for the same rows in every pass.
  public let weightTile: Int
  public let tensor: Int
  /// Counting from 0.
  public let firstRow: Int
  public let rows: Int
  public let packedBytes: Int
  public let type: TileDescription.ValueType
  /// Bytes, dequantized.
  public let bytes: Int
  /// The step of the first product that read it.
  public let usedStep: Int?
  /// The step at which it was freed, or `nil` while it is alive.
  public let freedStep: Int?
  /// ``TraceBuffer/id`` of the buffer that it lies in and that is counted in its place, or `nil` for
  /// a tile that is a buffer of its own.
  public let inBuffer: Int?
  /// In ns; `nil` where it was not timed.
  public let dequantizeDuration: Int?
  /// Of its dequantized values, or `nil` where none were kept.
  public let statistics: ValueStatistics?

  public var madeStep: Int { id }
  /// Its rows in the tensor.
  public var rangeOfRows: Range<Int> { firstRow..<firstRow + rows }
}

/// A product of `m` tokens × `k` by `n` rows × `k`: a row of `matmul`.
public struct TraceMatmul: Equatable, Sendable {
  public let step: Int
  /// ``TraceTile/id``, or `nil` for weights multiplied where they lie.
  public let tile: Int?
  public let tensor: Int
  /// The first row of the tensor, counting from 0.
  public let firstRow: Int
  public let m: Int
  public let k: Int
  public let n: Int
  /// In ns; `nil` where it was not timed.
  public let duration: Int?
  /// Floating-point operations: one multiplication and one addition for each weight and token.
  public let flops: Int

  /// The rows of the tensor that it read.
  public var rangeOfRows: Range<Int> { firstRow..<firstRow + n }
}

/// One position appended to the KV cache of one layer: a row of `kv_append`.
public struct TraceKVAppend: Equatable, Sendable {
  public let step: Int
  /// 0 unless there were several.
  public let sequence: Int
  public let layer: Int
  /// In its sequence, counting from 0.
  public let position: Int
  public let keyBytes: Int
  public let valueBytes: Int
  /// Bytes of the whole cache in use after it, all layers and sequences together.
  public let cacheBytes: Int
}

/// An allocation that would have passed the memory budget and was not made: a row of `failure`.
public struct TraceFailure: Equatable, Sendable {
  public let step: Int
  public let category: MemoryCategory
  /// What it was to hold.
  public let name: String
  /// Bytes that it asked for.
  public let bytes: Int
  /// Bytes that were alive.
  public let live: Int
  /// Bytes that may be alive together.
  public let budget: Int
}

/// An allocation or a tile: a row of `buffer`.
public struct TraceBuffer: Equatable, Sendable {
  /// The step at which it was allocated.
  public let id: Int
  public let category: MemoryCategory
  public let name: String
  public let bytes: Int
  /// The step at which it was freed, or `nil` while it is alive.
  public let freedStep: Int?
  /// Whether it is a tile; ``Trace/tile(_:)`` with its id tells more.
  public let isTile: Bool

  public var allocatedStep: Int { id }
}
