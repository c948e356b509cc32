import GRDB
import GRDBSQLite
import Inference

extension Trace {
  /// The first moment of the highest total, and what was alive then; `nil` for an empty trace.
  public func peak() throws(TraceError) -> (step: Int, live: MemoryUse)? {
    try first(
      """
      SELECT id, weights, weights_dequantized, kv_cache, activations, workspace, logits
      FROM _memory ORDER BY total DESC, id LIMIT 1
      """, []
    ) { row in (row[0] as Int, MemoryUse(row: row, at: 1)) }
  }

  /// What was alive over a range of steps, for a plot: the range is cut into `buckets` of equal
  /// length (fewer where there are fewer steps), and each gives the moment of its highest total.
  ///
  /// - Complexity: O(steps of the range).
  public func memoryProfile(
    _ steps: ClosedRange<Int>, buckets: Int
  ) throws(TraceError) -> [MemoryUse] {
    precondition(buckets > 0)
    let last = try eventCount()
    guard steps.lowerBound <= last else { return [] }
    let steps = max(1, steps.lowerBound)...min(last, steps.upperBound)
    let count = min(buckets, steps.count)
    return try read { db in
      try self.memoryStates.load(db)
      var profile = [MemoryUse](repeating: MemoryUse(), count: count)
      var totals = [Int](repeating: -1, count: count)
      let rows = try Row.fetchCursor(
        db.cachedStatement(
          sql: "SELECT step, memory FROM _event WHERE step BETWEEN ? AND ? ORDER BY step"),
        arguments: [steps.lowerBound, steps.upperBound])
      while let row = try rows.next() {
        let step: Int = row[0]
        guard let state = self.memoryStates[row[1]] else {
          throw TraceError.corrupt(path: self.path, reason: "no state of memory at step \(step)")
        }
        let bucket = (step - steps.lowerBound) * count / steps.count
        if state.total > totals[bucket] {
          totals[bucket] = state.total
          profile[bucket] = state
        }
      }
      return profile
    }
  }
}

/// The states of memory of a trace, by their row.
struct MemoryStateCache {
  private var states: [Int: MemoryUse] = [:]
  private var last = 0

  subscript(id: Int) -> MemoryUse? { states[id] }

  /// Reads the states that were added since the last call.
  mutating func load(_ db: Database) throws {
    let rows = try Row.fetchCursor(
      db.cachedStatement(
        sql: """
          SELECT id, weights, weights_dequantized, kv_cache, activations, workspace, logits
          FROM _memory WHERE id > ? ORDER BY id
          """), arguments: [last])
    while let row = try rows.next() {
      last = row[0]
      states[last] = MemoryUse(row: row, at: 1)
    }
  }
}
