import Events
import ModelFiles

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
    _ = try KVCache(shapes: model.architecture.caches, type: kvType)
  }
}

/// Runs a ``Model``, one pass at a time, and tells an observer of every step.
///
/// A pass is a function of the model's family, in `Architectures/`, and is written with the
/// operations of ``Pass``. The steps that strategies are made of are in `Engine+Tiles.swift`, what
/// can be changed between passes in `Engine+Changes.swift`, the kernels in `Backends/CPU.swift`.
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

  let backend: any Backend
  var threads: Int { backend.threads }
  /// Bytes of KV cache in use, all layers and sequences together.
  var usedCacheBytes: Int { caches.reduce(0) { $0 + $1.usedBytes } }
  var strategy: any Strategy
  /// Whether the strategy has done what it does before its first pass.
  var isPrepared = false
  /// What stands for ``mappedBytes`` in the ledger.
  var mapped: BufferDescription?
  /// One a sequence.
  var caches: [KVCache]
  /// The pass that is running.
  var pass: Pass<Observer>?

  /// Counts the packed weights and does what the strategy does before the first pass.
  ///
  /// - Parameter prepares: whether that is done here; otherwise the first pass does it, and may
  ///   fail
  ///   there without ending the engine.
  /// - Throws: `InferenceError`.
  public convenience init(
    model: Model, options: EngineOptions = EngineOptions(), observer: Observer,
    prepares: Bool = true
  ) throws {
    try options.check(for: model)
    try self.init(
      model: model, options: options, observer: observer,
      backend: try CPU(threads: options.threads), prepares: prepares)
  }

  init(
    model: Model, options: EngineOptions, observer: Observer, backend: any Backend,
    prepares: Bool = true
  ) throws {
    try options.check(for: model)
    self.model = model
    self.options = options
    self.backend = backend
    ledger = MemoryLedger(observer: observer, memory: backend, budget: options.memoryBudget)
    caches = try (0..<options.sequences).map { _ in
      try KVCache(shapes: model.architecture.caches, type: options.kvType)
    }
    positions = Array(repeating: 0, count: options.sequences)
    strategy = options.strategy.type.init(options: options)
    try adoptMappedWeights()
    if model.file.resolvedBytes > 0 {
      try ledger.adopt(
        model.file.resolvedBytes, .weights, "packed weights with their scales resolved")
    }
    if model.convertedBytes > 0 {
      try ledger.adopt(model.convertedBytes, .weights, "vectors as f32")
    }
    if prepares { try prepare() }
  }

  deinit {
    for cache in caches { cache.truncate(to: 0) { backend.deallocate($0.base) } }
    strategy.resident.forEach(backend.deallocate)
  }

  /// Runs `tokens` of the first sequence at the positions that follow those in its KV cache.
  ///
  /// - Parameters:
  ///   - kind: what the trace calls the pass; by default one token after others is a decode.
  ///   - logitsForAll: the logits of every token rather than of the last alone.
  /// - Returns: the logits, `(nTokens or 1, nVocab)` row-major.
  /// - Throws: `InferenceError`. The KV cache is then what it was before the pass.
  public func forward(
    _ tokens: [Int], kind: PassDescription.Kind? = nil, logitsForAll: Bool = false
  ) throws -> [Float] {
    try forward([(sequence: 0, tokens: tokens)], kind: kind, logitsForAll: logitsForAll)
  }

  /// Runs tokens of several sequences in one pass, each at the positions that follow those in its
  /// sequence's KV cache. No sequence changes a bit of another's result.
  ///
  /// - Parameter batch: sequences, each once, with at least one token.
  /// - Returns: the logits after the last token of each sequence, in their order, `(batch.count,
  ///   nVocab)` row-major; or of every token, `(nTokens, nVocab)`.
  /// - Throws: `InferenceError`. The KV caches are then what they were before the pass.
  public func forward(
    _ batch: [(sequence: Int, tokens: [Int])], kind: PassDescription.Kind? = nil,
    logitsForAll: Bool = false
  ) throws -> [Float] {
    let parts = try parts(of: batch)
    try prepare()
    let pass = Pass(
      engine: self, tokens: batch.flatMap(\.tokens), parts: parts, logitsForAll: logitsForAll)
    self.pass = pass
    defer { self.pass = nil }
    return try pass.run(kind)
  }

  /// The rows of a pass that each sequence has.
  private func parts(of batch: [(sequence: Int, tokens: [Int])]) throws -> [PassPart] {
    let config = model.config
    var parts: [PassPart] = []
    for (sequence, tokens) in batch {
      precondition(positions.indices.contains(sequence), "a sequence of this engine")
      precondition(!parts.contains { $0.sequence == sequence }, "each sequence once in a pass")
      if tokens.isEmpty { throw InferenceError.emptyPrompt }
      let row = parts.last?.rows.upperBound ?? 0
      let part = PassPart(
        sequence: sequence, position: positions[sequence], rows: row..<row + tokens.count)
      if part.end > config.contextLength {
        throw InferenceError.contextFull(needed: part.end, context: config.contextLength)
      }
      for id in tokens where !(0..<config.vocabularyCount).contains(id) {
        throw InferenceError.tokenOutOfRange(id, vocabulary: config.vocabularyCount)
      }
      parts.append(part)
    }
    if parts.isEmpty { throw InferenceError.emptyPrompt }
    return parts
  }
}
