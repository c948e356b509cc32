import Events
import GRDB

/// The steps of a trace in their order, each with what it is part of and what it did: the tables of
/// events, operations, tiles, buffers and products read side by side, by key.
///
/// Memory is that of the buffers alive, of the model's names, and of some thousand states.
final class StepReader {
  /// A buffer or a tile, from the step that made it on.
  struct Life {
    /// The step that made it.
    let id: Int
    let category: MemoryCategory
    let bytes: Int
    let name: String
    /// `nil` for one that is never freed.
    let freedStep: Int?
    let isTile: Bool
    /// Whether it is a buffer of its own, and not a tile that lies in another, which is counted in
    /// its place.
    let isCounted: Bool
    /// In ns; 0 for one that is not filled when it is made.
    let duration: Int
  }

  /// One step.
  struct Step {
    let number: Int
    let pass: ExportedPass?
    let op: ExportedOp?
    let thread: Int
    let kind: EventKind
    let live: MemoryUse
    /// What came alive.
    var made: Life?
    /// What was returned.
    var freed: Life?
    /// The tile that a product read, where it read one.
    var usedTile: Int?
    /// In ns, where the trace says how long the step took.
    var duration: Int?
  }

  private let path: String
  private let events: RowReader
  private let ops: RowReader
  private let passes: RowReader
  private let allocations: RowReader
  private let tiles: RowReader
  private let products: RowReader
  private let names: TraceNames
  private var states: StateLookup

  private var op: ExportedOp?
  private var pass: ExportedPass?
  private var nextPass: ExportedPass?
  private var nextAllocation: Int?
  private var nextTile: Int?
  private var nextProduct: Int?
  /// What lives, by the step that made it.
  private var alive: [Int: Life] = [:]
  private var last = 0

  init(_ db: Database, path: String) throws {
    self.path = path
    events = try RowReader(
      db,
      "SELECT step, op, thread, kind, memory, buffer FROM _event ORDER BY step")
    ops = try RowReader(
      db, "SELECT id, node, first_step, last_step, start_ns, duration_ns FROM _op ORDER BY id")
    passes = try RowReader(
      db, "SELECT id, kind, first_step, last_step, start_ns, duration_ns FROM pass ORDER BY id")
    allocations = try RowReader(
      db, "SELECT id, label, bytes, freed_step FROM _allocation ORDER BY id")
    tiles = try RowReader(
      db,
      "SELECT id, weight_tile, bytes, freed_step, dequantize_ns, in_buffer FROM tile ORDER BY id")
    products = try RowReader(db, "SELECT step, duration_ns FROM matmul ORDER BY step")
    names = try TraceNames(db, path: path)
    states = try StateLookup(db, path: path)
    nextPass = try readPass()
    nextAllocation = try allocations.next() ? allocations.integer(0) : nil
    nextTile = try tiles.next() ? tiles.integer(0) : nil
    nextProduct = try products.next() ? products.integer(0) : nil
  }

  /// The next step, or `nil` after the last.
  ///
  /// - Throws: ``TraceError/corrupt(path:reason:)`` where rows contradict each other.
  func next() throws -> Step? {
    guard try events.next() else { return nil }
    let number = events.integer(0)
    guard number > last, number <= TraceRow.largest else { throw corrupt("step \(number)") }
    last = number
    try enterPass(at: number)
    if let id = events.optional(1) { try enterOp(id) } else { op = nil }
    let thread = events.integer(2)
    guard let kind = EventKind(rawValue: events.integer(3)), (0..<1 << 16).contains(thread) else {
      throw corrupt("an event of no kind at step \(number)")
    }
    var step = Step(
      number: number, pass: pass, op: op, thread: thread, kind: kind,
      live: try states.use(events.integer(4)))
    try read(into: &step)
    return step
  }

  private func read(into step: inout Step) throws {
    let buffer = events.optional(5).map { step.number &- $0 }
    switch step.kind {
    case .dequantize, .alloc:
      if nextAllocation == step.number { step.made = try readAllocation() }
      if nextTile == step.number { step.made = try readTile() }
      step.duration = step.made.map(\.duration)
      if let made = step.made, made.freedStep != nil { alive[made.id] = made }
    case .multiply:
      guard nextProduct == step.number else { throw corrupt("no product at step \(step.number)") }
      step.usedTile = buffer
      step.duration = try checked(products.integer(1))
      nextProduct = try products.next() ? products.integer(0) : nil
    case .free: step.freed = buffer.flatMap { alive.removeValue(forKey: $0) }
    case .compute, .append, .fail: break
    }
    if step.made == nil, step.kind == .dequantize || step.kind == .alloc {
      throw corrupt("no buffer that was made at step \(step.number)")
    }
    if step.kind == .free, step.freed?.freedStep != step.number {
      throw corrupt("no buffer that was freed at step \(step.number)")
    }
  }

  private func enterPass(at step: Int) throws {
    if let here = pass, here.lastStep < step { pass = nil }
    while let next = nextPass, next.firstStep <= step {
      pass = next.lastStep < step ? nil : next
      nextPass = try readPass()
    }
  }

  private func readPass() throws -> ExportedPass? {
    guard try passes.next() else { return nil }
    return ExportedPass(
      id: passes.integer(0), kind: passes.text(1), firstStep: passes.integer(2),
      lastStep: passes.integer(3), start: try checked(passes.integer(4)),
      duration: try checked(passes.integer(5)))
  }

  private func enterOp(_ id: Int) throws {
    if op?.id == id { return }
    op = nil
    while try ops.next() {
      let found = ops.integer(0)
      if found < id { continue }
      guard found == id, let node = names.nodes[ops.integer(1)] else { break }
      op = ExportedOp(
        id: id, node: node, start: try checked(ops.integer(4)),
        duration: try checked(ops.integer(5)))
      return
    }
    throw corrupt("no operation \(id)")
  }

  private func readAllocation() throws -> Life {
    guard let label = names.labels[allocations.integer(1)] else {
      throw corrupt("no name of the buffer of step \(last)")
    }
    let life = Life(
      id: last, category: label.category, bytes: try checked(allocations.integer(2)),
      name: label.name, freedStep: try freedStep(allocations.optional(3)), isTile: false,
      isCounted: true, duration: 0)
    nextAllocation = try allocations.next() ? allocations.integer(0) : nil
    return life
  }

  private func readTile() throws -> Life {
    let life = Life(
      id: last, category: .weightsDequantized, bytes: try checked(tiles.integer(2)),
      name: names.weightTiles[tiles.integer(1)] ?? "a tile",
      freedStep: try freedStep(tiles.optional(3)), isTile: true,
      isCounted: tiles.optional(5) == nil, duration: try checked(tiles.integer(4)))
    nextTile = try tiles.next() ? tiles.integer(0) : nil
    return life
  }

  private func freedStep(_ step: Int?) throws -> Int? {
    guard let step else { return nil }
    guard step > last else { throw corrupt("a buffer freed at step \(step)") }
    return step
  }

  /// Sizes and times, so small that many of them can be added up.
  private func checked(_ value: Int) throws -> Int {
    guard (0...TraceRow.largest).contains(value) else {
      throw corrupt("a size or time of \(value)")
    }
    return value
  }

  private func corrupt(_ reason: String) -> TraceError { .corrupt(path: path, reason: reason) }
}

/// A pass, as far as an export shows it.
struct ExportedPass: Equatable {
  let id: Int
  let kind: String
  let firstStep: Int
  let lastStep: Int
  /// In ns since the recording began.
  let start: Int
  /// In ns.
  let duration: Int
}

/// An operation of a pass, as far as an export shows it.
struct ExportedOp {
  let id: Int
  let node: TraceNames.Node
  /// In ns since the recording began.
  let start: Int
  /// In ns.
  let duration: Int
}
