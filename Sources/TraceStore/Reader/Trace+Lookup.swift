import Basics
import Events
import Foundation
import GRDB

// MARK: - Steps and passes

extension Trace {
  /// What happened at `step`, or `nil` outside the trace.
  public func event(at step: Int) throws(TraceError) -> TraceEvent? {
    try first("SELECT * FROM event WHERE step = ?", [step]) { row in
      try TraceEvent(
        step: row[0], op: row[1], thread: row[2],
        kind: self.decode(EventKind.init(name:), row[3], "kind of event"),
        live: MemoryUse(row: row))
    }
  }

  /// The pass with the number `id`.
  public func pass(_ id: Int) throws(TraceError) -> TracePass? {
    try first("SELECT * FROM pass WHERE id = ?", [id], decodePass)
  }

  /// The pass that `step` is part of, or `nil` while loading and between passes.
  public func pass(at step: Int) throws(TraceError) -> TracePass? {
    let pass = try first(
      "SELECT * FROM pass WHERE first_step <= ? ORDER BY first_step DESC LIMIT 1", [step],
      decodePass)
    return pass.flatMap { $0.steps.contains(step) ? $0 : nil }
  }

  /// All passes, in order.
  public func passes() throws(TraceError) -> [TracePass] {
    try all("SELECT * FROM pass ORDER BY id", [], decodePass)
  }

  func decodePass(_ row: TraceRow) throws -> TracePass {
    try TracePass(
      id: row["id"], branch: row["branch"], sequence: row["sequence"],
      kind: try row["kind"] == "prefill" ? .prefill : .decode,
      firstPosition: row["first_position"], tokens: row["tokens"],
      sequences: row["sequences"],
      steps: range(row["first_step"], row["last_step"]),
      ops: ops(row["first_op"], row["last_op"]), start: row["start_ns"],
      duration: row["duration_ns"], isFinished: row["is_finished"] != 0,
      strategy: row["strategy"], tileRows: row["tile_rows"],
      kvType: row["kv_type"])
  }

  private func ops(_ first: Int, _ last: Int) throws -> Range<Int> {
    last + 1 == first ? first..<first : Range(try range(first, last))
  }

  func range(_ first: Int, _ last: Int) throws -> ClosedRange<Int> {
    guard first <= last else {
      throw TraceError.corrupt(path: path, reason: "a range from \(first) to \(last)")
    }
    return first...last
  }

  /// How many values a shape has, at most ``TraceRow/largest``.
  func product(_ rows: Int, _ cols: Int) throws -> Int {
    let (count, overflow) = rows.multipliedReportingOverflow(by: cols)
    guard !overflow, count <= TraceRow.largest else {
      throw TraceError.corrupt(path: path, reason: "a shape of \(rows) by \(cols)")
    }
    return count
  }

  func decode<Code, T>(_ make: (Code) -> T?, _ code: Code, _ what: String) throws -> T {
    guard let value = make(code) else {
      throw TraceError.corrupt(path: path, reason: "\(what) \(code)")
    }
    return value
  }
}

// MARK: - Operations

extension Trace {
  /// The operation with the number `id`.
  public func op(_ id: Int) throws(TraceError) -> TraceOp? {
    try first("SELECT * FROM op WHERE id = ?", [id], decodeOp)
  }

  /// The operation that `step` is part of, or `nil` while loading and between operations.
  public func op(at step: Int) throws(TraceError) -> TraceOp? {
    try first(
      "SELECT * FROM op WHERE id = (SELECT op FROM _event WHERE step = ?)", [step], decodeOp)
  }

  /// The last operation that began at or before `step`.
  public func op(startingAtOrBefore step: Int) throws(TraceError) -> TraceOp? {
    // Most often the step is part of it, or comes soon after it.
    let near = try first(
      "SELECT op FROM _event WHERE step BETWEEN ? AND ? AND op IS NOT NULL ORDER BY step DESC LIMIT 1",
      [max(step - 16, 0), max(step, 0)]
    ) { try $0[0] as Int }
    if let near, let op = try op(near), op.steps.lowerBound <= step { return op }
    // Operations are numbered in the order of their steps: a binary search by number.
    do {
      let next = try (1..<opCount() + 1).firstSortedIndex { id in
        let start = try first("SELECT first_step FROM _op WHERE id = ?", [id]) { try $0[0] as Int }
        return start.map { $0 > step } ?? true
      }
      return next == 1 ? nil : try op(next - 1)
    } catch {
      throw TraceError(error, path: path)
    }
  }

  /// The first operation that begins at or after `step`.
  public func op(startingAtOrAfter step: Int) throws(TraceError) -> TraceOp? {
    guard let before = try op(startingAtOrBefore: step) else { return try op(1) }
    return before.steps.lowerBound == step ? before : try op(before.id + 1)
  }

  /// The operations of a pass, in order.
  ///
  /// - Complexity: O(operations of the pass).
  public func ops(inPass pass: Int) throws(TraceError) -> [TraceOp] {
    guard let ops = try self.pass(pass)?.ops else { return [] }
    return try all(
      "SELECT * FROM op WHERE id >= ? AND id < ? ORDER BY id", [ops.lowerBound, ops.upperBound],
      decodeOp)
  }

  /// The operation whose result is the logits of a finished pass: its last.
  public func logitsOp(inPass pass: Int) throws(TraceError) -> TraceOp? {
    guard let pass = try self.pass(pass), pass.isFinished else { return nil }
    return try op(pass.ops.upperBound - 1)
  }

  /// The operation of a pass that has this name.
  ///
  /// - Complexity: O(operations of the pass).
  public func op(named name: String, inPass pass: Int) throws(TraceError) -> TraceOp? {
    guard let ops = try self.pass(pass)?.ops else { return nil }
    return try first(
      "SELECT * FROM op WHERE id >= ? AND id < ? AND name = ? ORDER BY id LIMIT 1",
      [ops.lowerBound, ops.upperBound, name], decodeOp)
  }

  /// The operation whose result holds an infinity or a NaN and that ended the run, if one did: the
  /// last of all, in a pass that did not finish.
  public func notFiniteOp() throws(TraceError) -> TraceOp? {
    guard
      let op = try first("SELECT * FROM op ORDER BY id DESC LIMIT 1", [], decodeOp),
      let statistics = op.statistics, !statistics.rms.isFinite
    else { return nil }
    return try pass(op.pass)?.isFinished == false ? op : nil
  }

  /// The steps from one operation to a later one.
  public func steps(
    from first: TraceOp, through last: TraceOp
  ) throws(TraceError) -> ClosedRange<Int> {
    guard first.steps.lowerBound <= last.steps.upperBound else {
      throw .corrupt(path: path, reason: "operations \(first.id) and \(last.id) out of order")
    }
    return first.steps.lowerBound...last.steps.upperBound
  }

  private func decodeOp(_ row: TraceRow) throws -> TraceOp {
    let rows: Int = try row["rows"]
    let cols: Int = try row["cols"]
    let json = Data((try row["inputs"] as String).utf8)
    guard let inputs = try? JSONDecoder().decode([String].self, from: json) else {
      throw TraceError.corrupt(
        path: path, reason: "the inputs of operation \(try row["id"] as Int)")
    }
    return try TraceOp(
      id: row["id"], pass: row["pass"], layer: row["layer"], name: row["name"], kind: row["kind"],
      inputs: inputs, rows: rows, cols: cols,
      steps: range(row["first_step"], row["last_step"]), start: row["start_ns"],
      duration: row["duration_ns"],
      statistics: ValueStatistics(
        count: try product(rows, cols), sum: row["sum"], min: row["min"], max: row["max"],
        rms: row["rms"]),
      tensor: row["tensor"], attributes: attributes(row), line: row["line"])
  }

  private func attributes(_ row: TraceRow) throws -> OpAttributes {
    guard let json: String = try row["attributes"] else { return OpAttributes() }
    if let known = knownAttributes[json] { return known }
    guard let attributes = OpAttributes(json: json) else {
      throw TraceError.corrupt(
        path: path, reason: "the attributes of operation \(try row["id"] as Int)")
    }
    knownAttributes[json] = attributes
    return attributes
  }

  /// The whole output of an operation, `(rows, cols)` row-major, where values were captured: as
  /// many values as ``TraceOp/rows`` and ``TraceOp/cols`` say, and at least one.
  public func value(ofOp op: Int) throws(TraceError) -> [Float]? {
    let query =
      "SELECT v.dtype, v.data, o.rows, o.cols FROM value AS v LEFT JOIN _op AS o ON o.id = v.op"
      + " WHERE v.op = ?"
    return try first(query, [op]) { row in
      let data: Data = try row[1]
      let count = try self.product(row[2], row[3])
      guard try row[0] == "f32", count > 0, data.count % 4 == 0, data.count / 4 == count else {
        throw TraceError.corrupt(path: self.path, reason: "the value of operation \(op)")
      }
      return data.withUnsafeBytes { bytes in
        (0..<bytes.count / 4).map { index in
          Float(
            bitPattern: UInt32(
              littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)))
        }
      }
    }
  }
}

extension ValueStatistics {
  /// As they lie in a trace: `nil` where none were kept. NULL beside others stands for NaN, which
  /// SQLite does not store.
  init?(count: Int, sum: Double?, min: Double?, max: Double?, rms: Double?) {
    if sum == nil && min == nil && max == nil && rms == nil { return nil }
    self.init(
      count: count, sum: sum ?? .nan, min: min ?? .nan, max: max ?? .nan, rms: rms ?? .nan)
  }
}
