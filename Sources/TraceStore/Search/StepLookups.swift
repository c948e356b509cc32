import Basics
import GRDBSQLite
import Inference

/// What searches ask at every step and SQL alone would look for anew each time: what is alive, the most
/// bytes alive so far, and what was appended last to the KV cache.
final class StepLookups {
  private let connection: OpaquePointer
  /// The states of memory that were asked for, by their row in `_memory`.
  private var states: [Int: MemoryUse] = [:]
  /// The last of them whose rows end in the same bits; at first rows that belong elsewhere.
  @exclusivity(unchecked) private var recentStates = (0..<1024).map {
    (id: $0 + 1, use: MemoryUse())
  }
  private var stateQuery: Statement?
  /// The states of memory with more bytes alive than any before, in order.
  @exclusivity(unchecked) private var peaks: [(step: Int, bytes: Int)] = []
  /// The last state that `peaks` knows of, and the last step that there was then.
  @exclusivity(unchecked) private var peaksRead = (state: 0, step: 0)
  /// Which of `peaks` was asked for last.
  @exclusivity(unchecked) private var lastPeak = 0
  private let steps: KnownSteps

  /// SQL that is true of an append `a` that is in the KV cache at an event `e`, and the last steps of
  /// the passes that were given up, in order.
  var kept: (sql: String, ends: [Int]) = ("true", []) {
    didSet {
      if kept == oldValue { return }
      (appended, appendQuery) = (nil, nil)
    }
  }
  /// The pass that was asked for last.
  @exclusivity(unchecked) private var passed: (steps: Range<Int>, pass: Int?) = (0..<0, nil)
  private var appendQuery: Statement?
  /// What was in the KV cache last throughout some steps.
  @exclusivity(unchecked) private var appended: (steps: ClosedRange<Int>, append: Int?)?

  init(_ connection: OpaquePointer, _ steps: KnownSteps) {
    (self.connection, self.steps) = (connection, steps)
  }

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
      stateQuery = try Statement(connection, "SELECT \(columns) FROM _memory WHERE id = ?1")
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
    let last = try connection.number("SELECT max(step) FROM _event")
    try connection.forEachRow(
      "SELECT id, total FROM _memory WHERE id > ?1 ORDER BY id", peaksRead.state, 0
    ) { row in
      peaksRead.state = row.integer(0)
      let bytes = row.integer(1)
      if bytes > peaks.last?.bytes ?? 0 { peaks.append((row.integer(0), bytes)) }
    }
    peaksRead.step = last
  }

  /// The pass that a step is part of.
  func pass(at step: Int) throws(SQLiteFailure) -> Int? {
    if passed.steps.contains(step) { return passed.pass }
    guard try steps.contains(step) else { return nil }
    var pass: Int?
    try connection.forEachRow(
      """
      SELECT id, first_step, last_step FROM pass
      WHERE first_step BETWEEN ?2 AND ?1 ORDER BY first_step DESC LIMIT 1
      """, step, 1
    ) { row in
      let (first, last) = (row.integer(1), row.integer(2))
      if last >= step, last < .max {
        pass = row.integer(0)
        passed = (first..<last + 1, pass)
      }
    }
    return pass
  }

  /// The step of the append that is the last in the KV cache at a step.
  func append(at step: Int) throws(SQLiteFailure) -> Int? {
    if let appended, appended.steps.contains(step) { return appended.append }
    guard try steps.contains(step) else { return nil }
    if appendQuery == nil {
      appendQuery = try Statement(connection, Self.appends(keeping: kept.sql))
    }
    guard let query = appendQuery else { return nil }
    defer { query.reset() }
    query.bind(1, step)
    guard try query.step() else { return nil }
    // It changes where something is appended, and after a pass that was given up.
    let first = max(query.integer(1), kept.ends.last { $0 < step }.map { $0 + 1 } ?? 1)
    let next = min(query.integer(2), kept.ends.first { $0 >= step }.map { $0 + 1 } ?? .max)
    let append = query.integer(0) > 0 ? query.integer(0) : nil
    appended = (min(first, step)...max(step, min(next - 1, steps.last)), append)
    return append
  }

  private static func appends(keeping kept: String) -> String {
    """
    SELECT
      (SELECT a.step FROM kv_append AS a WHERE \(kept) ORDER BY a.step DESC LIMIT 1),
      (SELECT max(step) FROM kv_append WHERE step <= e.step),
      coalesce((SELECT min(step) FROM kv_append WHERE step > e.step), \(Int.max))
    FROM (SELECT ?1 AS step) AS e
    """
  }
}

extension QuerySession {
  /// Makes ``StepLookups`` and ``StepBuffers`` known to SQL: as `_peak`, `_append`, `_pass`, `_tile`,
  /// `_tensor`, `_bytes` and `_freed_allocation`, each of a step, and as `_mem_live`, `_mem_weights` and so on, each of a
  /// row of `_memory`.
  func registerStepLookups() {
    let steps = KnownSteps(handle)
    let (lookups, buffers) = (StepLookups(handle, steps), StepBuffers(handle, steps))
    self.lookups = lookups
    register(StepFunction("_peak", lookups.peak))
    register(StepFunction("_tile", buffers.tile))
    register(StepFunction("_tensor", buffers.tensor))
    register(StepFunction("_freed_allocation", buffers.freedAllocation))
    register(StepFunction("_bytes", buffers.bytes))
    register(StepFunction("_append", lookups.append))
    register(StepFunction("_pass", lookups.pass))
    register(
      StepFunction("_mem_live") { state throws(SQLiteFailure) in
        try lookups.use(inState: state)?.total
      })
    for category in MemoryCategory.allCases {
      register(
        StepFunction("_mem_\(category.name)") { state throws(SQLiteFailure) in
          try lookups.use(inState: state)?[category]
        })
    }
  }

  private func register(_ function: StepFunction) {
    sqlite3_create_function_v2(
      handle, function.name, 1, SQLITE_UTF8 | SQLITE_DIRECTONLY,
      Unmanaged.passRetained(function).toOpaque(),
      { context, _, values in
        guard let data = sqlite3_user_data(context), sqlite3_value_type(values?[0]) != SQLITE_NULL
        else { return }
        Unmanaged<StepFunction>.fromOpaque(data).takeUnretainedValue()
          .call(context, Int(sqlite3_value_int64(values?[0])))
      }, nil, nil,
      { data in
        guard let data else { return }
        Unmanaged<StepFunction>.fromOpaque(data).release()
      })
  }
}

/// A function of a step, or of a state of memory, as a connection holds it, called for every row of a search.
private final class StepFunction {
  let name: String
  private let lookup: (Int) throws(SQLiteFailure) -> Int?

  init(_ name: String, _ lookup: @escaping (Int) throws(SQLiteFailure) -> Int?) {
    self.name = name
    self.lookup = lookup
  }

  func call(_ context: OpaquePointer?, _ id: Int) {
    do {
      if let value = try lookup(id) {
        sqlite3_result_int64(context, Int64(value))
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
