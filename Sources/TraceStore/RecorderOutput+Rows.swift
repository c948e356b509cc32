import Foundation
import GRDBSQLite
import Inference

extension RecorderOutput {
  /// Writes a batch, table by table, each in the order of its keys.
  func write(
    _ batch: RecorderBatch, states: [(id: Int, state: MemoryUse)]
  ) throws(SQLiteFailure) {
    guard batch.events.count > 0 || !batch.kept.isEmpty else { return }
    try begin()
    try insert(batch.events)
    try insert(batch.tiles)
    try insert(batch.matmuls)
    try insert(batch.allocations)
    try insertRest(of: batch, states: states)
    try update(batch.updates)
  }

  private func insert(_ events: RecorderBatch.Events) throws(SQLiteFailure) {
    let statement = statements.event
    for index in 0..<events.count {
      statement.bind(1, events.firstStep + index)
      statement.bindNonzero(2, events.op[index])
      statement.bind(3, Int(events.thread[index]))
      statement.bind(4, events.kind[index].rawValue)
      statement.bind(5, events.memory[index])
      try statement.run()
    }
  }

  private func insert(_ tiles: RecorderBatch.Tiles) throws(SQLiteFailure) {
    let statement = statements.tile
    for index in tiles.id.indices {
      statement.bind(1, tiles.id[index])
      statement.bind(2, tiles.weightTile[index])
      statement.bind(3, Int(tiles.type[index]))
      statement.bind(4, tiles.bytes[index])
      statement.bindNonzero(5, tiles.used[index])
      statement.bindNonzero(6, tiles.freed[index])
      statement.bind(7, tiles.nanoseconds[index])
      try statement.run()
    }
  }

  private func insert(_ matmuls: RecorderBatch.Matmuls) throws(SQLiteFailure) {
    let statement = statements.matmul
    for index in matmuls.step.indices {
      let row = matmuls.firstRow[index]
      statement.bind(1, matmuls.step[index])
      statement.bindNonzero(2, matmuls.tile[index])
      statement.bind(3, matmuls.tensor[index])
      statement.bind(4, row < 0 ? nil : row)
      statement.bind(5, matmuls.m[index])
      statement.bind(6, matmuls.k[index])
      statement.bind(7, matmuls.n[index])
      statement.bind(8, matmuls.nanoseconds[index])
      try statement.run()
    }
  }

  private func insert(_ allocations: RecorderBatch.Allocations) throws(SQLiteFailure) {
    let statement = statements.allocation
    for index in allocations.id.indices {
      statement.bind(1, allocations.id[index])
      statement.bind(2, allocations.label[index])
      statement.bind(3, allocations.bytes[index])
      statement.bindNonzero(4, allocations.freed[index])
      try statement.run()
    }
  }

  private func insertRest(
    of batch: RecorderBatch, states: [(id: Int, state: MemoryUse)]
  ) throws(SQLiteFailure) {
    for (id, state) in states {
      statements.memory.bind(1, id)
      for category in MemoryCategory.allCases {
        statements.memory.bind(Int32(2 + category.rawValue), state[category])
      }
      try statements.memory.run()
    }
    for op in batch.ops { try insert(op) }
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
      try statements.kvAppend.run()
    }
    for id in batch.kept.sorted() {
      statements.kept.bind(1, id)
      try statements.kept.run()
    }
  }

  private func insert(_ op: RecorderBatch.Op) throws(SQLiteFailure) {
    let statement = statements.op
    statement.bind(1, op.id)
    statement.bind(2, op.pass)
    statement.bind(3, op.node)
    statement.bind(4, op.rows)
    statement.bind(5, op.cols)
    statement.bind(6, op.steps.lowerBound)
    statement.bind(7, op.steps.upperBound)
    statement.bind(8, op.peak)
    statement.bind(9, op.start)
    statement.bind(10, op.duration)
    statement.bind(11, op.statistics?.sum)
    statement.bind(12, op.statistics?.min)
    statement.bind(13, op.statistics?.max)
    statement.bind(14, op.statistics?.rms)
    try statement.run()
  }

  private func insert(_ op: OpDescription, id: Int) throws(SQLiteFailure) {
    let statement = statements.node
    statement.bind(1, id)
    statement.bind(2, op.layer)
    statement.bind(3, op.name)
    statement.bind(4, op.kind.name)
    statement.bind(5, json(op.inputs))
    statement.bind(6, op.tensor)
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
    try statement.run()
  }

  private func update(_ updates: [RecorderBatch.Update]) throws(SQLiteFailure) {
    for update in updates {
      let statement =
        switch update.change {
        case .tileUsed: statements.tileUsed
        case .tileFreed: statements.tileFreed
        case .allocationFreed: statements.allocationFreed
        }
      statement.bind(1, update.step)
      statement.bind(2, update.id)
      try statement.run()
    }
  }

  /// Writes a pass that has ended.
  func insert(
    _ pass: TraceRecorder.Pass, id: Int, lastStep: Int, lastOp: Int, duration: Int
  ) throws(SQLiteFailure) {
    try begin()
    let description = pass.description
    let first = description.firstPosition
    let statement = statements.pass
    statement.bind(1, id)
    statement.bind(2, description.branch)
    statement.bind(3, description.sequence)
    statement.bind(4, "\(description.kind)")
    statement.bind(5, first)
    statement.bind(6, description.tokens.count)
    statement.bind(7, pass.firstStep)
    statement.bind(8, lastStep)
    statement.bind(9, pass.firstOp)
    statement.bind(10, lastOp)
    statement.bind(11, pass.start)
    statement.bind(12, duration)
    try statement.run()
    statements.tokenPass.bind(1, id)
    statements.tokenPass.bind(2, description.branch)
    statements.tokenPass.bind(3, description.sequence)
    statements.tokenPass.bind(4, first)
    statements.tokenPass.bind(5, first + description.tokens.count)
    try statements.tokenPass.run()
  }

  /// Writes tokens, with the pass that each went into where it has ended.
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
      try statement.run()
    }
  }

  /// Writes the whole output of an operation.
  func insert(
    value: UnsafeBufferPointer<Float>, op: Int, rows: Int, cols: Int
  ) throws(SQLiteFailure) {
    try begin()
    statements.value.bind(1, op)
    statements.value.bind(2, json([rows, cols]))
    statements.value.bind(3, littleEndian: value)
    try statements.value.run()
  }

  private func json(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(value) else { return "null" }
    return String(decoding: data, as: UTF8.self)
  }
}
