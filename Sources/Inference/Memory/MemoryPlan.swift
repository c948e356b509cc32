import Events

/// What a run takes at most: a dry run of its passes, in which nothing is computed and no memory is
/// taken.
///
/// With one thread it is to the byte what the ledger counts; with several it is what they take
/// where all have their largest tile at once. Where experts are dequantized before they are used, it
/// is what a pass takes that wakes as many as it can.
public struct MemoryPlan: Sendable {
  /// Bytes alive by category at the first moment of the highest total.
  public let peak: MemoryUse

  /// - Parameters:
  ///   - prompts: tokens of each sequence's prompt.
  ///   - ubatch: the most tokens of a prefill pass; `nil` runs the prompts in one.
  ///   - decodePasses: passes of one token that follow, of each sequence.
  /// - Throws: `InferenceError` where `model` cannot be run so.
  /// - Complexity: O(prefill passes + different numbers of decode passes), whatever those numbers
  ///   are.
  public init(
    model: Model, options: EngineOptions, prompts: [Int], ubatch: Int? = nil, decodePasses: [Int]
  ) throws {
    var options = options
    options.memoryBudget = nil
    options.sequences = max(prompts.count, 1)
    let engine = try Engine(
      model: model, options: options, observer: NoObserver(),
      backend: Ghost(threads: options.threads))
    func run(_ batch: [(sequence: Int, tokens: Int)]) throws {
      _ = try engine.forward(batch.map { ($0.sequence, Array(repeating: 0, count: $0.tokens)) })
    }
    for batch in ubatches(of: prompts, size: ubatch) {
      try run(batch.map { ($0.index, $0.range.count) })
    }
    // As long as the same sequences go on, a pass takes no less than those before it, but for a
    // page that leaves a window. So of such passes the last few are run.
    var done = 0
    for end in Set(decodePasses).sorted() where end > done {
      let active = prompts.indices.filter { decodePasses[$0] >= end }
      let skipped = max(end - done - KVCache.pageLength, 0)
      for sequence in active { try engine.skip(skipped, sequence: sequence) }
      for _ in done + skipped..<end { try run(active.map { ($0, 1) }) }
      done = end
    }
    peak = engine.ledger.peak
  }
}

extension Engine {
  /// Lets the KV cache grow by so many positions of a sequence, without passes.
  fileprivate func skip(_ count: Int, sequence: Int) throws {
    let cache = caches[sequence]
    let end = positions[sequence] + count
    while positions[sequence] < end {
      let position = positions[sequence]
      let next = min((position / KVCache.pageLength + 1) * KVCache.pageLength, end)
      for layer in model.architecture.caches.indices {
        try cache.reserve(layer: layer, end: next) { bytes, name in
          try ledger.allocate(bytes, .kvCache, name())
        }
        cache.appended(layer: layer, position: next - 1)
      }
      cache.forget(before: next, free: ledger.free)
      positions[sequence] = next
    }
  }
}
