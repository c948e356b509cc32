import Basics
import Events
import Foundation
import GRDBSQLite

/// What searches ask at every step and SQL alone would look for each time: what is alive, the most
/// bytes alive so far, the pass, what was appended last to the KV cache, and the names of tiles.
final class StepLookups {
  private let connection: OpaquePointer
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

  /// The names of tiles that were asked for, by their rows in `weight_tile`, and the last of them.
  private var names: [Int: UnsafePointer<CChar>] = [:]
  private var nameQuery: PreparedStatement?
  @exclusivity(unchecked) private var lastName: (id: Int, text: UnsafePointer<CChar>?) = (-1, nil)

  /// SQL that is true of an append `a` that is in the KV cache at an event `e`, and the last steps
  /// of the passes that were given up, in order.
  var kept: (sql: String, ends: [Int]) = ("true", []) {
    didSet {
      if kept == oldValue { return }
      (appended, appendQuery) = ((0..<0, nil), nil)
    }
  }
  /// The pass that was asked for last.
  @exclusivity(unchecked) private var passed: (steps: Range<Int>, pass: Int?) = (0..<0, nil)
  private var appendQuery: PreparedStatement?
  /// What was in the KV cache last throughout some steps.
  @exclusivity(unchecked) private var appended: (steps: Range<Int>, append: Int?) = (0..<0, nil)

  init(_ connection: OpaquePointer) { self.connection = connection }

  deinit { for name in names.values { free(UnsafeMutablePointer(mutating: name)) } }

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

  /// What a tile of some rows of weights is called as a buffer, which takes longer to put together
  /// than to look up.
  func name(ofWeightTile id: Int) throws(SQLiteFailure) -> UnsafePointer<CChar>? {
    if lastName.id != id {
      let name = if let known = names[id] { known } else { try readName(ofWeightTile: id) }
      lastName = (id, name)
    }
    return lastName.text
  }

  private func readName(ofWeightTile id: Int) throws(SQLiteFailure) -> UnsafePointer<CChar>? {
    if nameQuery == nil {
      nameQuery = try PreparedStatement(
        connection,
        """
        SELECT u.name || ' rows ' || w.first_row || '..<' || (w.first_row + w.rows)
        FROM weight_tile AS w JOIN tensor AS u ON u.id = w.tensor WHERE w.id = ?1
        """)
    }
    guard let query = nameQuery else { return nil }
    defer { query.reset() }
    query.bind(1, id)
    guard try query.step(), let text = sqlite3_column_text(query.handle, 0),
      let copy = strdup(UnsafeRawPointer(text).assumingMemoryBound(to: CChar.self))
    else { return nil }
    names[id] = UnsafePointer(copy)
    return names[id]
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

  /// The step of the append that is the last in the KV cache at a step.
  func append(at step: Int) throws(SQLiteFailure) -> Int? {
    if appended.steps.contains(step) { return appended.append }
    if appendQuery == nil {
      appendQuery = try PreparedStatement(connection, Self.appends(keeping: kept.sql))
    }
    guard let query = appendQuery else { return nil }
    defer { query.reset() }
    query.bind(1, step)
    guard try query.step() else { return nil }
    // It changes where something is appended, and after a pass that was given up.
    let first = max(query.integer(1), kept.ends.last { $0 < step }.map { $0 + 1 } ?? 1)
    let end = min(query.integer(2), kept.ends.first { $0 >= step }.map { $0 + 1 } ?? .max)
    guard first <= step, step < end else { return nil }
    appended = (first..<end, query.optionalInteger(0))
    return appended.append
  }

  private static func appends(keeping kept: String) -> String {
    """
    SELECT
      (SELECT a.step FROM kv_append AS a WHERE \(kept) ORDER BY a.step DESC LIMIT 1),
      (SELECT max(step) FROM kv_append WHERE step <= e.step),
      coalesce(
        (SELECT min(step) FROM kv_append WHERE step > e.step), (SELECT max(step) + 1 FROM _event))
    FROM (SELECT ?1 AS step) AS e
    """
  }
}

extension QuerySession {
  /// Makes ``StepLookups`` known to SQL: as `_peak`, `_append` and `_pass`, each of a step, and as
  /// `_mem_live`, `_mem_weights` and so on, each of a row of `_memory`; as `_name`, of a row of
  /// `weight_tile`.
  func registerStepLookups() {
    let lookups = StepLookups(handle)
    self.lookups = lookups
    register(StepFunction("_peak", lookups, .peak))
    register(StepFunction("_append", lookups, .append))
    register(StepFunction("_pass", lookups, .pass))
    register(StepFunction("_name", lookups, .name))
    register(StepFunction("_mem_live", lookups, .live))
    for category in MemoryCategory.allCases {
      register(StepFunction("_mem_\(category.name)", lookups, .bytes(category)))
    }
  }

  private func register(_ function: StepFunction) {
    sqlite3_create_function_v2(
      handle, function.name, 1, SQLITE_UTF8 | SQLITE_DIRECTONLY,
      Unmanaged.passRetained(function).toOpaque(),
      { context, _, values in
        guard let data = sqlite3_user_data(context), sqlite3_value_type(values?[0]) != SQLITE_NULL
        else { return }
        Unmanaged<StepFunction>.fromOpaque(data)._withUnsafeGuaranteedRef {
          $0.call(context, Int(sqlite3_value_int64(values?[0])))
        }
      }, nil, nil,
      { data in
        guard let data else { return }
        Unmanaged<StepFunction>.fromOpaque(data).release()
      })
  }
}

/// A function of a step, or of a state of memory, as a connection holds it, called for every row of
/// a search.
private final class StepFunction {
  enum Value {
    case peak, append, pass, name, live
    case bytes(MemoryCategory)
  }

  let name: String
  private let lookups: StepLookups
  private let value: Value

  init(_ name: String, _ lookups: StepLookups, _ value: Value) {
    (self.name, self.lookups, self.value) = (name, lookups, value)
  }

  func call(_ context: OpaquePointer?, _ id: Int) {
    do {
      let number: Int?
      switch value {
      case .peak: number = try lookups.peak(at: id)
      case .append: number = try lookups.append(at: id)
      case .pass: number = try lookups.pass(at: id)
      case .live: number = try lookups.use(inState: id)?.total
      case .bytes(let category): number = try lookups.use(inState: id)?[category]
      case .name:
        // The text stays as long as the connection does.
        return sqlite3_result_text(context, try lookups.name(ofWeightTile: id), -1, nil)
      }
      if let number {
        sqlite3_result_int64(context, Int64(number))
      } else {
        sqlite3_result_null(context)
      }
    } catch {
      // What is asked is our own: where it makes no sense, the trace is not what it should be.
      sqlite3_result_error(context, error.message, -1)
      let isOurs = error.code & 0xFF == SQLITE_ERROR
      sqlite3_result_error_code(context, isOurs ? SQLITE_CORRUPT : error.code)
    }
  }
}
