import GRDBSQLite

/// The statements of a recording, prepared once.
final class RecorderStatements {
  let event, tile, matmul, kvAppend, allocation, op, node, label, memory, weightTile: Statement
  let kept, tileUsed, tileFreed, allocationFreed, pass, token, tokenPass, value, status: Statement

  init(_ handle: OpaquePointer) throws(SQLiteFailure) {
    func prepare(_ sql: String) throws(SQLiteFailure) -> Statement { try Statement(handle, sql) }
    event = try prepare("INSERT INTO _event VALUES (?,?,?,?,?)")
    tile = try prepare(
      """
      INSERT INTO tile(id, weight_tile, type_code, bytes, used_step, freed_step, dequantize_ns)
      VALUES (?,?,?,?,?,?,?)
      """)
    matmul = try prepare(
      """
      INSERT INTO matmul(step, tile, tensor, first_row, m, k, n, duration_ns)
      VALUES (?,?,?,?,?,?,?,?)
      """)
    kvAppend = try prepare("INSERT INTO kv_append VALUES (?,?,?,?,?,?)")
    allocation = try prepare("INSERT INTO _allocation VALUES (?,?,?,?)")
    op = try prepare("INSERT INTO _op VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)")
    node = try prepare("INSERT INTO _node VALUES (?,?,?,?,?,?)")
    label = try prepare("INSERT INTO _label VALUES (?,?,?)")
    memory = try prepare(
      """
      INSERT INTO _memory(id, weights, weights_dequantized, kv_cache, activations, workspace,
        logits) VALUES (?,?,?,?,?,?,?)
      """)
    weightTile = try prepare("INSERT INTO weight_tile VALUES (?,?,?,?,?,?,?,?,?,NULL,NULL)")
    kept = try prepare("INSERT INTO _kept VALUES (?)")
    tileUsed = try prepare("UPDATE tile SET used_step = ? WHERE id = ?")
    tileFreed = try prepare("UPDATE tile SET freed_step = ? WHERE id = ?")
    allocationFreed = try prepare("UPDATE _allocation SET freed_step = ? WHERE id = ?")
    pass = try prepare("INSERT INTO pass VALUES (?,?,?,?,?,?,?,?,?,?,?,?)")
    token = try prepare(
      """
      INSERT OR REPLACE INTO token VALUES (?1,?2,?3,?4,?5,?6,?7,?8,
        (SELECT id FROM pass WHERE branch = ?1 AND sequence = ?2
          AND first_position BETWEEN ?3 - tokens + 1 AND ?3 ORDER BY first_position DESC LIMIT 1))
      """)
    tokenPass = try prepare(
      """
      UPDATE token SET pass = ? WHERE branch = ? AND sequence = ? AND position >= ? AND position < ?
      """)
    value = try prepare("INSERT INTO value VALUES (?,'f32',?,?)")
    status = try prepare("UPDATE meta SET value = ? WHERE key = 'status'")
  }

  /// Frees the statements, before their connection is closed.
  func finalize() {
    for statement in [
      event, tile, matmul, kvAppend, allocation, op, node, label, memory, weightTile, kept,
      tileUsed, tileFreed, allocationFreed, pass, token, tokenPass, value, status,
    ] {
      statement.finalize()
    }
  }
}
