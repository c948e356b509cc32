/// Who watches a forward pass.
///
/// The engine calls an observer from one thread at a time and in the order in which things
/// happen. The calls that say what is `live`, right after it as the ledger holds it, are each
/// exactly one step of the trace; the others delimit passes and operations, and tell what a tile
/// was filled with.
///
/// The observer is a generic parameter of the engine, so that ``NoObserver`` compiles to nothing.
public protocol PassObserver: AnyObject {
  /// Whether anything is watched at all; `false` lets the engine skip clocks and descriptions.
  static var isWatching: Bool { get }

  /// Whether figures about the values themselves are wanted, which cost time.
  var measuresValues: Bool { get }

  /// A buffer that is not a tile was taken from the ledger.
  func allocated(_ buffer: BufferDescription, live: MemoryUse)
  /// A buffer that is not a tile was returned to the ledger.
  func freed(_ buffer: BufferDescription, live: MemoryUse)

  /// An allocation would have passed the memory budget and was not made; the pass, or the loading
  /// of the model, fails. With several threads, another may fail likewise before all have ended.
  func allocationFailed(_ failure: AllocationFailure)

  func passBegan(_ pass: PassDescription)
  /// - Parameter nanoseconds: wall time of the pass.
  func passEnded(nanoseconds: Int)
  /// The pass was given up: interrupted, over the budget, or with a value that cannot be kept. What
  /// it took is returned by now.
  func passFailed(nanoseconds: Int)

  func opBegan(_ op: OpDescription)
  /// - Parameters:
  ///   - output: the operation's whole result, `(op.rows, op.cols)` row-major f32, or `nil` for
  ///     an operation without one (a KV append). Valid during the call only.
  ///   - nanoseconds: wall time of the operation, without what the observer itself took.
  func opEnded(output: UnsafeBufferPointer<Float>?, nanoseconds: Int)
  /// A router sent each of the tokens to experts.
  ///
  /// - Parameters:
  ///   - experts: of each token its choices, the first one first, `(tokens, experts.count /
  ///     tokens)`.
  ///   - weights: how much each counts, of the same shape.
  func routed(experts: [Int], weights: [Float], tokens: Int)
  /// The operation that ended has a result that holds an infinity or a NaN; the pass fails.
  func outputNotFinite()
  /// The operation was given up, and the pass with it.
  func opFailed(nanoseconds: Int)

  /// A tile came alive, and is about to be filled.
  func dequantizing(_ tile: TileDescription, live: MemoryUse)
  /// It was filled: `values` are its `tile.rows * tile.cols` values, as `tile.type` (f16 or f32).
  /// Valid during the call only.
  func dequantized(_ tile: TileDescription, values: UnsafeRawPointer, nanoseconds: Int)
  /// One product was computed, from a tile or, where `matmul.tile` is `nil`, from weights that
  /// are not quantized and are multiplied where they lie.
  func multiplied(_ matmul: MatmulDescription, nanoseconds: Int, live: MemoryUse)
  /// A tile's memory was returned to the ledger, or to the buffer that it lies in.
  func freedTile(_ tile: TileDescription, live: MemoryUse)
  /// Any other operation's work was done.
  func computed(thread: Int, live: MemoryUse)
  /// One position of one layer was appended to the KV cache.
  func appended(_ append: KVAppendDescription, live: MemoryUse)
}

/// An engine buffer that is not a tile.
public struct BufferDescription: Sendable {
  /// Unique within a run, counting from 1.
  public let id: Int
  public let category: MemoryCategory
  /// What it holds: `blk.0 kv 0..<16`, `ffn_gate`, `packed weights`, …
  public let name: String
  public let bytes: Int
}

/// One forward call; a prompt that is split by `--ubatch` is several.
public struct PassDescription: Sendable {
  public enum Kind: Int, Sendable {
    case prefill = 0
    case decode = 1
  }
  public let kind: Kind
  public let branch: Int
  /// The sequences, each with its positions and its tokens among ``tokens``.
  public let parts: [PassPart]
  /// The tokens that go in, `(nTokens)`, sequence after sequence.
  public let tokens: [Int]
  /// How it is run; `nil` for as the whole run is.
  public let settings: PassSettings?

  init(
    kind: Kind, branch: Int, parts: [PassPart], tokens: [Int], settings: PassSettings? = nil
  ) {
    self.kind = kind
    self.branch = branch
    self.parts = parts
    self.tokens = tokens
    self.settings = settings
  }

  /// A pass of one sequence.
  public init(
    kind: Kind, branch: Int, sequence: Int, firstPosition: Int, tokens: [Int],
    settings: PassSettings? = nil
  ) {
    let part = PassPart(sequence: sequence, position: firstPosition, rows: 0..<tokens.count)
    self.init(kind: kind, branch: branch, parts: [part], tokens: tokens, settings: settings)
  }
}

/// What can be changed from one pass to the next.
public struct PassSettings: Equatable, Sendable {
  public var strategy: StrategyName
  /// Rows of a tile, for strategies that make tiles.
  public var tileRows: Int
  public var kvType: KVType

  public init(strategy: StrategyName, tileRows: Int, kvType: KVType) {
    self.strategy = strategy
    self.tileRows = tileRows
    self.kvType = kvType
  }
}

/// One operation of a pass, named as llama.cpp names it without flash attention.
public struct OpDescription: Sendable {
  public enum Kind: Int, CaseIterable, Sendable {
    case getRows = 0
    case norm, matmul, rope, kvAppend, scores, softmax, weightedSum, add, silu
    case gelu, scale, softCap, route, expertMatmul, expertSum
    /// The name on screen, as ggml names its operations: `GET_ROWS`, `RMS_NORM`, `MUL_MAT`, …
    public var name: String {
      switch self {
      case .getRows: "get_rows"
      case .norm: "rms_norm"
      case .matmul: "mul_mat"
      case .rope: "rope"
      case .kvAppend: "kv_append"
      case .scores: "kq"
      case .softmax: "soft_max"
      case .weightedSum: "kqv"
      case .add: "add"
      case .silu: "swiglu"
      case .gelu: "geglu"
      case .scale: "scale"
      case .softCap: "soft_cap"
      case .route: "route"
      case .expertMatmul: "mul_mat_id"
      case .expertSum: "expert_sum"
      }
    }
  }
  /// Unique within its pass: `attn_norm-3`, `Qcur-3`, …
  public let name: String
  public let kind: Kind
  /// The transformer layer, or `nil` before the first and after the last.
  public let layer: Int?
  /// Names of the operations and weight tensors that it reads.
  public let inputs: [String]
  /// The weight tensor that it multiplies or reads rows of: index in ``Model/tensors``.
  public let tensor: Int?
  /// Output shape, row-major: `(rows, cols)`.
  public let rows: Int
  public let cols: Int
  /// What it is computed with besides its inputs.
  public let attributes: OpAttributes
  /// The line of the source of the forward pass that calls it.
  public let line: Int?

  public init(
    name: String, kind: Kind, layer: Int?, inputs: [String], tensor: Int?, rows: Int, cols: Int,
    attributes: OpAttributes = OpAttributes(), line: Int? = nil
  ) {
    self.name = name
    self.kind = kind
    self.layer = layer
    self.inputs = inputs
    self.tensor = tensor
    self.rows = rows
    self.cols = cols
    self.attributes = attributes
    self.line = line
  }
}

/// A range of rows of one weight matrix as floating-point values.
public struct TileDescription: Sendable {
  public enum ValueType: Int, Sendable {
    case f32 = 0
    case f16 = 1
    /// Bytes of one value.
    public var size: Int { self == .f16 ? 2 : 4 }
  }
  /// The id of its buffer, unique among all buffers and tiles of a run.
  public let id: Int
  /// Index in ``Model/tensors``.
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
  public var bytes: Int { rows * cols * type.size }
}

/// A product `(m tokens × k) by (n rows × k)`ᵀ = `(m, n)`.
public struct MatmulDescription: Sendable {
  /// Index in ``Model/tensors``.
  public let tensor: Int
  /// ``TileDescription/id``, or `nil` for weights multiplied where they lie.
  public let tile: Int?
  public let firstRow: Int
  public let m: Int
  public let k: Int
  public let n: Int
  public let thread: Int
}

/// What storing keys or values changed, over one position of one layer.
public struct StorageError: Sendable, Equatable {
  /// Root mean square of what was stored less what was computed.
  public let error: Double
  /// Root mean square of what was computed.
  public let size: Double
}

/// One position appended to the KV cache in one layer.
public struct KVAppendDescription: Sendable {
  public let sequence: Int
  public let layer: Int
  public let position: Int
  public let keyBytes: Int
  public let valueBytes: Int
  /// Bytes of the whole cache in use after it, all layers and sequences together (not what is
  /// reserved).
  public let cacheBytes: Int
  /// ``BufferDescription/id`` of the page that it was written to.
  public let buffer: Int
  /// What the cache's type cost, where it was measured.
  public let errors: (key: StorageError, value: StorageError)?
}

// What an observer does not care about.
extension PassObserver {
  public var measuresValues: Bool { false }
  public func allocated(_ buffer: BufferDescription, live: MemoryUse) {}
  public func freed(_ buffer: BufferDescription, live: MemoryUse) {}
  public func allocationFailed(_ failure: AllocationFailure) {}
  public func passBegan(_ pass: PassDescription) {}
  public func passEnded(nanoseconds: Int) {}
  public func passFailed(nanoseconds: Int) {}
  public func opBegan(_ op: OpDescription) {}
  public func opEnded(output: UnsafeBufferPointer<Float>?, nanoseconds: Int) {}
  public func routed(experts: [Int], weights: [Float], tokens: Int) {}
  public func outputNotFinite() {}
  public func opFailed(nanoseconds: Int) {}
  public func dequantizing(_ tile: TileDescription, live: MemoryUse) {}
  public func dequantized(_ tile: TileDescription, values: UnsafeRawPointer, nanoseconds: Int) {}
  public func multiplied(_ matmul: MatmulDescription, nanoseconds: Int, live: MemoryUse) {}
  public func freedTile(_ tile: TileDescription, live: MemoryUse) {}
  public func computed(thread: Int, live: MemoryUse) {}
  public func appended(_ append: KVAppendDescription, live: MemoryUse) {}
}

/// Watches nothing, and costs nothing.
public final class NoObserver: PassObserver {
  public static var isWatching: Bool { false }
  public init() {}
}
