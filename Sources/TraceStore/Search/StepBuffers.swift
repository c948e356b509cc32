import GRDBSQLite

/// The buffers that events have to do with: the tile that one makes, reads or frees, and the bytes that
/// one takes or returns. Once a few were asked for, those of many events are read at once.
final class StepBuffers {
  private let connection: OpaquePointer
  @exclusivity(unchecked) private var window = Window()
  /// How many events outside of the window were asked for since it was read.
  private var misses = 0
  private var eventQuery: Statement?
  /// What is freed, wherever, of the buffers that outlive the pass they were made in.
  private var freedLater: [Int: Event] = [:]
  private var freedLaterRead = 0
  private let steps: KnownSteps

  private struct Event {
    var tile: Int?
    var tensor: Int?
    var freedAllocation: Int?
    var bytes: Int?
  }

  /// What the events of some steps of a pass have to do with.
  private struct Window {
    var steps = 0..<0
    /// The first step of the pass.
    var start = 0
    /// The tile of each, 0 where nothing is known and below where there is none.
    var tiles: [Int] = []
    /// The tensor of each, below 0 where there is none; read when first asked for.
    var tensors: [Int] = []
    /// The bytes of each, below 0 where there are none.
    var bytes: [Int] = []
    var freedAllocations: [Int: Int] = [:]
    /// Whether it knows the tiles that are read.
    var hasProducts = false

    init(steps: Range<Int> = 0..<0, start: Int = 0) {
      (self.steps, self.start) = (steps, start)
      tiles = [Int](repeating: 0, count: steps.count)
      bytes = [Int](repeating: -1, count: steps.count)
    }

    mutating func set(_ step: Int, tile: Int = -1, bytes: Int = -1) {
      guard steps.contains(step) else { return }
      self.tiles[step - steps.lowerBound] = tile
      self.bytes[step - steps.lowerBound] = bytes
    }
  }

  init(_ connection: OpaquePointer, _ steps: KnownSteps) {
    (self.connection, self.steps) = (connection, steps)
  }

  /// The tile that is made, read or freed at a step.
  func tile(at step: Int) throws(SQLiteFailure) -> Int? {
    if !window.steps.contains(step), let event = try eventOutsideWindow(at: step) {
      return event.tile
    }
    if !window.hasProducts { try readProducts() }
    let tile = window.tiles[step - window.steps.lowerBound]
    return tile > 0 ? tile : tile == 0 ? freedLater[step]?.tile : nil
  }

  /// The weight tensor at a step: of the tile that is made, read or freed, of the product, or else of
  /// the operation.
  func tensor(at step: Int) throws(SQLiteFailure) -> Int? {
    if !window.steps.contains(step), let event = try eventOutsideWindow(at: step) {
      return event.tensor
    }
    if window.tensors.isEmpty { try readTensors() }
    let tensor = window.tensors[step - window.steps.lowerBound]
    if window.tiles[step - window.steps.lowerBound] == 0, let later = freedLater[step]?.tensor {
      return later
    }
    return tensor >= 0 ? tensor : nil
  }

  /// The bytes of the buffer that is taken or returned at a step, or that was refused. A tile that lies
  /// in another buffer takes none.
  func bytes(at step: Int) throws(SQLiteFailure) -> Int? {
    if !window.steps.contains(step), let event = try eventOutsideWindow(at: step) {
      return event.bytes
    }
    let bytes = window.bytes[step - window.steps.lowerBound]
    if bytes >= 0 { return bytes }
    return window.tiles[step - window.steps.lowerBound] == 0 ? freedLater[step]?.bytes : nil
  }

  /// The buffer that is no tile that is freed at a step.
  func freedAllocation(at step: Int) throws(SQLiteFailure) -> Int? {
    if !window.steps.contains(step), let event = try eventOutsideWindow(at: step) {
      return event.freedAllocation
    }
    if window.tiles[step - window.steps.lowerBound] == 0 {
      return freedLater[step]?.freedAllocation
    }
    return window.freedAllocations[step]
  }

  /// What is known of a step without the window; `nil` where the window has it now.
  private func eventOutsideWindow(at step: Int) throws(SQLiteFailure) -> Event? {
    guard try steps.contains(step) else { return Event() }
    misses += 1
    if misses <= 20, let event = try readEvent(at: step) { return event }
    try readWindow(around: step)
    misses = 0
    return nil
  }

  /// Reads one event; `nil` for one that frees something, which takes a search.
  private func readEvent(at step: Int) throws(SQLiteFailure) -> Event? {
    if eventQuery == nil { eventQuery = try Statement(connection, Self.oneEvent) }
    guard let query = eventQuery else { return nil }
    defer { query.reset() }
    query.bind(1, step)
    guard try query.step() else { return Event() }
    if query.integer(0) == EventKind.free.rawValue { return nil }
    return Event(
      tile: query.optionalInteger(1), tensor: query.optionalInteger(2),
      bytes: query.optionalInteger(3))
  }

  private static let oneEvent = """
    SELECT kind,
      CASE kind WHEN \(EventKind.dequantize.rawValue) THEN step
        WHEN \(EventKind.multiply.rawValue) THEN (SELECT tile FROM matmul AS x WHERE x.step = e.step)
        END,
      CASE kind
        WHEN \(EventKind.dequantize.rawValue) THEN (
          SELECT w.tensor FROM tile AS t JOIN weight_tile AS w ON w.id = t.weight_tile
          WHERE t.id = e.step)
        WHEN \(EventKind.multiply.rawValue)
          THEN (SELECT tensor FROM matmul AS x WHERE x.step = e.step)
        ELSE (SELECT n.tensor FROM _op AS o JOIN _node AS n ON n.id = o.node WHERE o.id = e.op) END,
      CASE kind
        WHEN \(EventKind.dequantize.rawValue)
          THEN (SELECT bytes FROM tile WHERE id = e.step AND in_buffer IS NULL)
        WHEN \(EventKind.alloc.rawValue) THEN (SELECT bytes FROM _allocation WHERE id = e.step)
        WHEN \(EventKind.fail.rawValue) THEN (SELECT bytes FROM failure AS f WHERE f.step = e.step) END
    FROM _event AS e WHERE step = ?1
    """

  /// Reads a part of the pass of a step. Nearly all that is freed in a pass was made in it.
  private func readWindow(around step: Int) throws(SQLiteFailure) {
    let most = 1 << 18
    let began = try connection.number(
      "SELECT max(first_step) FROM pass WHERE first_step <= ?1", step)
    let next = try connection.number("SELECT min(first_step) FROM pass WHERE first_step > ?1", step)
    let start = max(1, began)
    let first = start + (step - start) / most * most
    let last = self.steps.last
    let end = min(last, next > step ? next - 1 : last)
    let steps = first..<first + min(most, end - first + 1)
    var window = Window(steps: steps, start: start)
    // A tile that is made in the place of another comes after it.
    try connection.forEachRow(
      "SELECT id, freed_step, CASE WHEN in_buffer IS NULL THEN bytes ELSE -1 END FROM tile"
        + " WHERE id BETWEEN ?1 AND ?2 ORDER BY id", start, steps.upperBound - 1
    ) { row in
      let (id, bytes) = (row.integer(0), row.integer(2))
      window.set(id, tile: id, bytes: bytes)
      window.set(row.integer(1), tile: id, bytes: bytes)
    }
    try connection.forEachRow(
      "SELECT id, freed_step, bytes FROM _allocation WHERE id BETWEEN ?1 AND ?2 ORDER BY id", start,
      steps.upperBound - 1
    ) { row in
      let (id, freed, bytes) = (row.integer(0), row.integer(1), row.integer(2))
      window.set(id, bytes: bytes)
      window.set(freed, bytes: bytes)
      window.freedAllocations[freed] = id
    }
    try connection.forEachRow(
      "SELECT step, bytes FROM failure WHERE step BETWEEN ?1 AND ?2", steps.lowerBound,
      steps.upperBound - 1
    ) { row in window.set(row.integer(0), bytes: row.integer(1)) }
    if last > freedLaterRead {
      freedLater = [:]
      try connection.forEachRow(Self.keptBuffers, 1, .max) { row in
        let id = row.integer(1)
        let isTile = row.integer(2) != 0
        freedLater[row.integer(0)] = Event(
          tile: isTile ? id : nil, tensor: row.optionalInteger(4),
          freedAllocation: isTile ? nil : id, bytes: row.optionalInteger(3))
      }
      freedLaterRead = last
    }
    self.window = window
  }

  /// Reads the tiles that products of the window read.
  private func readProducts() throws(SQLiteFailure) {
    var window = window
    try connection.forEachRow(
      "SELECT step, coalesce(tile, -1) FROM matmul WHERE step BETWEEN ?1 AND ?2",
      window.steps.lowerBound, window.steps.upperBound - 1
    ) { row in window.set(row.integer(0), tile: row.integer(1)) }
    window.hasProducts = true
    self.window = window
  }

  /// Reads the tensors of operations, tiles and products of the window.
  private func readTensors() throws(SQLiteFailure) {
    let steps = window.steps
    var tensors = [Int](repeating: -1, count: steps.count)
    func set(_ step: Int, _ tensor: Int) {
      if steps.contains(step) { tensors[step - steps.lowerBound] = tensor }
    }
    try connection.forEachRow(
      "SELECT t.id, t.freed_step, w.tensor FROM tile AS t"
        + " JOIN weight_tile AS w ON w.id = t.weight_tile WHERE t.id BETWEEN ?1 AND ?2"
        + " ORDER BY t.id", window.start, steps.upperBound - 1
    ) { row in
      set(row.integer(0), row.integer(2))
      set(row.integer(1), row.integer(2))
    }
    // Where a buffer is freed that is no tile, the tiles in it are none of the event.
    for step in window.freedAllocations.keys { set(step, -1) }
    try connection.forEachRow(
      "SELECT step, tensor FROM matmul WHERE step BETWEEN ?1 AND ?2", steps.lowerBound,
      steps.upperBound - 1
    ) { row in set(row.integer(0), row.integer(1)) }
    try connection.forEachRow(
      """
      SELECT o.first_step, o.last_step, n.tensor FROM _op AS o JOIN _node AS n ON n.id = o.node
      WHERE o.id BETWEEN (SELECT op FROM _event WHERE step >= ?1 AND op > 0 ORDER BY step LIMIT 1)
        AND (SELECT op FROM _event WHERE step <= ?2 AND op > 0 ORDER BY step DESC LIMIT 1)
        AND n.tensor IS NOT NULL
      """, steps.lowerBound, steps.upperBound - 1
    ) { row in
      let (first, last) = (row.integer(0), row.integer(1))
      guard first <= last, first < steps.upperBound, last >= steps.lowerBound else { return }
      for step in max(first, steps.lowerBound)...min(last, steps.upperBound - 1)
      where tensors[step - steps.lowerBound] < 0 { set(step, row.integer(2)) }
    }
    window.tensors = tensors
  }

  private static let keptBuffers = """
    SELECT coalesce(a.freed_step, t.freed_step) AS freed_step, k.id, t.id IS NOT NULL,
      CASE WHEN t.id IS NULL THEN a.bytes WHEN t.in_buffer IS NULL THEN t.bytes END, w.tensor
    FROM _kept AS k LEFT JOIN tile AS t ON t.id = k.id LEFT JOIN _allocation AS a ON a.id = k.id
    LEFT JOIN weight_tile AS w ON w.id = t.weight_tile
    WHERE k.id BETWEEN ?1 AND ?2 AND coalesce(a.freed_step, t.freed_step) IS NOT NULL
    """
}

/// The steps that there are, which a live run adds to.
final class KnownSteps {
  private let connection: OpaquePointer
  /// The last of them when one beyond was last asked for.
  private(set) var last = 0

  init(_ connection: OpaquePointer) { self.connection = connection }

  func contains(_ step: Int) throws(SQLiteFailure) -> Bool {
    if step > last { last = try connection.number("SELECT max(step) FROM _event") }
    return step > 0 && step <= last && step < .max
  }
}

extension OpaquePointer {
  /// A number of a query's only row, on this connection; 0 where it is NULL.
  func number(_ sql: String, _ parameter: Int = 0) throws(SQLiteFailure) -> Int {
    var number = 0
    try forEachRow(sql, parameter, 0) { number = $0.integer(0) }
    return number
  }

  /// Calls `body` at each row of a query with two parameters, on this connection.
  func forEachRow(
    _ sql: String, _ first: Int, _ last: Int, body: (Statement) -> Void
  ) throws(SQLiteFailure) {
    let statement = try Statement(self, sql)
    statement.bind(1, first)
    statement.bind(2, last)
    while try statement.step() { body(statement) }
  }
}
