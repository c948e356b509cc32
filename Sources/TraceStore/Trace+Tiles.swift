import GRDB
import Inference

// MARK: - Tensors, tiles and products

extension Trace {
  /// A weight tensor by its index in the model.
  public func tensor(_ id: Int) throws(TraceError) -> TraceTensor? {
    try first("SELECT * FROM tensor WHERE id = ?", [id], decodeTensor)
  }

  /// A weight tensor by its name: `blk.3.attn_q.weight`.
  ///
  /// - Complexity: O(tensors).
  public func tensor(named name: String) throws(TraceError) -> TraceTensor? {
    try first("SELECT * FROM tensor WHERE name = ?", [name], decodeTensor)
  }

  /// All weight tensors, in the order of the model.
  public func tensors() throws(TraceError) -> [TraceTensor] {
    try all("SELECT * FROM tensor ORDER BY id", [], decodeTensor)
  }

  private func decodeTensor(_ row: Row) throws -> TraceTensor {
    TraceTensor(
      id: row["id"], name: row["name"], layer: row["layer"], role: row["role"], type: row["type"],
      rows: row["rows"], cols: row["cols"], bytes: row["bytes"], fileOffset: row["file_offset"],
      bpw: row["bpw"])
  }

  /// The tile that was made at step `id`.
  public func tile(_ id: Int) throws(TraceError) -> TraceTile? {
    try first(
      """
      SELECT t.id, t.weight_tile, w.tensor, w.first_row, w.rows, w.packed_bytes, t.type_code,
        t.bytes, t.used_step, t.freed_step, t.dequantize_ns, w.value_min, w.value_max,
        w.value_mean, w.value_rms, s.cols
      FROM tile AS t LEFT JOIN weight_tile AS w ON w.id = t.weight_tile
        LEFT JOIN tensor AS s ON s.id = w.tensor
      WHERE t.id = ?
      """, [id]
    ) { row in
      let rows: Int = row[4]
      let count = rows &* (row[15] ?? 0)
      return TraceTile(
        id: row[0], weightTile: row[1], tensor: row[2], firstRow: row[3], rows: rows,
        packedBytes: row[5],
        type: try self.decode(TileDescription.ValueType.init(rawValue:), row[6], "type of tile"),
        bytes: row[7], usedStep: row[8], freedStep: row[9], dequantizeDuration: row[10],
        statistics: ValueStatistics(
          count: count, sum: (row[13] as Double?).map { $0 * Double(count) }, min: row[11],
          max: row[12], rms: row[14]))
    }
  }

  /// The tile that was made, read or freed at `step`, or `nil` where none was.
  public func tile(at step: Int) throws(TraceError) -> TraceTile? {
    guard let event = try event(at: step) else { return nil }
    switch event.kind {
    case .dequantize: return try tile(step)
    case .multiply:
      guard let id = try matmul(at: step)?.tile else { return nil }
      return try tile(id)
    case .free:
      guard let id = try freed(at: step, in: "tile") else { return nil }
      return try tile(id)
    case .alloc, .compute, .append, .fail: return nil
    }
  }

  /// The product that was done at `step`.
  public func matmul(at step: Int) throws(TraceError) -> TraceMatmul? {
    try first(
      """
      SELECT p.step, p.tile, p.tensor, coalesce(p.first_row, w.first_row), p.m, p.k, p.n,
        p.duration_ns, p.flops
      FROM matmul AS p LEFT JOIN tile AS t ON t.id = p.tile
        LEFT JOIN weight_tile AS w ON w.id = t.weight_tile
      WHERE p.step = ?
      """, [step]
    ) { row in
      TraceMatmul(
        step: row[0], tile: row[1], tensor: row[2], firstRow: row[3] ?? 0, m: row[4], k: row[5],
        n: row[6], duration: row[7], flops: row[8])
    }
  }

  /// The position that was appended to the KV cache at `step`.
  public func kvAppend(at step: Int) throws(TraceError) -> TraceKVAppend? {
    try first(
      """
      SELECT step, layer, position, key_bytes, value_bytes, cache_bytes FROM kv_append
      WHERE step = ?
      """, [step]
    ) { row in
      TraceKVAppend(
        step: row[0], layer: row[1], position: row[2], keyBytes: row[3], valueBytes: row[4],
        cacheBytes: row[5])
    }
  }
}

// MARK: - Buffers

extension Trace {
  private static let bufferColumns = """
    SELECT id, category, name, bytes, freed_step, tile FROM buffer
    """

  /// The buffers alive right after `step`, oldest first. Their bytes add up to what
  /// ``TraceEvent/live`` says.
  ///
  /// - Complexity: O(buffers made in the pass of `step` + buffers that ever outlived a pass).
  public func buffers(aliveAt step: Int) throws(TraceError) -> [TraceBuffer] {
    let start = try startOfPass(atOrBefore: step)
    let kept = try all(
      Self.bufferColumns + """
         WHERE id IN (SELECT id FROM _kept WHERE id < ?1)
          AND (freed_step IS NULL OR freed_step > ?2)
        """, [start, step], decodeBuffer)
    let own = try all(
      Self.bufferColumns + """
         WHERE id BETWEEN ?1 AND ?2 AND (freed_step IS NULL OR freed_step > ?2)
        """, [start, step], decodeBuffer)
    return (kept + own).sorted { $0.id < $1.id }
  }

  /// The buffer or tile that was allocated or freed at `step`, or `nil` where none was.
  public func buffer(at step: Int) throws(TraceError) -> TraceBuffer? {
    guard let event = try event(at: step) else { return nil }
    switch event.kind {
    case .alloc, .dequantize: return try buffer(step)
    case .free:
      if let id = try freed(at: step, in: "tile") { return try buffer(id) }
      guard let id = try freed(at: step, in: "_allocation") else { return nil }
      return try buffer(id)
    case .multiply, .compute, .append, .fail: return nil
    }
  }

  /// The buffer or tile that was allocated at step `id`.
  public func buffer(_ id: Int) throws(TraceError) -> TraceBuffer? {
    try first(Self.bufferColumns + " WHERE id = ?", [id], decodeBuffer)
  }

  /// The row of `table` that was freed at `step`: made in the same pass, or kept from before it.
  private func freed(at step: Int, in table: String) throws(TraceError) -> Int? {
    let start = try startOfPass(atOrBefore: step)
    let own = try first(
      """
      SELECT id FROM \(table) WHERE id BETWEEN ?1 AND ?2 AND freed_step = ?2
      ORDER BY id DESC LIMIT 1
      """, [start, step]
    ) { $0[0] as Int }
    if let own { return own }
    return try first(
      """
      SELECT b.id FROM _kept AS k CROSS JOIN \(table) AS b ON b.id = k.id
      WHERE k.id < ?1 AND b.freed_step = ?2
      """, [start, step]
    ) { $0[0] as Int }
  }

  /// The first step of the last pass that began at or before `step`; 1 while loading.
  private func startOfPass(atOrBefore step: Int) throws(TraceError) -> Int {
    try first("SELECT max(first_step) FROM pass WHERE first_step <= ?", [step]) { $0[0] as Int? }
      .flatMap { $0 } ?? 1
  }

  private func decodeBuffer(_ row: Row) throws -> TraceBuffer {
    let name: String = row[1]
    guard let category = MemoryCategory.allCases.first(where: { $0.name == name }) else {
      throw TraceError.corrupt(path: path, reason: "memory category \(name)")
    }
    return TraceBuffer(
      id: row[0], category: category, name: row[2] ?? "", bytes: row[3], freedStep: row[4],
      isTile: row[5] != nil)
  }
}
