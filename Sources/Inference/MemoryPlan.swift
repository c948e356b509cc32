/// What a run takes at most, from the shapes of a model and the options alone: nothing is run.
///
/// With one thread it is to the byte what the ledger counts; with several it is what they take
/// where all have their largest tile at once.
public struct MemoryPlan: Sendable {
  /// Bytes alive by category at the first moment of the highest total.
  public private(set) var peak = MemoryUse()

  private let model: Model
  private let options: EngineOptions
  private let strategy: any Strategy.Type
  private let kvPageBytes: Int
  private var live = MemoryUse()

  /// Goes through the moments of a run at which memory can be highest.
  ///
  /// - Parameters:
  ///   - prompts: tokens of each sequence's prompt.
  ///   - ubatch: the most tokens of a prefill pass; `nil` runs the prompts in one.
  ///   - decodePasses: passes of one token that follow, of each sequence.
  /// - Throws: `InferenceError` where `model` cannot be run so.
  /// - Complexity: O(passes × (layers + sequences)).
  public init(
    model: Model, options: EngineOptions, prompts: [Int], ubatch: Int? = nil, decodePasses: [Int]
  ) throws {
    try options.check(for: model)
    self.model = model
    self.options = options
    kvPageBytes = try KVCache(config: model.config, type: options.kvType).pageBytes
    strategy = options.strategy.type
    live.weights = model.convertedBytes + strategy.packedBytes(of: model)
    live.weightsDequantized = strategy.residentBytes(of: model, options)
    peak = live

    var positions = prompts.map { _ in 0 }
    for batch in ubatches(of: prompts, size: ubatch) {
      addPass(batch.map { ($0.index, $0.range.count) }, &positions)
    }
    for pass in 0..<(decodePasses.max() ?? 0) {
      addPass(prompts.indices.filter { decodePasses[$0] > pass }.map { ($0, 1) }, &positions)
    }
  }

  private mutating func addPass(
    _ batch: [(sequence: Int, tokens: Int)], _ positions: inout [Int]
  ) {
    let tokens = batch.reduce(0) { $0 + $1.tokens }
    var newPages = 0
    for (sequence, count) in batch {
      let page = KVCache.pageLength
      newPages -= (positions[sequence] + page - 1) / page
      positions[sequence] += count
      newPages += (positions[sequence] + page - 1) / page
    }
    live.activations = activationBytes(
      tokens, positions: batch.map { positions[$0.sequence] }.max() ?? 0)
    live.workspace = workspaceBytes(tokens)
    for layer in model.layers {
      let matrices = strategy.layerBytes(of: layer)
      for linear in [layer.query, layer.key, layer.value] { multiply(linear.weight, matrices) }
      live.kvCache += newPages * kvPageBytes
      for linear in [layer.attnOutput, layer.ffnGate, layer.ffnUp, layer.ffnDown] {
        multiply(linear.weight, matrices)
      }
    }
    live.logits = batch.count * model.config.vocabularyCount * MemoryLayout<Float>.stride
    multiply(model.output.weight, 0)
    live.logits = 0
    live.activations = 0
    live.workspace = 0
  }

  /// A moment of the run: a product.
  ///
  /// - Parameter layerBytes: what is dequantized of its layer, the matrix among it; 0 where that is
  ///   not done.
  private mutating func multiply(_ weight: Weight, _ layerBytes: Int) {
    var moment = live
    moment.weightsDequantized +=
      layerBytes > 0 ? layerBytes : strategy.productBytes(of: weight, options)
    if moment.total > peak.total { peak = moment }
  }

  // MARK: - Activations

  /// The buffers of a pass that flow between operations, all f32.
  private func activationBytes(_ tokens: Int, positions: Int) -> Int {
    let config = model.config
    let embedding = 3 * config.embeddingLength  // the residual stream, its norm, what is added
    let attention = 2 * config.queryLength + 2 * config.kvLength  // Qcur, kqv; Kcur, Vcur
    let scores = config.headCount * positions
    let feedForward = 2 * config.feedForwardLength  // gate, up
    return tokens * (embedding + attention + scores + feedForward) * MemoryLayout<Float>.stride
  }

  /// The buffers of a pass that no operation's result lies in.
  private func workspaceBytes(_ tokens: Int) -> Int {
    let config = model.config
    let rotations = tokens * config.ropeCount
    let kvHead =
      options.kvType == .q8 || options.kvType == .q4
      ? 2 * options.threads * KVCache.pageLength * config.headSize : 0
    let strategyBytes = strategy.workspace(of: model, tokens: tokens)?.bytes ?? 0
    return (rotations + kvHead) * MemoryLayout<Float>.stride + strategyBytes
  }
}
