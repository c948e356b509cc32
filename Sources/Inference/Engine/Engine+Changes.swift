// What can be changed between passes.
extension Engine {
  /// Takes another strategy, or another size of tiles, from the next pass on. The KV cache stays.
  ///
  /// What the strategy before kept is returned at once; what the new one does before its first pass
  /// is done with that pass, which may fail there. Another change, or another pass, may follow
  /// then.
  ///
  /// - Throws: `InferenceError.badOption`.
  public func change(strategy name: StrategyName, tileRows: Int) throws {
    guard (name, tileRows) != (options.strategy, options.tileRows) else { return }
    var changed = options
    changed.strategy = name
    changed.tileRows = tileRows
    try changed.check(for: model)
    strategy.release(on: self)
    options = changed
    strategy = options.strategy.type.init(options: options)
    isPrepared = false
  }

  /// Takes another memory budget, or none; what is alive stays.
  ///
  /// - Throws: `InferenceError.badOption`.
  public func change(memoryBudget: Int?) throws {
    var changed = options
    changed.memoryBudget = memoryBudget
    try changed.check(for: model)
    options = changed
    ledger.change(budget: memoryBudget)
  }

  /// Keeps keys and values in another type from the next pass on. The KV cache is empty then: what
  /// was in it has to be run again.
  ///
  /// - Throws: `InferenceError.unusableKVType`.
  public func change(kvType: KVType) throws {
    guard kvType != options.kvType else { return }
    let empty = try caches.map { _ in try KVCache(shapes: model.architecture.caches, type: kvType) }
    for sequence in caches.indices { truncate(to: 0, sequence: sequence) }
    options.kvType = kvType
    caches = empty
  }

  /// Positions of a sequence that can be kept where it is to go on at `count`: all of them, or none
  /// where pages that it would see have been freed since.
  public func keepable(_ count: Int, sequence: Int = 0) -> Int {
    caches[sequence].holds(whatIsSeenFrom: count) ? count : 0
  }

  /// Forgets the positions of a sequence from `count` on, and returns the pages that held nothing
  /// else.
  ///
  /// - Precondition: they are ``keepable(_:sequence:)``.
  public func truncate(to count: Int, sequence: Int = 0) {
    precondition((0...positions[sequence]).contains(count), "positions that are in the cache")
    truncateCache(of: sequence, to: count)
    positions[sequence] = count
  }

  func truncateCache(of sequence: Int, to count: Int) {
    caches[sequence].truncate(to: count, free: ledger.free)
  }

  /// Does what the strategy does before its first pass, where that is not done yet.
  ///
  /// - Throws: `InferenceError`; what was taken by then is returned.
  func prepare() throws {
    guard !isPrepared else { return }
    do {
      try adoptMappedWeights()
      try strategy.prepare(self)
      isPrepared = true
    } catch {
      strategy.release(on: self)
      throw error
    }
  }

  /// Counts the packed weights that this strategy uses where they lie in the mapped file.
  ///
  /// - Throws: `InferenceError.overBudget`.
  func adoptMappedWeights() throws {
    let bytes = model.file.mappedBytes - strategy.copiedBytes(of: model)
    if let mapped {
      guard mapped.bytes != bytes else { return }
      ledger.release(mapped)
      self.mapped = nil
    }
    mappedBytes = bytes
    mapped = try ledger.adopt(bytes, .weights, "packed weights (mapped file)")
  }
}
