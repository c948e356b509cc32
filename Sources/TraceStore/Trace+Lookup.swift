import Foundation
import GRDB
import Inference

// MARK: - Steps and passes

extension Trace {
  /// What happened at `step`, or `nil` outside the trace.
  public func event(at step: Int) throws(TraceError) -> TraceEvent? {
    try first(
      """
      SELECT e.step, e.op, e.thread, e.kind, m.weights, m.weights_dequantized, m.kv_cache,
        m.activations, m.workspace, m.logits
      FROM _event AS e LEFT JOIN _memory AS m ON m.id = e.memory WHERE e.step = ?
      """, [step]
    ) { row in
      TraceEvent(
        step: row[0], op: row[1], thread: row[2],
        kind: try self.decode(EventKind.init(rawValue:), row[3], "kind of event"),
        live: MemoryUse(row: row, at: 4))
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

  private func decodePass(_ row: Row) throws -> TracePass {
    TracePass(
      id: row["id"], branch: row["branch"], sequence: row["sequence"],
      kind: row["kind"] == "prefill" ? .prefill : .decode,
      firstPosition: row["first_position"], tokens: row["tokens"],
      steps: try range(row["first_step"], row["last_step"]),
      ops: try range(row["first_op"], row["last_op"]),
      start: row["start_ns"], duration: row["duration_ns"])
  }

  func range(_ first: Int, _ last: Int) throws -> ClosedRange<Int> {
    guard first <= last else {
      throw TraceError.corrupt(path: path, reason: "a range from \(first) to \(last)")
    }
    return first...last
  }

  func decode<T>(_ make: (Int) -> T?, _ code: Int, _ what: String) throws -> T {
    guard let value = make(code) else {
      throw TraceError.corrupt(path: path, reason: "\(what) \(code)")
    }
    return value
  }
}

// MARK: - Operations

extension Trace {
  private static let opColumns = """
    SELECT id, pass, layer, name, kind, inputs, rows, cols, first_step, last_step, start_ns,
      duration_ns, sum, min, max, rms, tensor FROM op
    """

  /// The operation with the number `id`.
  public func op(_ id: Int) throws(TraceError) -> TraceOp? {
    try first(Self.opColumns + " WHERE id = ?", [id], decodeOp)
  }

  /// The operation that `step` is part of, or `nil` while loading and between operations.
  public func op(at step: Int) throws(TraceError) -> TraceOp? {
    try first(
      Self.opColumns + " WHERE id = (SELECT op FROM _event WHERE step = ?)", [step], decodeOp)
  }

  /// The last operation that began at or before `step`.
  public func op(startingAtOrBefore step: Int) throws(TraceError) -> TraceOp? {
    // Operations are numbered in the order of their steps: a binary search by number.
    var low = 0
    var high = try opCount()
    while low < high {
      let middle = (low + high + 1) / 2
      let start = try first("SELECT first_step FROM _op WHERE id = ?", [middle]) { $0[0] as Int }
      if let start, start <= step { low = middle } else { high = middle - 1 }
    }
    return low == 0 ? nil : try op(low)
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
    try all(
      Self.opColumns + """
         WHERE id BETWEEN (SELECT first_op FROM pass WHERE id = ?1)
          AND (SELECT last_op FROM pass WHERE id = ?1) ORDER BY id
        """, [pass], decodeOp)
  }

  /// The operation of a pass that has this name.
  ///
  /// - Complexity: O(operations of the pass).
  public func op(named name: String, inPass pass: Int) throws(TraceError) -> TraceOp? {
    try ops(inPass: pass).first { $0.name == name }
  }

  private func decodeOp(_ row: Row) throws -> TraceOp {
    let rows: Int = row[6]
    let cols: Int = row[7]
    let json = Data((row[5] as String).utf8)
    guard let inputs = try? JSONDecoder().decode([String].self, from: json) else {
      throw TraceError.corrupt(path: path, reason: "the inputs of operation \(row[0] as Int)")
    }
    return TraceOp(
      id: row[0], pass: row[1], layer: row[2], name: row[3], kind: row[4], inputs: inputs,
      rows: rows, cols: cols, steps: try range(row[8], row[9]), start: row[10], duration: row[11],
      statistics: ValueStatistics(
        count: rows &* cols, sum: row[12], min: row[13], max: row[14], rms: row[15]),
      tensor: row[16])
  }

  /// The whole output of an operation, `(rows, cols)` row-major, where values were captured.
  public func value(ofOp op: Int) throws(TraceError) -> [Float]? {
    try first("SELECT dtype, data FROM value WHERE op = ?", [op]) { row in
      let data: Data = row[1]
      guard row[0] == "f32", data.count % 4 == 0 else {
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

extension MemoryUse {
  /// From six columns in the order of ``MemoryCategory``.
  init(row: Row, at first: Int) {
    self.init()
    for category in MemoryCategory.allCases {
      self[category] = row[first + category.rawValue] ?? 0
    }
  }
}
