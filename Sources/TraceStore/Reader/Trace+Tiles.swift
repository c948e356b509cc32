import Events
import GRDB

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
    try tensors().first { $0.name == name }
  }

  /// All weight tensors, in the order of the model.
  public func tensors() throws(TraceError) -> [TraceTensor] {
    if let knownTensors { return knownTensors }
    let tensors = try all("SELECT * FROM tensor ORDER BY id", [], decodeTensor)
    knownTensors = tensors
    return tensors
  }

  private func decodeTensor(_ row: TraceRow) throws -> TraceTensor {
    let rows: Int = try row["rows"]
    let cols: Int = try row["cols"]
    _ = try product(rows, cols)
    return try TraceTensor(
      id: row["id"], name: row["name"], layer: row["layer"], role: row["role"], type: row["type"],
      rows: rows, cols: cols, bytes: row["bytes"], fileOffset: row["file_offset"],
      bpw: row["bpw"])
  }

  /// The tile that was made at step `id`.
  public func tile(_ id: Int) throws(TraceError) -> TraceTile? {
    try first("SELECT * FROM _tile_rows WHERE id = ?", [id]) { row in
      let rows: Int = try row["rows"]
      let cols: Int? = try row["cols"]
      let mean: Double? = try row["value_mean"]
      let count = try self.product(rows, cols ?? 0)
      return try TraceTile(
        id: row["id"], weightTile: row["weight_tile"], tensor: row["tensor"],
        firstRow: row["first_row"], rows: rows, packedBytes: row["packed_bytes"],
        type: self.decode(
          TileDescription.ValueType.init(rawValue:), row["type_code"], "type of tile"),
        bytes: row["bytes"], usedStep: row["used_step"], freedStep: row["freed_step"],
        inBuffer: row["in_buffer"], dequantizeDuration: row["dequantize_ns"],
        statistics: ValueStatistics(
          count: count, sum: mean.map { $0 * Double(count) },
          min: row["value_min"], max: row["value_max"], rms: row["value_rms"]))
    }
  }

  /// The tile that was made, read or freed at `step`, or `nil` where none was.
  public func tile(at step: Int) throws(TraceError) -> TraceTile? {
    try bufferID(at: step).flatMap { id throws(TraceError) in try tile(id) }
  }

  /// The first step after `step` at which a tile is freed that was made in the pass of `step`, or
  /// in the one after it.
  ///
  /// - Complexity: O(tiles of the two passes).
  public func step(ofFirstTileFreedAfter step: Int) throws(TraceError) -> Int? {
    let query =
      "SELECT min(freed_step) FROM tile WHERE id BETWEEN ?1 AND ?2 AND freed_step > ?3"
    for pass in try all(
      "SELECT * FROM pass WHERE first_step >= coalesce("
        + "(SELECT max(first_step) FROM pass WHERE first_step <= ?), 0)"
        + " ORDER BY first_step LIMIT 2", [step], decodePass)
    {
      let steps = pass.steps
      let found = try first(query, [steps.lowerBound, steps.upperBound, step]) {
        try $0[0] as Int?
      }
      if let found = found.flatMap({ $0 }) { return found }
    }
    return nil
  }

  /// The last step before `step` at which a tile was freed that was made in the pass of `step`, or
  /// in the one before it.
  ///
  /// - Complexity: O(tiles of the two passes).
  public func step(ofLastTileFreedBefore step: Int) throws(TraceError) -> Int? {
    let query =
      "SELECT max(freed_step) FROM tile WHERE id BETWEEN ?1 AND ?2 AND freed_step < ?3"
    for pass in try all(
      "SELECT * FROM pass WHERE first_step <= ? ORDER BY first_step DESC LIMIT 2", [step],
      decodePass)
    {
      let steps = pass.steps
      let found = try first(query, [steps.lowerBound, steps.upperBound, step]) {
        try $0[0] as Int?
      }
      if let found = found.flatMap({ $0 }) { return found }
    }
    return nil
  }

  /// The product that was done at `step`.
  public func matmul(at step: Int) throws(TraceError) -> TraceMatmul? {
    try first("SELECT * FROM _matmul_rows WHERE step = ?", [step]) { row in
      try TraceMatmul(
        step: row["step"], tile: row["tile"], tensor: row["tensor"],
        firstRow: row["first_row"] ?? 0, m: row["m"], k: row["k"], n: row["n"],
        duration: row["duration_ns"], flops: row["flops"])
    }
  }

  /// The position that was appended to the KV cache at `step`.
  public func kvAppend(at step: Int) throws(TraceError) -> TraceKVAppend? {
    try first("SELECT * FROM kv_append WHERE step = ?", [step]) { row in
      try TraceKVAppend(
        step: row["step"], sequence: row["sequence"], layer: row["layer"],
        position: row["position"], keyBytes: row["key_bytes"], valueBytes: row["value_bytes"],
        cacheBytes: row["cache_bytes"])
    }
  }
}

// MARK: - Buffers

extension Trace {
  /// The buffers alive right after `step`, oldest first. Their bytes add up to what
  /// ``TraceEvent/live`` says.
  ///
  /// - Complexity: O(buffers made in the pass of `step` + buffers that ever outlived a pass).
  public func buffers(aliveAt step: Int) throws(TraceError) -> [TraceBuffer] {
    let start = try startOfPass(atOrBefore: step)
    let isAlive = "(freed_step IS NULL OR freed_step > ?2)"
    let kept = try all(
      "SELECT \(Self.bufferColumns) FROM _kept_buffer WHERE id < ?1 AND \(isAlive)", [start, step],
      decodeBuffer)
    let own = try all(
      "SELECT \(Self.bufferColumns) FROM buffer WHERE id BETWEEN ?1 AND ?2 AND \(isAlive)",
      [start, step], decodeBuffer)
    return (kept + own).sorted { $0.id < $1.id }
  }

  /// The buffer or tile that was allocated or freed at `step`, or `nil` where none was.
  public func buffer(at step: Int) throws(TraceError) -> TraceBuffer? {
    guard let event = try event(at: step), [.alloc, .dequantize, .free].contains(event.kind),
      let id = try bufferID(at: step)
    else { return nil }
    return try buffer(id)
  }

  /// The step that made the buffer or tile that `step` makes, reads or frees.
  private func bufferID(at step: Int) throws(TraceError) -> Int? {
    try first("SELECT step - buffer FROM _event WHERE step = ?", [step]) { try $0[0] as Int? }
      .flatMap { $0 }
  }

  /// The buffer or tile that was allocated at step `id`.
  public func buffer(_ id: Int) throws(TraceError) -> TraceBuffer? {
    try first("SELECT \(Self.bufferColumns) FROM buffer WHERE id = ?", [id], decodeBuffer)
  }

  /// The first step of the last pass that began at or before `step`; 1 while loading.
  private func startOfPass(atOrBefore step: Int) throws(TraceError) -> Int {
    try first("SELECT max(first_step) FROM pass WHERE first_step <= ?", [step]) {
      try $0[0] as Int?
    }
    .flatMap { $0 } ?? 1
  }

  /// The allocation that would have passed the memory budget and ended the run, if one did: the
  /// last that no finished pass follows.
  public func failure() throws(TraceError) -> TraceFailure? {
    try first(
      """
      SELECT * FROM failure WHERE step > (
        SELECT coalesce(max(last_step), 0) FROM pass WHERE is_finished)
      ORDER BY step DESC LIMIT 1
      """, [], decodeFailure)
  }

  /// The allocation that would have passed the memory budget at `step`.
  public func failure(at step: Int) throws(TraceError) -> TraceFailure? {
    try first("SELECT * FROM failure WHERE step = ?", [step], decodeFailure)
  }

  /// All allocations that would have passed the memory budget, by their steps.
  func failures() throws(TraceError) -> [Int: TraceFailure] {
    let failures = try all("SELECT * FROM failure", [], decodeFailure)
    return Dictionary(failures.map { ($0.step, $0) }, uniquingKeysWith: { $1 })
  }

  private func decodeFailure(_ row: TraceRow) throws -> TraceFailure {
    try TraceFailure(
      step: row["step"], category: category(row), name: row["name"], bytes: row["bytes"],
      live: row["live"], budget: row["budget"])
  }

  private func category(_ row: TraceRow) throws -> MemoryCategory {
    try category(named: row["category"])
  }

  private func category(named name: String) throws -> MemoryCategory {
    guard let category = MemoryCategory.allCases.first(where: { $0.name == name }) else {
      throw TraceError.corrupt(path: path, reason: "memory category \(name)")
    }
    return category
  }

  /// What ``decodeBuffer(_:)`` reads by its place: there may be thousands.
  static let bufferColumns = "id, category, name, bytes, freed_step, tile"

  func decodeBuffer(_ row: TraceRow) throws -> TraceBuffer {
    let tile: Int? = try row[5]
    return try TraceBuffer(
      id: row[0], category: category(named: row[1]), name: row[2], bytes: row[3],
      freedStep: row[4], isTile: tile != nil)
  }
}
