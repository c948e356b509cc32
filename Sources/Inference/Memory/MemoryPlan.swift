import Events

/// What a run takes at most: a dry run of its passes, in which nothing is computed and no memory is
/// taken.
///
/// With one thread it is to the byte what the ledger counts; with several it is what they take
/// where all have their largest tile at once.
public struct MemoryPlan: Sendable {
  /// Bytes alive by category at the first moment of the highest total.
  public let peak: MemoryUse

  /// - Parameters:
  ///   - prompts: tokens of each sequence's prompt.
  ///   - ubatch: the most tokens of a prefill pass; `nil` runs the prompts in one.
  ///   - decodePasses: passes of one token that follow, of each sequence.
  /// - Throws: `InferenceError` where `model` cannot be run so.
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
    for pass in 0..<(decodePasses.max() ?? 0) {
      try run(prompts.indices.filter { decodePasses[$0] > pass }.map { ($0, 1) })
    }
    peak = engine.ledger.peak
  }
}
