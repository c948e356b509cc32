import Events
import GRDB

extension Trace {
  /// The first moment of the highest total, and what was alive then; `nil` for an empty trace.
  ///
  /// - Complexity: O(states of memory since the last call), of which a run has few.
  public func peak() throws(TraceError) -> (step: Int, live: MemoryUse)? {
    let last = try count("SELECT max(id) FROM _memory")
    guard last > knownPeak.state else { return knownPeak.peak }
    let query = "SELECT * FROM _memory WHERE id > ? ORDER BY total DESC, id LIMIT 1"
    let highest = try first(query, [knownPeak.state]) { row in
      (step: try row["id"] as Int, live: try MemoryUse(row: row))
    }
    if let highest, highest.live.total > knownPeak.peak?.live.total ?? -1 {
      knownPeak.peak = highest
    }
    knownPeak.state = last
    return knownPeak.peak
  }

  /// The most bytes that each category ever held.
  ///
  /// - Complexity: O(states of memory).
  public func peaks() throws(TraceError) -> MemoryUse {
    let columns = MemoryCategory.allCases.map { "max(\($0.name)) AS \($0.name)" }
    return try first("SELECT \(columns.joined(separator: ", ")) FROM _memory", []) { row in
      try MemoryUse(row: row)
    } ?? MemoryUse()
  }

  /// What was alive over a range of steps, for a plot: the range is cut into `buckets` of equal
  /// length (fewer where there are fewer steps), and each gives the moment of its highest total.
  ///
  /// - Complexity: O(steps of the range); over a long range O(operations of the range).
  public func memoryProfile(
    _ steps: ClosedRange<Int>, buckets: Int
  ) throws(TraceError) -> [MemoryUse] {
    try memoryProfile(steps, buckets: buckets, longRange: 200_000)
  }

  /// - Parameter longRange: ranges of more steps than this use the peaks of whole operations.
  func memoryProfile(
    _ steps: ClosedRange<Int>, buckets: Int, longRange: Int
  ) throws(TraceError) -> [MemoryUse] {
    precondition(buckets > 0)
    let last = try eventCount()
    let first = max(1, steps.lowerBound)
    guard first <= min(last, steps.upperBound) else { return [] }
    let steps = first...min(last, steps.upperBound)
    let ops =
      steps.count > longRange
      ? (try op(startingAtOrAfter: first)?.id, try op(startingAtOrBefore: steps.upperBound)?.id)
      : (nil, nil)
    return try read { db in
      var profile = MemoryProfile(path: self.path, steps: steps, buckets: buckets)
      try self.memoryStates.load(db, path: self.path)
      if let first = ops.0, let last = ops.1 {
        try profile.addOps(first, last, db, self.memoryStates)
      }
      try profile.addSteps(through: steps.upperBound, db, self.memoryStates)
      return profile.highest
    }
  }
}

/// A profile of a range of steps, filled from its beginning to its end.
private struct MemoryProfile {
  let path: String
  let steps: ClosedRange<Int>
  private(set) var highest: [MemoryUse]
  private var totals: [Int]
  /// The first step that is not in the profile yet.
  private var next: Int

  init(path: String, steps: ClosedRange<Int>, buckets: Int) {
    self.path = path
    self.steps = steps
    let count = min(buckets, steps.count)
    highest = Array(repeating: MemoryUse(), count: count)
    totals = Array(repeating: -1, count: count)
    next = steps.lowerBound
  }

  private func bucket(of step: Int) -> Int {
    (step - steps.lowerBound) * totals.count / steps.count
  }

  private mutating func add(_ id: Int, at step: Int, _ states: MemoryStateCache) throws {
    guard let state = states[id] else {
      throw TraceError.corrupt(path: path, reason: "no state of memory at step \(step)")
    }
    let bucket = bucket(of: step)
    if state.total > totals[bucket] {
      totals[bucket] = state.total
      highest[bucket] = state
    }
  }

  /// Adds the steps up to `last`, one by one.
  mutating func addSteps(through last: Int, _ db: Database, _ states: MemoryStateCache) throws {
    guard next <= last else { return }
    let sql = "SELECT step, memory FROM _event WHERE step BETWEEN ?1 AND ?2 ORDER BY step"
    try db.forEachRow(sql, next, last) { row in
      let step = row.integer(0)
      // The key is unique and in order; only a damaged file says otherwise.
      guard steps.contains(step) else { return }
      try add(row.integer(1), at: step, states)
    }
    next = last + 1
  }

  /// Adds operations, each as its peak where it lies in one bucket, and the steps between them.
  mutating func addOps(
    _ first: Int, _ last: Int, _ db: Database, _ states: MemoryStateCache
  ) throws {
    guard first <= last else { return }
    let sql = "SELECT first_step, last_step, peak FROM _op WHERE id BETWEEN ?1 AND ?2 ORDER BY id"
    try db.forEachRow(sql, first, last) { row in
      let (start, end) = (row.integer(0), row.integer(1))
      guard start >= next, end >= start, end <= steps.upperBound else { return }
      try addSteps(through: start - 1, db, states)
      if bucket(of: start) == bucket(of: end) {
        try add(row.integer(2), at: start, states)
        next = end + 1
      } else {
        try addSteps(through: end, db, states)
      }
    }
  }
}

/// The states of memory of a trace, by their row.
struct MemoryStateCache {
  private var states: [Int: MemoryUse] = [:]
  private var last = 0

  subscript(id: Int) -> MemoryUse? { states[id] }

  /// Reads the states that were added since the last call.
  mutating func load(_ db: Database, path: String) throws {
    let sql = "SELECT * FROM _memory WHERE id BETWEEN ?1 AND ?2 ORDER BY id"
    try db.forEachRow(sql, last + 1, Int.max) { row in
      let id = row.integer(0)
      guard (0...TraceRow.largest).contains(id) else {
        throw TraceError.corrupt(path: path, reason: "a state of memory numbered \(id)")
      }
      last = id
      var use = MemoryUse()
      for category in MemoryCategory.allCases {
        let bytes = row.integer(1 + category.rawValue)
        guard (0...TraceRow.largest).contains(bytes) else {
          throw TraceError.corrupt(path: path, reason: "memory at step \(last)")
        }
        use[category] = bytes
      }
      states[last] = use
    }
  }
}

extension MemoryUse {
  /// From columns that are called as the categories are.
  init(row: TraceRow) throws {
    self.init()
    for category in MemoryCategory.allCases {
      self[category] = try row[category.name] ?? 0
    }
  }
}
