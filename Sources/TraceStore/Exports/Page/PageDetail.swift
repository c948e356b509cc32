import Events
import GRDB

extension PageTrace.Detail {
  /// The most steps of a pass that are shown one by one.
  static let longest = 400_000
}

extension Trace {
  /// One pass, step by step.
  ///
  /// - Complexity: O(steps of the pass).
  func pageDetail(
    of pass: TracePass, steps count: Int, _ states: inout PageStates
  ) throws -> PageTrace.Detail {
    let (first, last) = (pass.steps.lowerBound, min(pass.steps.upperBound, count))
    guard first >= 1, first <= last else {
      throw TraceError.corrupt(path: path, reason: "the steps of pass \(pass.id)")
    }
    var detail = PageTrace.Detail(pass: pass.id, first: first, last: last)
    detail.ops = try pageOps(of: pass, &states)
    detail.isTooLong = last - first >= PageTrace.Detail.longest
    guard !detail.isTooLong else { return detail }
    for row in try all(
      "SELECT memory, kind FROM _event WHERE step BETWEEN ? AND ? ORDER BY step", [first, last],
      { (try $0[0] as Int, try $0[1] as Int) })
    {
      detail.steps.append(8 * states[try pageState(row.0)] + row.1)
    }
    detail.tiles = try pageTiles(first, last)
    detail.products = try pageProducts(first, last)
    detail.buffers = try pageBuffers(first, last)
    return detail
  }

  /// What was alive in a row of `_memory`; those that were read with the run.
  private func pageState(_ id: Int) throws -> MemoryUse {
    guard let use = memoryStates[id] else {
      throw TraceError.corrupt(path: path, reason: "no state of memory \(id)")
    }
    return use
  }

  private func pageOps(
    of pass: TracePass, _ states: inout PageStates
  ) throws -> PageTrace.Ops {
    var ops = PageTrace.Ops()
    let rows = try all(
      """
      SELECT first_step, last_step, node, rows, cols, coalesce(duration_ns + 1, 0), peak
      FROM _op WHERE id >= ? AND id < ? ORDER BY id
      """, [pass.ops.lowerBound, pass.ops.upperBound]
    ) { row in try (0..<7).map { try row[$0] as Int } }
    for row in rows {
      ops.first.append(row[0])
      ops.more.append(row[1] - row[0])
      ops.node.append(row[2])
      ops.rows.append(row[3])
      ops.cols.append(row[4])
      ops.duration.append(row[5])
      ops.peak.append(states[try pageState(row[6])])
    }
    return ops
  }

  /// The tiles that were made in these steps, and those that were alive before them.
  private func pageTiles(_ first: Int, _ last: Int) throws -> PageTrace.Tiles {
    var tiles = PageTrace.Tiles()
    func add(_ row: TraceRow) throws {
      tiles.made.append(try row["id"])
      tiles.used.append(try row["used_step"] ?? 0)
      tiles.freed.append(try row["freed_step"] ?? 0)
      tiles.tensor.append(try row["tensor"])
      tiles.row.append(try row["first_row"])
      tiles.rows.append(try row["rows"])
      tiles.packed.append(try row["packed_bytes"])
      tiles.bytes.append(try row["bytes"])
      tiles.inside.append(try row["in_buffer"] as Int? == nil ? 0 : 1)
    }
    _ = try all(
      """
      SELECT * FROM _tile_rows WHERE id IN (SELECT id FROM _kept) AND id < ?1
        AND (freed_step IS NULL OR freed_step >= ?1) ORDER BY id
      """, [first], add)
    _ = try all(
      "SELECT * FROM _tile_rows WHERE id BETWEEN ? AND ? ORDER BY id", [first, last], add)
    return tiles
  }

  private func pageProducts(_ first: Int, _ last: Int) throws -> PageTrace.Products {
    var products = PageTrace.Products()
    for row in try all(
      "SELECT step, tile, tensor, first_row, n FROM _matmul_rows"
        + " WHERE step BETWEEN ? AND ? ORDER BY step",
      [first, last], { row in try (0..<5).map { try row[$0] as Int? ?? 0 } })
    {
      products.step.append(row[0])
      products.tile.append(row[1])
      products.tensor.append(row[2])
      products.row.append(row[3])
      products.rows.append(row[4])
    }
    return products
  }

  /// The buffers that are no tiles: those alive before these steps, and those made in them.
  private func pageBuffers(_ first: Int, _ last: Int) throws -> PageTrace.Buffers {
    var buffers = PageTrace.Buffers()
    var labels: [String: Int] = [:]
    let kept = try self.buffers(aliveAt: first - 1)
    let own = try all(
      """
      SELECT \(Self.bufferColumns) FROM buffer WHERE id BETWEEN ? AND ? AND tile IS NULL ORDER BY id
      """, [first, last], decodeBuffer)
    for buffer in kept + own where !buffer.isTile {
      let label = labels[buffer.name] ?? labels.count
      if label == labels.count {
        labels[buffer.name] = label
        buffers.names.append(buffer.name)
      }
      buffers.made.append(buffer.id)
      buffers.freed.append(buffer.freedStep ?? 0)
      buffers.category.append(buffer.category.rawValue)
      buffers.bytes.append(buffer.bytes)
      buffers.label.append(label)
    }
    return buffers
  }
}
