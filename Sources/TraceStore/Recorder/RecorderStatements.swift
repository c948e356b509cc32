import Events
import GRDBSQLite

/// The statements of a recording, prepared once.
final class RecorderStatements {
  let event, tile, matmul, allocation, op, memory: TableInsert
  let kvAppend, node, label, weightTile: PreparedStatement
  let kept, tileFilled, tileUsed, tileFreed, allocationFreed, pass, token: PreparedStatement
  let tokenPass, value, failure, branch, fact, route: PreparedStatement

  init(_ handle: OpaquePointer) throws(SQLiteFailure) {
    func prepare(_ sql: String) throws(SQLiteFailure) -> PreparedStatement {
      try PreparedStatement(handle, sql)
    }
    event = try TableInsert(handle, into: "_event", columns: 6)
    tile = try TableInsert(handle, into: "_tile", columns: 8)
    matmul = try TableInsert(handle, into: "_matmul", columns: 7)
    kvAppend = try prepare("INSERT INTO kv_append VALUES (?,?,?,?,?,?,?,?,?,?,?)")
    allocation = try TableInsert(handle, into: "_allocation", columns: 4)
    op = try TableInsert(handle, into: "_op", columns: 14)
    node = try prepare("INSERT INTO _node VALUES (?,?,?,?,?,?,?,?)")
    label = try prepare("INSERT INTO _label VALUES (?,?,?)")
    memory = try TableInsert(handle, into: "_memory", columns: MemoryCategory.allCases.count + 2)
    weightTile = try prepare("INSERT INTO weight_tile VALUES (?,?,?,?,?,?,?,?,?,?,?)")
    kept = try prepare("INSERT INTO _kept VALUES (?)")
    tileFilled = try prepare("UPDATE _tile SET dequantize_ns = ? WHERE id = ?")
    tileUsed = try prepare("UPDATE _tile SET used_step = ? WHERE id = ?")
    tileFreed = try prepare("UPDATE _tile SET freed_step = ? WHERE id = ?")
    allocationFreed = try prepare("UPDATE _allocation SET freed_step = ? WHERE id = ?")
    pass = try prepare("INSERT INTO pass VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)")
    token = try prepare("INSERT OR REPLACE INTO token VALUES (?,?,?,?,?,?,?,?,NULL,?)")
    tokenPass = try prepare(
      """
      UPDATE token SET pass = ? WHERE branch = ? AND sequence = ? AND position >= ? AND position < ?
      """)
    value = try prepare("INSERT INTO value VALUES (?,'f32',?,?)")
    failure = try prepare("INSERT INTO failure VALUES (?,?,?,?,?,?)")
    route = try prepare("INSERT INTO route VALUES (?,?,?,?,?,?)")
    branch = try prepare("INSERT INTO branch VALUES (?,?,?,?)")
    fact = try prepare("INSERT OR REPLACE INTO meta VALUES (?,?)")
  }

  /// Frees the statements, before their connection is closed.
  func finalize() {
    for table in [event, tile, matmul, allocation, op, memory] { table.finalize() }
    for statement in [
      kvAppend, node, label, weightTile, kept, tileFilled, tileUsed, tileFreed, allocationFreed,
      pass, token, tokenPass, value, failure, branch, fact, route,
    ] {
      statement.finalize()
    }
  }
}
