import Basics
import Events
import Foundation
import GRDBSQLite

/// What searches ask at every step and SQL alone would look for each time: what is alive, the most
/// bytes alive so far, the pass and its last token, and what was appended last to the KV cache.
final class StepLookups {
  private let connection: OpaquePointer
  let weightTiles: WeightTiles
  let nearTiles: NearTiles
  /// The states of memory that were asked for, by their row in `_memory`.
  private var states: [Int: MemoryUse] = [:]
  /// The last of them whose rows end in the same bits; at first rows that belong elsewhere.
  @exclusivity(unchecked) private var recentStates = (0..<1024).map {
    (id: $0 + 1, use: MemoryUse())
  }
  private var stateQuery: PreparedStatement?
  /// The states of memory with more bytes alive than any before, in order.
  @exclusivity(unchecked) private var peaks: [(step: Int, bytes: Int)] = []
  /// The last state that `peaks` knows of, and the last step that there was then.
  @exclusivity(unchecked) private var peaksRead = (state: 0, step: 0)
  /// Which of `peaks` was asked for last.
  @exclusivity(unchecked) private var lastPeak = 0

  /// SQL that is true of an append `a` that is in the KV cache at an event `e`, and the last steps
  /// of the passes that were given up, in order.
  var kept: (sql: String, ends: [Int]) = ("true", []) {
    didSet {
      if kept == oldValue { return }
      (appended, appendQuery) = ((0..<0, nil, 0), nil)
    }
  }
  /// The pass that was asked for last.
  @exclusivity(unchecked) private var passed: (steps: Range<Int>, pass: Int?) = (0..<0, nil)
  /// The last token of a pass, and the values of its fields, as SQLite holds them.
  @exclusivity(unchecked) private var token: (pass: Int?, values: [OpaquePointer?]) = (nil, [])
  private var tokenQuery: PreparedStatement?
  private var appendQuery: PreparedStatement?
  /// What was in the KV cache last throughout some steps, and the bytes of the cache in use.
  @exclusivity(unchecked) private var appended: (steps: Range<Int>, append: Int?, bytes: Int) =
    (0..<0, nil, 0)

  init(_ connection: OpaquePointer) {
    self.connection = connection
    weightTiles = WeightTiles(connection)
    nearTiles = NearTiles(connection)
  }

  deinit { token.values.forEach(sqlite3_value_free) }

  /// What is alive in a state of memory.
  func use(inState id: Int) throws(SQLiteFailure) -> MemoryUse? {
    let place = id & (recentStates.count - 1)
    if recentStates[place].id == id { return recentStates[place].use }
    let use = if let known = states[id] { known } else { try readState(id) }
    if let use { recentStates[place] = (id, use) }
    return use
  }

  private func readState(_ id: Int) throws(SQLiteFailure) -> MemoryUse? {
    if stateQuery == nil {
      let columns = MemoryCategory.allCases.map(\.name).joined(separator: ", ")
      stateQuery = try PreparedStatement(connection, "SELECT \(columns) FROM _memory WHERE id = ?1")
    }
    guard let query = stateQuery else { return nil }
    defer { query.reset() }
    query.bind(1, id)
    guard try query.step() else { return nil }
    var use = MemoryUse()
    for category in MemoryCategory.allCases {
      // More than that is damage, and would not add up.
      guard let bytes = query.optionalInteger(Int32(category.rawValue)),
        (0...TraceRow.largest).contains(bytes)
      else { throw SQLiteFailure(nil, code: SQLITE_CORRUPT) }
      use[category] = bytes
    }
    states[id] = use
    return use
  }

  /// The most bytes alive up to a step; `nil` before anything is.
  func peak(at step: Int) throws(SQLiteFailure) -> Int? {
    if step > peaksRead.step { try readPeaks() }
    func contains(_ index: Int) -> Bool {
      peaks.indices.contains(index) && peaks[index].step <= step
        && (index + 1 == peaks.count || peaks[index + 1].step > step)
    }
    if !contains(lastPeak) {
      let next = peaks.firstSortedIndex { $0.step > step }
      guard next > 0 else { return nil }
      lastPeak = next - 1
    }
    return peaks[lastPeak].bytes
  }

  private func readPeaks() throws(SQLiteFailure) {
    let last = try PreparedStatement(connection, "SELECT max(step) FROM _event")
    _ = try last.step()
    let states = try PreparedStatement(
      connection, "SELECT id, total FROM _memory WHERE id > ?1 ORDER BY id")
    states.bind(1, peaksRead.state)
    while try states.step() {
      let (state, bytes) = (states.integer(0), states.integer(1))
      if bytes > peaks.last?.bytes ?? 0 { peaks.append((state, bytes)) }
      peaksRead.state = state
    }
    peaksRead.step = last.integer(0)
  }

  /// The pass that a step is part of.
  func pass(at step: Int) throws(SQLiteFailure) -> Int? {
    if passed.steps.contains(step) { return passed.pass }
    let query = try PreparedStatement(
      connection,
      "SELECT id, first_step, last_step FROM pass WHERE first_step BETWEEN 1 AND ?1"
        + " ORDER BY first_step DESC LIMIT 1")
    query.bind(1, step)
    guard try query.step() else { return nil }
    let (first, last) = (query.integer(1), query.integer(2))
    guard first <= step, step <= last, last < .max else { return nil }
    passed = (first..<last + 1, query.integer(0))
    return passed.pass
  }

  /// A value of the last token of the pass that a step is part of, by its place among the fields
  /// of ``TraceObject/token``.
  func token(at step: Int, field: Int) throws(SQLiteFailure) -> OpaquePointer? {
    guard let pass = try pass(at: step) else { return nil }
    if token.pass != pass { try readToken(of: pass) }
    return token.values.isEmpty ? nil : token.values[field]
  }

  /// Has tokens and tiles read anew: a live run may change them between two searches.
  func forget() {
    token.pass = nil
    nearTiles.forget()
  }

  private func readToken(of pass: Int) throws(SQLiteFailure) {
    if tokenQuery == nil {
      tokenQuery = try PreparedStatement(connection, SearchJoins.lastTokens(where: "p.id = ?1"))
    }
    guard let query = tokenQuery else { return }
    defer { query.reset() }
    query.bind(1, pass)
    token.values.forEach(sqlite3_value_free)
    token = (nil, [])
    if try query.step() {
      // The first column is the pass.
      token.values = TraceObject.token.fields.indices.map {
        sqlite3_value_dup(sqlite3_column_value(query.handle, Int32($0 + 1)))
      }
    }
    token.pass = pass
  }

  /// The step of the append that is the last in the KV cache at a step.
  func append(at step: Int) throws(SQLiteFailure) -> Int? {
    if !appended.steps.contains(step) { try readAppend(at: step) }
    return appended.append
  }

  /// The bytes of the KV cache in use at a step.
  func cacheBytes(at step: Int) throws(SQLiteFailure) -> Int {
    if !appended.steps.contains(step) { try readAppend(at: step) }
    return appended.bytes
  }

  private func readAppend(at step: Int) throws(SQLiteFailure) {
    if appendQuery == nil {
      appendQuery = try PreparedStatement(connection, Self.appends(keeping: kept.sql))
    }
    appended = (0..<0, nil, 0)
    guard let query = appendQuery else { return }
    defer { query.reset() }
    query.bind(1, step)
    guard try query.step() else { return }
    // It changes where something is appended, and after a pass that was given up.
    let first = max(query.integer(2), kept.ends.last { $0 < step }.map { $0 + 1 } ?? 1)
    let end = min(query.integer(3), kept.ends.first { $0 >= step }.map { $0 + 1 } ?? .max)
    guard first <= step, step < end else { return }
    appended = (first..<end, query.optionalInteger(0), query.integer(1))
  }

  private static func appends(keeping kept: String) -> String {
    let last = "FROM kv_append AS a WHERE \(kept) ORDER BY a.step DESC LIMIT 1"
    return """
      SELECT
        (SELECT a.step \(last)), (SELECT a.cache_bytes \(last)),
        (SELECT max(step) FROM kv_append WHERE step <= e.step),
        coalesce(
          (SELECT min(step) FROM kv_append WHERE step > e.step), (SELECT max(step) + 1 FROM _event))
      FROM (SELECT ?1 AS step) AS e
      """
  }
}
