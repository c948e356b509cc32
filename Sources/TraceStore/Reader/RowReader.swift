import GRDB

/// The rows of a query, one at a time, for reading whole tables: columns by number, and no object
/// made of a row.
///
/// Look-ups of a few rows read them by name, as ``TraceRow``.
final class RowReader {
  private let statement: Statement
  private let rows: GRDB.RowCursor

  init(_ db: Database, _ sql: String, _ arguments: StatementArguments = []) throws {
    statement = try db.makeStatement(sql: sql)
    rows = try Row.fetchCursor(statement, arguments: arguments)
  }

  var columnNames: [String] { statement.columnNames }

  /// Goes to the next row; `false` after the last.
  ///
  /// - Throws: `DatabaseError`.
  @inline(__always) func next() throws -> Bool { try rows.next() != nil }

  /// A column's value in this row, of whatever type.
  @inline(__always) func value(_ column: Int) -> DatabaseValue {
    DatabaseValue(sqliteStatement: statement.sqliteStatement, index: CInt(column))
  }

  /// 0 for what is not a number.
  @inline(__always) func integer(_ column: Int) -> Int {
    Int(sqliteStatement: statement.sqliteStatement, index: CInt(column)) ?? 0
  }

  /// `nil` for what is not an integer.
  @inline(__always) func optional(_ column: Int) -> Int? {
    if case .int64(let number) = value(column).storage { Int(number) } else { nil }
  }

  /// Text; empty for NULL.
  func text(_ column: Int) -> String { String.fromDatabaseValue(value(column)) ?? "" }
}

extension Database {
  /// Calls `body` at each row of a query over a range of keys, its parameters.
  func forEachRow(
    _ sql: String, _ first: Int, _ last: Int, _ body: (RowReader) throws -> Void
  ) throws {
    let rows = try RowReader(self, sql, [first, last])
    while try rows.next() { try body(rows) }
  }
}
