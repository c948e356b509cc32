import Inference
import TraceStore

/// What can be changed from one pass of a live run to the next.
public struct LiveSettings: Equatable, Sendable {
  public var strategy: StrategyName
  /// Rows of a tile, for strategies that make tiles of rows.
  public var tileRows: Int
  public var kvType: KVType

  public init(strategy: StrategyName, tileRows: Int, kvType: KVType) {
    self.strategy = strategy
    self.tileRows = tileRows
    self.kvType = kvType
  }
}

extension LiveRun {
  /// Takes other settings from the next pass on. The KV cache stays but for another type of it:
  /// then the tokens so far are run again, as a branch of its own, before anything new.
  ///
  /// - Throws: `InferenceError` where the model cannot be run so; then nothing changes.
  public func change(to settings: LiveSettings) throws {
    var changed = options.engine
    changed.strategy = settings.strategy
    changed.tileRows = settings.tileRows
    changed.kvType = settings.kvType
    try changed.check(for: loaded.model)
    self.settings = settings
  }

  /// The bytes that may be alive, mapped weights in full; `nil` for no limit.
  public var memoryBudget: Int? { engine.options.memoryBudget }

  /// Takes another memory budget, or none, from the next pass on.
  ///
  /// - Throws: `InferenceError.badOption` for less than a byte.
  public func change(memoryBudget: Int?) throws {
    try engine.change(memoryBudget: memoryBudget)
    budgets.append((recorder.lastStep, memoryBudget))
  }

  /// The bytes that might be alive at a step; `nil` for no limit.
  public func memoryBudget(at step: Int) -> Int? {
    budgets.last { $0.after < step }?.bytes
  }

  func applySettings() throws {
    try engine.change(strategy: settings.strategy, tileRows: settings.tileRows)
    guard settings.kvType != engine.options.kvType else { return }
    if engine.position > 0 {
      leaveLine { $0.refilled(keeping: 0) }
    }
    try engine.change(kvType: settings.kvType)
  }

  /// What the run up to its next pass takes at most with each strategy, by a dry run.
  ///
  /// - Throws: `InferenceError` where the model cannot be run so.
  public func needs() throws -> [(strategy: StrategyName, bytes: Int)] {
    let size = options.ubatch ?? line.given
    let end = isPrefilling ? min(line.given, engine.position + size) : engine.position + 1
    return try StrategyName.allCases.map { strategy in
      var engine = options.engine
      engine.strategy = strategy
      engine.tileRows = settings.tileRows
      engine.kvType = settings.kvType
      let plan = try MemoryPlan(
        model: loaded.model, options: engine, prompts: [isPrefilling ? end : 1],
        ubatch: isPrefilling ? size : nil, decodePasses: [isPrefilling ? 0 : end - 1])
      return (strategy, plan.peak.total)
    }
  }

  /// Puts a token in the place of the one that the model chose.
  ///
  /// - Throws: `InferenceError.tokenOutOfRange`; `RecordingError.badOption` while the prompt is not
  ///   yet run.
  public func force(_ id: Int) throws {
    let vocabulary = loaded.model.config.vocabularyCount
    guard (0..<vocabulary).contains(id) else {
      throw InferenceError.tokenOutOfRange(id, vocabulary: vocabulary)
    }
    guard !isPrefilling else {
      throw RecordingError.badOption(
        "Tokens that are known beforehand are yet to be run, and the next one is among them; run "
          + "them first.")
    }
    if line.attempted > engine.position, line.next?.id != id {
      // A pass that was given up has the other token.
      leaveLine { $0.refilled(keeping: engine.position) }
    }
    var token = TraceToken(
      branch: engine.branch, position: engine.position, id: id, text: text(of: id),
      isPrompt: false, isForced: true, topK: line.choice?.topK ?? [])
    token.logprob =
      logits.isEmpty
      ? token.topK.first { $0.id == id }?.logprob : logits.logProbabilities(of: [id]).first
    line.forced = token
    if line.branch != nil {
      recorder.addTokens([token])
      try recorder.settle()
    }
  }

  /// Takes the run back to the end of a pass: the KV cache holds the positions that were there
  /// then, and the next pass belongs to another branch. What a branch since has overwritten is run
  /// again first.
  ///
  /// - Parameter pass: a finished pass of this run; `nil` for before the first.
  /// - Returns: `false` where it stands there already.
  /// - Throws: `TraceError`.
  public func goBack(toEndOf pass: Int?) throws -> Bool {
    let result = pass.flatMap { results[$0] }
    let target = lines[result?.branch ?? 0] ?? line
    let end = result?.end ?? 0
    if target.branch == line.branch, end == engine.position { return false }
    let shared = engine.keepable(
      zip(line.passes, target.passes.prefix(end)).prefix { $0 == $1 }.count)
    leaveLine { _ in
      target.cut(at: end, keeping: shared, choice: result?.choice)
    }
    engine.truncate(to: shared)
    logits = []
    try recorder.settle()
    return true
  }

  /// Goes on in another line of text, which becomes a branch with its first pass.
  private func leaveLine(_ next: (LiveLine) -> LiveLine) {
    if let branch = line.branch { lines[branch] = line }
    line = next(line)
    line.leftAt = recorder.lastStep
  }

  /// Gives a line that has none a branch of the trace, with the tokens that it does not share.
  func beginBranch() -> Int? {
    guard line.branch == nil else { return nil }
    let branch = branchCount
    branchCount += 1
    line.branch = branch
    engine.branch = branch
    recorder.addBranch(
      TraceBranch(
        id: branch, parent: line.parent, position: line.passes.count, step: line.leftAt))
    line.name(branch)
    let own = line.tokens[line.passes.count...]
    recorder.addTokens(own + (isPrefilling ? [] : [line.next].compactMap { $0 }))
    return branch
  }
}
