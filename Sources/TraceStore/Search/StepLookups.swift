import GRDBSQLite

/// What searches ask at every step and SQL alone would look for anew each time: the most bytes alive
/// so far, what was freed, and what was appended last to the KV cache.
final class StepLookups {
  private let connection: OpaquePointer
  /// The states of memory with more bytes alive than any before, in order.
  private var peaks: [(step: Int, bytes: Int)] = []
  /// The last state that `peaks` knows of, and the last step that there was then.
  private var peaksRead = (state: 0, step: 0)
  /// Which of `peaks` was asked for last.
  private var lastPeak = 0
  /// What was freed at each of the steps of `window`, of the buffers made in them.
  private var freed: [Freed] = []
  private var window = 0..<0
  /// What was freed, wherever, of the buffers that outlive the pass they were made in.
  private var freedLater: [Int: Freed] = [:]
  private var freedLaterRead = 0

  /// SQL that is true of an append `a` that is in the KV cache at an event `e`.
  var kept = "true" {
    didSet { if kept != oldValue { appended = nil } }
  }
  /// What was in the KV cache last throughout some steps.
  private var appended: (steps: ClosedRange<Int>, append: Int?)?

  private enum Freed {
    case nothing
    case tile(Int)
    case allocation(Int)
  }

  init(_ connection: OpaquePointer) { self.connection = connection }

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
    if case .tile(let id) = try whatIsFreed(at: step) { id } else { nil }
  }

  /// The buffer that is no tile that was freed at a step.
  func freedAllocation(at step: Int) throws(SQLiteFailure) -> Int? {
    if case .allocation(let id) = try whatIsFreed(at: step) { id } else { nil }
  }

  private func whatIsFreed(at step: Int) throws(SQLiteFailure) -> Freed {
    if !window.contains(step) { try readFreed(around: step) }
    let found = freed[step - window.lowerBound]
    if case .nothing = found { return freedLater[step] ?? .nothing }
    return found
  }

  /// Reads what was freed in the pass of a step. Nearly all that is freed in a pass was made in it.
  private func readFreed(around step: Int) throws(SQLiteFailure) {
    let last = try number("SELECT max(step) FROM _event")
    let first = try number("SELECT max(first_step) FROM pass WHERE first_step <= ?1", step)
    let next = try number("SELECT min(first_step) FROM pass WHERE first_step > ?1", step)
    let steps = min(first, step)..<max(step + 1, next > 0 ? next : last + 1)
    var freed = [Freed](repeating: .nothing, count: steps.count)
    let made = "WHERE id BETWEEN ?1 AND ?2 AND freed_step BETWEEN ?1 AND ?2 ORDER BY id"
    try forEachRow(
      "SELECT freed_step, id FROM tile \(made)", steps.lowerBound, steps.upperBound - 1
    ) { row in freed[row.integer(0) - steps.lowerBound] = .tile(row.integer(1)) }
    try forEachRow(
      "SELECT freed_step, id FROM _allocation \(made)", steps.lowerBound, steps.upperBound - 1
    ) { row in freed[row.integer(0) - steps.lowerBound] = .allocation(row.integer(1)) }
    if last > freedLaterRead {
      freedLater = [:]
      try forEachRow(Self.keptBuffers, 1, .max) { row in
        freedLater[row.integer(0)] =
          row.integer(2) == 0 ? .allocation(row.integer(1)) : .tile(row.integer(1))
      }
      freedLaterRead = last
    }
    (self.freed, window) = (freed, steps)
  }

  /// The step of the append that is the last in the KV cache at a step.
  func append(at step: Int) throws(SQLiteFailure) -> Int? {
    if let appended, appended.steps.contains(step) { return appended.append }
    // It changes where something is appended, and after a pass that was given up.
    let first = try number(
      """
      SELECT max(s) FROM (SELECT max(step) AS s FROM kv_append WHERE step <= ?1
      UNION ALL SELECT max(last_step) + 1 FROM pass WHERE NOT is_finished AND last_step < ?1)
      """, step)
    let last = try number("SELECT max(step) FROM _event")
    let next = try number(
      """
      SELECT min(s) FROM (SELECT min(step) AS s FROM kv_append WHERE step > ?1
      UNION ALL SELECT min(last_step) + 1 FROM pass WHERE NOT is_finished AND last_step >= ?1)
      """, step)
    let found = try number(
      """
      SELECT a.step FROM kv_append AS a, (SELECT ?1 AS step) AS e WHERE \(kept)
      ORDER BY a.step DESC LIMIT 1
      """, step)
    let append = found > 0 ? found : nil
    appended = (min(first, step)...max(step, next > 0 ? next - 1 : last), append)
    return append
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
  /// Makes ``StepLookups`` known to SQL as `_peak`, `_freed_tile`, `_freed_allocation` and `_append`,
  /// each of a step.
  func registerStepLookups() {
    let lookups = StepLookups(handle)
    self.lookups = lookups
    register(StepFunction("_peak", lookups.peak))
    register(StepFunction("_freed_tile", lookups.freedTile))
    register(StepFunction("_freed_allocation", lookups.freedAllocation))
    register(StepFunction("_append", lookups.append))
  }

  private func register(_ function: StepFunction) {
    sqlite3_create_function_v2(
      handle, function.name, 1, SQLITE_UTF8 | SQLITE_DIRECTONLY,
      Unmanaged.passRetained(function).toOpaque(),
      { context, _, values in
        guard let data = sqlite3_user_data(context) else { return }
        Unmanaged<StepFunction>.fromOpaque(data).takeUnretainedValue()
          .call(context, at: Int(sqlite3_value_int64(values?[0])))
      }, nil, nil,
      { data in
        guard let data else { return }
        Unmanaged<StepFunction>.fromOpaque(data).release()
      })
  }
}

/// A function of a step as a connection holds it, called for every row of a search.
private final class StepFunction {
  let name: String
  private let lookup: (Int) throws(SQLiteFailure) -> Int?

  init(_ name: String, _ lookup: @escaping (Int) throws(SQLiteFailure) -> Int?) {
    self.name = name
    self.lookup = lookup
  }

  func call(_ context: OpaquePointer?, at step: Int) {
    do {
      if let value = try lookup(step) {
        sqlite3_result_int64(context, Int64(value))
      } else {
        sqlite3_result_null(context)
      }
    } catch {
      sqlite3_result_error_code(context, error.code)
    }
  }
}
