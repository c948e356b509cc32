import Events
import Foundation
import GRDBSQLite

extension RecorderOutput {
  /// Writes a batch, table by table, each in the order of its keys.
  func write(_ batch: RecorderBatch) throws(SQLiteFailure) {
    if !batch.isEmpty {
      try begin()
      try insert(batch.events)
      try insert(batch.tiles)
      try insert(batch.matmuls)
      try insert(batch.allocations)
      try insertRest(of: batch)
      try update(batch.updates)
    }
    for branch in batch.branches { try insert(branch) }
    try insert(batch.tokens)  // those that the pass took in, before what says so
    if let pass = batch.pass { try insert(pass) }
    for failure in batch.failures { try insert(failure.allocation, step: failure.step) }
    if batch.committed != nil {
      try commit()
      if batch.pass != nil || !batch.failures.isEmpty { replaceOlder() }
    }
  }

  private func insert(_ events: RecorderBatch.Events) throws(SQLiteFailure) {
    try statements.event.insert(events.count) { row, statement, after in
      statement.bind(after + 1, events.firstStep + row)
      statement.bindNonzero(after + 2, events.op[row])
      statement.bind(after + 3, Int(events.thread[row]))
      statement.bind(after + 4, events.kind[row].rawValue)
      statement.bind(after + 5, events.memory[row])
      let buffer = events.buffer[row]
      statement.bind(after + 6, buffer < 0 ? nil : buffer)
    }
  }

  private func insert(_ tiles: RecorderBatch.Tiles) throws(SQLiteFailure) {
    try statements.tile.insert(tiles.id.count) { row, statement, after in
      statement.bind(after + 1, tiles.id[row])
      statement.bind(after + 2, tiles.weightTile[row])
      statement.bind(after + 3, Int(tiles.type[row]))
      statement.bind(after + 4, tiles.bytes[row])
      statement.bindNonzero(after + 5, tiles.used[row])
      statement.bindNonzero(after + 6, tiles.freed[row])
      let nanoseconds = tiles.nanoseconds[row]
      statement.bind(after + 7, nanoseconds < 0 ? nil : nanoseconds)
      statement.bindNonzero(after + 8, tiles.inBuffer[row])
    }
  }

  private func insert(_ matmuls: RecorderBatch.Matmuls) throws(SQLiteFailure) {
    try statements.matmul.insert(matmuls.step.count) { row, statement, after in
      let firstRow = matmuls.firstRow[row]
      statement.bind(after + 1, matmuls.step[row])
      statement.bind(after + 2, matmuls.tensor[row])
      statement.bind(after + 3, firstRow < 0 ? nil : firstRow)
      statement.bind(after + 4, matmuls.m[row])
      statement.bind(after + 5, matmuls.k[row])
      statement.bind(after + 6, matmuls.n[row])
      statement.bind(after + 7, matmuls.nanoseconds[row])
    }
  }

  private func insert(_ allocations: RecorderBatch.Allocations) throws(SQLiteFailure) {
    try statements.allocation.insert(allocations.id.count) { row, statement, after in
      statement.bind(after + 1, allocations.id[row])
      statement.bind(after + 2, allocations.label[row])
      statement.bind(after + 3, allocations.bytes[row])
      statement.bindNonzero(after + 4, allocations.freed[row])
    }
  }

  private func insert(_ ops: [RecorderBatch.Op]) throws(SQLiteFailure) {
    try statements.op.insert(ops.count) { row, statement, after in
      let op = ops[row]
      statement.bind(after + 1, op.id)
      statement.bind(after + 2, op.pass)
      statement.bind(after + 3, op.node)
      statement.bind(after + 4, op.rows)
      statement.bind(after + 5, op.cols)
      statement.bind(after + 6, op.steps.lowerBound)
      statement.bind(after + 7, op.steps.upperBound)
      statement.bind(after + 8, op.peak)
      statement.bind(after + 9, op.start)
      statement.bind(after + 10, op.duration)
      statement.bind(after + 11, op.statistics?.sum)
      statement.bind(after + 12, op.statistics?.min)
      statement.bind(after + 13, op.statistics?.max)
      statement.bind(after + 14, op.statistics?.rms)
    }
  }

  private func insertRest(of batch: RecorderBatch) throws(SQLiteFailure) {
    try insert(batch.states)
    try insert(batch.ops)
    for (id, op) in batch.nodes { try insert(op, id: id) }
    for (id, category, name) in batch.labels {
      statements.label.bind(1, id)
      statements.label.bind(2, category.name)
      statements.label.bind(3, name)
      try statements.label.run()
    }
    for tile in batch.weightTiles { try insert(tile) }
    for (step, append) in batch.kvAppends {
      statements.kvAppend.bind(1, step)
      statements.kvAppend.bind(2, append.layer)
      statements.kvAppend.bind(3, append.position)
      statements.kvAppend.bind(4, append.keyBytes)
      statements.kvAppend.bind(5, append.valueBytes)
      statements.kvAppend.bind(6, append.cacheBytes)
      statements.kvAppend.bind(7, append.sequence)
      statements.kvAppend.bind(8, append.errors?.key.error)
      statements.kvAppend.bind(9, append.errors?.value.error)
      statements.kvAppend.bind(10, append.errors?.key.size)
      statements.kvAppend.bind(11, append.errors?.value.size)
      try statements.kvAppend.run()
    }
    for id in batch.kept.sorted() {
      statements.kept.bind(1, id)
      try statements.kept.run()
    }
    for route in batch.routes { try insert(route) }
    for value in batch.values { try insert(value) }
  }

  private func insert(_ states: [(id: Int, state: MemoryUse)]) throws(SQLiteFailure) {
    try statements.memory.insert(states.count) { row, statement, after in
      statement.bind(after + 1, states[row].id)
      let state = states[row].state
      for category in MemoryCategory.allCases {
        statement.bind(after + 2 + Int32(category.rawValue), state[category])
      }
      statement.bind(after + 2 + Int32(MemoryCategory.allCases.count), state.total)
    }
  }

  private func insert(_ op: OpDescription, id: Int) throws(SQLiteFailure) {
    let statement = statements.node
    statement.bind(1, id)
    statement.bind(2, op.layer)
    statement.bind(3, op.name)
    statement.bind(4, op.kind.name)
    statement.bind(5, json(op.inputs))
    statement.bind(6, op.tensor)
    statement.bind(7, op.attributes.json)
    statement.bind(8, op.line)
    try statement.run()
  }

  private func insert(_ tile: RecorderBatch.WeightTile) throws(SQLiteFailure) {
    let statement = statements.weightTile
    statement.bind(1, tile.id)
    statement.bind(2, tile.tensor)
    statement.bind(3, tile.firstRow)
    statement.bind(4, tile.rows)
    statement.bind(5, tile.packedBytes)
    statement.bind(6, tile.statistics?.min)
    statement.bind(7, tile.statistics?.max)
    statement.bind(8, tile.statistics?.mean)
    statement.bind(9, tile.statistics?.rms)
    statement.bind(10, tile.packingError?.rms)
    statement.bind(11, tile.packingError?.max)
    try statement.run()
  }

  private func update(_ updates: [RecorderBatch.Update]) throws(SQLiteFailure) {
    for update in updates {
      let statement =
        switch update.change {
        case .tileFilled: statements.tileFilled
        case .tileUsed: statements.tileUsed
        case .tileFreed: statements.tileFreed
        case .allocationFreed: statements.allocationFreed
        }
      statement.bind(1, update.value)
      statement.bind(2, update.id)
      try statement.run()
    }
  }

  /// Writes a pass that has ended, or that was ended.
  private func insert(_ pass: RecorderBatch.Pass) throws(SQLiteFailure) {
    try begin()
    let description = pass.description
    guard let first = description.parts.first else { return }
    let statement = statements.pass
    statement.bind(1, pass.id)
    statement.bind(2, description.branch)
    statement.bind(3, first.sequence)
    statement.bind(4, "\(description.kind)")
    statement.bind(5, first.position)
    statement.bind(6, description.tokens.count)
    statement.bind(7, pass.steps.lowerBound)
    statement.bind(8, pass.steps.upperBound)
    statement.bind(9, pass.ops.lowerBound)
    statement.bind(10, pass.ops.upperBound - 1)
    statement.bind(11, pass.start)
    statement.bind(12, pass.duration)
    statement.bind(13, pass.isFinished ? 1 : 0)
    statement.bind(14, description.parts.count)
    let settings = description.settings
    statement.bind(15, settings?.strategy ?? meta["strategy"])
    statement.bind(16, settings.map(\.tileRows) ?? meta["tile_rows"].flatMap { Int($0) })
    statement.bind(17, settings?.kvType ?? meta["kv_type"])
    try statement.run()
    for part in description.parts {
      statements.tokenPass.bind(1, pass.id)
      statements.tokenPass.bind(2, description.branch)
      statements.tokenPass.bind(3, part.sequence)
      statements.tokenPass.bind(4, part.position)
      statements.tokenPass.bind(5, part.position + part.rows.count)
      try statements.tokenPass.run()
    }
  }

  private func insert(_ branch: TraceBranch) throws(SQLiteFailure) {
    statements.branch.bind(1, branch.id)
    statements.branch.bind(2, branch.parent)
    statements.branch.bind(3, branch.position)
    statements.branch.bind(4, branch.step)
    try statements.branch.run()
  }

  /// Writes which experts a router sent each row to.
  private func insert(_ route: RecorderBatch.Route) throws(SQLiteFailure) {
    guard route.rows > 0 else { return }
    let slots = route.experts.count / route.rows
    for (index, expert) in route.experts.enumerated() {
      statements.route.bind(1, route.pass)
      statements.route.bind(2, route.op)
      statements.route.bind(3, index / slots)
      statements.route.bind(4, index % slots)
      statements.route.bind(5, expert)
      statements.route.bind(6, Double(route.weights[index]))
      try statements.route.run()
    }
  }

  /// Writes an allocation that was not made.
  private func insert(_ failure: AllocationFailure, step: Int) throws(SQLiteFailure) {
    try begin()
    statements.failure.bind(1, step)
    statements.failure.bind(2, failure.category.name)
    statements.failure.bind(3, failure.name)
    statements.failure.bind(4, failure.bytes)
    statements.failure.bind(5, failure.live.total)
    statements.failure.bind(6, failure.budget)
    try statements.failure.run()
  }

  /// Writes tokens; the pass that each goes into is known when that has ended.
  func insert(_ tokens: [TraceToken]) throws(SQLiteFailure) {
    guard !tokens.isEmpty else { return }
    try begin()
    let statement = statements.token
    for token in tokens {
      statement.bind(1, token.branch)
      statement.bind(2, token.sequence)
      statement.bind(3, token.position)
      statement.bind(4, token.id)
      statement.bind(5, token.text)
      statement.bind(6, token.isPrompt ? 1 : 0)
      statement.bind(7, token.logprob)
      statement.bind(8, token.topK.isEmpty ? nil : json(token.topK))
      statement.bind(9, token.isForced ? 1 : 0)
      try statement.run()
    }
  }

  private func insert(_ value: RecorderBatch.Value) throws(SQLiteFailure) {
    statements.value.bind(1, value.op)
    statements.value.bind(2, json([value.rows, value.cols]))
    try value.values.withUnsafeBufferPointer { values throws(SQLiteFailure) in
      statements.value.bind(3, littleEndian: values)
      try statements.value.run()
    }
  }

  /// `nil` for what JSON cannot say, such as a number that is infinite.
  private func json(_ value: some Encodable) -> String? {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) }
  }
}
