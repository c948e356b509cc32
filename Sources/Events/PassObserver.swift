/// Watches a forward pass.
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
  ///   - experts: of each token its choices, the first one first, `(tokens, used)`.
  ///   - weights: how much each counts, of the same shape.
  func routed(experts: [Int], weights: [Float], tokens: Int)
  /// The operation has a result that holds an infinity or a NaN: it ends, and its pass fails.
  func outputNotFinite()
  /// The operation was given up, and the pass with it.
  func opFailed(nanoseconds: Int)

  /// A tile came alive, and is about to be filled.
  func dequantizing(_ tile: TileDescription, live: MemoryUse)
  /// It was filled: `values` are its `tile.rows * tile.cols` values, as `tile.type` (f16 or f32).
  /// Valid during the call only.
  func dequantized(_ tile: TileDescription, values: UnsafeRawPointer, nanoseconds: Int)
  /// One product was computed, from a tile or, where `matmul.tile` is `nil`, from weights where they
  /// are, packed or not.
  func multiplied(_ matmul: MatmulDescription, nanoseconds: Int, live: MemoryUse)
  /// A tile's memory was returned to the ledger, or to the buffer that it lies in.
  func freedTile(_ tile: TileDescription, live: MemoryUse)
  /// Any other operation's work was done.
  func computed(thread: Int, live: MemoryUse)
  /// One position of one layer was appended to the KV cache.
  func appended(_ append: KVAppendDescription, live: MemoryUse)
}

// What an observer does not care about.
extension PassObserver {
  @inlinable public var measuresValues: Bool { false }
  public func allocated(_ buffer: BufferDescription, live: MemoryUse) {}
  public func freed(_ buffer: BufferDescription, live: MemoryUse) {}
  public func allocationFailed(_ failure: AllocationFailure) {}
  public func passBegan(_ pass: PassDescription) {}
  public func passEnded(nanoseconds: Int) {}
  public func passFailed(nanoseconds: Int) {}
  public func opBegan(_ op: OpDescription) {}
  public func opEnded(output: UnsafeBufferPointer<Float>?, nanoseconds: Int) {}
  public func opFailed(nanoseconds: Int) {}
  public func dequantizing(_ tile: TileDescription, live: MemoryUse) {}
  public func routed(experts: [Int], weights: [Float], tokens: Int) {}
  public func outputNotFinite() {}
  public func dequantized(_ tile: TileDescription, values: UnsafeRawPointer, nanoseconds: Int) {}
  public func multiplied(_ matmul: MatmulDescription, nanoseconds: Int, live: MemoryUse) {}
  public func freedTile(_ tile: TileDescription, live: MemoryUse) {}
  public func computed(thread: Int, live: MemoryUse) {}
  public func appended(_ append: KVAppendDescription, live: MemoryUse) {}
}

/// Watches nothing, and costs nothing.
public final class NoObserver: PassObserver {
  @inlinable public static var isWatching: Bool { false }
  public init() {}
}
