import GGUF

/// How a model is run.
public struct EngineOptions: Sendable {
  public var strategy = StrategyName.default
  /// Rows of a tile, for strategies that make tiles; one of ``tileRowsAllowed``.
  public var tileRows = 64
  /// More rows than any matrix has, and few enough to count bytes of.
  public static let tileRowsAllowed = 1...1 << 24
  public var kvType = KVType.f16
  public var threads = 1
  /// Sequences that can be run at once.
  public var sequences = 1
  /// Bytes that may be alive together, the mapped weights in full; `nil` for no limit.
  public var memoryBudget: Int?

  public init() {}

  /// - Throws: `InferenceError` where `model` cannot be run so.
  public func check(for model: Model) throws {
    guard Self.tileRowsAllowed.contains(tileRows) else {
      throw InferenceError.badOption(
        "A tile can have 1 to \(Self.tileRowsAllowed.upperBound) rows (--tile-rows).")
    }
    guard (1...1024).contains(threads) else {
      throw InferenceError.badOption("Threads can be 1 to 1024 (--threads).")
    }
    guard (1...1024).contains(sequences) else {
      throw InferenceError.badOption("Sequences at once can be 1 to 1024 (--parallel).")
    }
    if let memoryBudget, memoryBudget < 1 {
      throw InferenceError.badOption("A memory budget needs at least one byte (--memory-budget).")
    }
    _ = try KVCache(config: model.config, type: kvType)
  }
}

/// Runs a ``Model``, one pass at a time, and tells an observer of every step.
///
/// The pass itself is in `Forward.swift`; each operation, with what is recorded of it, in
/// `Engine+Operations.swift` and `Engine+Attention.swift`; the steps that strategies are made of
/// in `Engine+Tiles.swift`; what can be changed between passes in `Engine+Changes.swift`.
public final class Engine<Observer: PassObserver> {
  public let model: Model
  public internal(set) var options: EngineOptions
  public let ledger: MemoryLedger<Observer>
  /// Asked before every operation; `true` ends the pass with `InferenceError.interrupted`.
  public var isCancelled: () -> Bool = { false }
  /// Told of every operation before it is done: its name, without the number of its layer, and its
  /// layer.
  public var operationBegins: (_ name: String, _ layer: Int?) -> Void = { _, _ in }
  /// The branch of the run that passes belong to, as they are described to the observer.
  public var branch = 0
  /// Positions in each sequence's KV cache: where its next pass begins.
  public internal(set) var positions: [Int]
  /// Bytes of packed weights that are used where they lie in the mapped file; the ledger counts
  /// them among its `weights`.
  public internal(set) var mappedBytes = 0
  /// Positions in the KV cache of the first sequence.
  public var position: Int { positions[0] }

  var threads: Int { workers.count }
  /// Bytes of KV cache in use, all layers and sequences together.
  var usedCacheBytes: Int { caches.reduce(0) { $0 + $1.usedBytes } }
  var strategy: any Strategy
  /// Whether the strategy has done what it does before its first pass.
  var isPrepared = false
  /// What stands for ``mappedBytes`` in the ledger.
  var mapped: BufferDescription?
  let workers: Workers
  /// One a sequence.
  var caches: [KVCache]
  /// The sequences of the pass that is running.
  var parts: [PassPart] = []
  /// The buffer that the strategy asked for, during a pass.
  var strategyWorkspace: UnsafeMutableRawPointer?

  /// Counts the packed weights and does what the strategy does before the first pass.
  ///
  /// - Parameter prepares: whether that is done here; otherwise the first pass does it, and may fail
  ///   there without ending the engine.
  /// - Throws: `InferenceError`.
  public init(
    model: Model, options: EngineOptions = EngineOptions(), observer: Observer,
    prepares: Bool = true
  ) throws {
    try options.check(for: model)
    self.model = model
    self.options = options
    ledger = MemoryLedger(observer: observer, budget: options.memoryBudget)
    workers = try Workers(count: options.threads)
    caches = try (0..<options.sequences).map { _ in
      try KVCache(config: model.config, type: options.kvType)
    }
    positions = Array(repeating: 0, count: options.sequences)
    strategy = options.strategy.type.init(options: options)
    try adoptMappedWeights()
    let resolvedBytes = model.residentBytes - model.packedBytes(whereMapped: true)
    if resolvedBytes > 0 {
      try ledger.adopt(resolvedBytes, .weights, "packed weights with their scales resolved")
    }
    if model.convertedBytes > 0 {
      try ledger.adopt(model.convertedBytes, .weights, "vectors as f32")
    }
    if prepares { try prepare() }
  }

  deinit {
    for cache in caches { cache.truncate(to: 0) { AlignedMemory.deallocate($0.base) } }
    strategy.resident.forEach(AlignedMemory.deallocate)
  }
}
