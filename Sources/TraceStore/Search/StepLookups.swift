import GRDBSQLite
import Inference

/// What searches ask at every step and SQL alone would look for anew each time: what is alive, the most
/// bytes alive so far, what was freed, and what was appended last to the KV cache.
final class StepLookups {
  private let connection: OpaquePointer
  /// The states of memory that were asked for, by their row in `_memory`, and the last of them.
  private var states: [Int: MemoryUse] = [:]
  private var lastState: (id: Int, use: MemoryUse)?
  private var stateQuery: Statement?
  /// The states of memory with more bytes alive than any before, in order.
  private var peaks: [(step: Int, bytes: Int)] = []
  /// The last state that `peaks` knows of, and the last step that there was then.
  private var peaksRead = (state: 0, step: 0)
  /// Which of `peaks` was asked for last.
  private var lastPeak = 0
  /// The tile that was freed at each of the steps of `window`, of those made since the pass began; or
  /// another buffer, as its negative; else 0.
  private var freed: [Int] = []
  private var window = 0..<0
  /// The same, wherever, of the buffers that outlive the pass they were made in.
  private var freedLater: [Int: Int] = [:]
  private var freedLaterRead = 0
  /// The last step that there is; a live run adds more.
  private var last = 0

  /// SQL that is true of an append `a` that is in the KV cache at an event `e`, and the last steps of
  /// the passes that were given up, in order.
  var kept: (sql: String, ends: [Int]) = ("true", []) {
    didSet {
      if kept == oldValue { return }
      (appended, appendQuery) = (nil, nil)
    }
  }
  private var appendQuery: Statement?
  /// What was in the KV cache last throughout some steps.
  private var appended: (steps: ClosedRange<Int>, append: Int?)?

  private enum Freed {
    case nothing
    case tile(Int)
    case allocation(Int)
  }

  init(_ connection: OpaquePointer) { self.connection = connection }

  /// What is alive in a state of memory.
  func use(inState id: Int) throws(SQLiteFailure) -> MemoryUse? {
    if let lastState, lastState.id == id { return lastState.use }
    let use = if let known = states[id] { known } else { try readState(id) }
    if let use { lastState = (id, use) }
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
      use[category] = query.integer(Int32(category.rawValue))
    }
    // More than that is damage, and would not add up.
    guard MemoryCategory.allCases.allSatisfy({ (0...TraceRow.largest).contains(use[$0]) }) else {
      throw SQLiteFailure(nil, code: SQLITE_CORRUPT)
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
      var (low, high) = (0, peaks.count)
      while low < high {
        let middle = (low + high) / 2
        if peaks[middle].step <= step { low = middle + 1 } else { high = middle }
      }
      guard low > 0 else { return nil }
      lastPeak = low - 1
    }
    return peaks[lastPeak].bytes
  }

  private func readPeaks() throws(SQLiteFailure) {
    let last = try number("SELECT max(step) FROM _event")
    try forEachRow(
      "SELECT id, total FROM _memory WHERE id > ?1 ORDER BY id", peaksRead.state, 0
    ) { row in
      peaksRead.state = row.integer(0)
      let bytes = row.integer(1)
      if bytes > peaks.last?.bytes ?? 0 { peaks.append((row.integer(0), bytes)) }
    }
    peaksRead.step = last
  }

  /// The tile that was freed at a step.
  func freedTile(at step: Int) throws(SQLiteFailure) -> Int? {
    let id = try whatIsFreed(at: step)
    return id > 0 ? id : nil
  }

  /// The buffer that is no tile that was freed at a step.
  func freedAllocation(at step: Int) throws(SQLiteFailure) -> Int? {
    let id = try whatIsFreed(at: step)
    return id < 0 ? -id : nil
  }

  private func whatIsFreed(at step: Int) throws(SQLiteFailure) -> Int {
    if !window.contains(step) {
      guard try contains(step) else { return 0 }
      try readFreed(around: step)
    }
    let found = freed[step - window.lowerBound]
    return found == 0 ? freedLater[step] ?? 0 : found
  }

  /// Whether there is such a step.
  private func contains(_ step: Int) throws(SQLiteFailure) -> Bool {
    if step > last { last = try number("SELECT max(step) FROM _event") }
    return step > 0 && step <= last && step < .max
  }

  /// Reads what was freed in a part of the pass of a step. Nearly all that is freed in a pass was made
  /// in it.
  private func readFreed(around step: Int) throws(SQLiteFailure) {
    let most = 1 << 20
    let began = try number("SELECT max(first_step) FROM pass WHERE first_step <= ?1", step)
    let next = try number("SELECT min(first_step) FROM pass WHERE first_step > ?1", step)
    let start = max(1, began)
    let first = start + (step - start) / most * most
    let end = min(last, next > step ? next - 1 : last)
    let steps = first..<first + min(most, end - first + 1)
    var freed = [Int](repeating: 0, count: steps.count)
    func read(_ table: String, _ sign: Int) throws(SQLiteFailure) {
      try forEachRow(
        """
        SELECT freed_step, id FROM \(table) WHERE id BETWEEN \(start) AND ?2
        AND freed_step BETWEEN ?1 AND ?2 ORDER BY id
        """, steps.lowerBound, steps.upperBound - 1
      ) { row in freed[row.integer(0) - steps.lowerBound] = sign * row.integer(1) }
    }
    try read("tile", 1)
    try read("_allocation", -1)
    if last > freedLaterRead {
      freedLater = [:]
      try forEachRow(Self.keptBuffers, 1, .max) { row in
        freedLater[row.integer(0)] = row.integer(2) == 0 ? -row.integer(1) : row.integer(1)
      }
      freedLaterRead = last
    }
    (self.freed, window) = (freed, steps)
  }

  /// The step of the append that is the last in the KV cache at a step.
  func append(at step: Int) throws(SQLiteFailure) -> Int? {
    if let appended, appended.steps.contains(step) { return appended.append }
    guard try contains(step) else { return nil }
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
    appended = (min(first, step)...max(step, min(next - 1, last)), append)
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

  private static let keptBuffers = """
    SELECT coalesce(a.freed_step, t.freed_step) AS freed_step, k.id, t.id IS NOT NULL
    FROM _kept AS k LEFT JOIN tile AS t ON t.id = k.id LEFT JOIN _allocation AS a ON a.id = k.id
    WHERE k.id BETWEEN ?1 AND ?2 AND coalesce(a.freed_step, t.freed_step) IS NOT NULL
    """

  /// A number of a query's only row; 0 where it is NULL.
  private func number(_ sql: String, _ parameter: Int = 0) throws(SQLiteFailure) -> Int {
    var number = 0
    try forEachRow(sql, parameter, 0) { number = $0.integer(0) }
    return number
  }

  private func forEachRow(
    _ sql: String, _ first: Int, _ last: Int, body: (Statement) -> Void
  ) throws(SQLiteFailure) {
    let statement = try Statement(connection, sql)
    statement.bind(1, first)
    statement.bind(2, last)
    while try statement.step() { body(statement) }
  }
}

extension QuerySession {
  /// Makes ``StepLookups`` known to SQL: as `_peak`, `_freed_tile`, `_freed_allocation` and `_append`,
  /// each of a step, and as `_mem_live`, `_mem_weights` and so on, each of a row of `_memory`.
  func registerStepLookups() {
    let lookups = StepLookups(handle)
    self.lookups = lookups
    register(StepFunction("_peak", lookups.peak))
    register(StepFunction("_freed_tile", lookups.freedTile))
    register(StepFunction("_freed_allocation", lookups.freedAllocation))
    register(StepFunction("_append", lookups.append))
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
      sqlite3_result_error_code(context, error.code)
    }
  }
}
