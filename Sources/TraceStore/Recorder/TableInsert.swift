/// Inserts many rows into a table, several with each statement.
///
/// A statement of sixteen rows costs SQLite little over half of sixteen statements. It needs no
/// statement journal, because a conflict, which would be an error of ours, ends the transaction.
final class TableInsert {
  private static let block = 16
  private let many: PreparedStatement
  private let one: PreparedStatement
  private let columns: Int32

  /// - Parameter columns: how many columns the table has, generated ones not counted.
  init(_ connection: OpaquePointer, into table: String, columns: Int) throws(SQLiteFailure) {
    let row = "(" + Array(repeating: "?", count: columns).joined(separator: ",") + ")"
    let rows = Array(repeating: row, count: Self.block).joined(separator: ",")
    many = try PreparedStatement(connection, "INSERT OR ROLLBACK INTO \(table) VALUES \(rows)")
    one = try PreparedStatement(connection, "INSERT OR ROLLBACK INTO \(table) VALUES \(row)")
    self.columns = Int32(columns)
  }

  /// Inserts `count` rows.
  ///
  /// - Parameter bind: binds the row with an index to the parameters of a statement that come after
  ///   the first so many.
  @inline(__always)
  func insert(
    _ count: Int, bind: (_ row: Int, _ statement: PreparedStatement, _ after: Int32) -> Void
  ) throws(SQLiteFailure) {
    var row = 0
    while count - row >= Self.block {
      var after: Int32 = 0
      for index in row..<row + Self.block {
        bind(index, many, after)
        after += columns
      }
      try many.run()
      row += Self.block
    }
    while row < count {
      bind(row, one, 0)
      try one.run()
      row += 1
    }
  }

  /// Frees its statements.
  func finalize() {
    many.finalize()
    one.finalize()
  }
}
