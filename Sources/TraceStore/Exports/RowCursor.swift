import Foundation
import GRDB
import GRDBSQLite

/// The rows of a query, one at a time, for exports that read several tables side by side.
final class RowCursor {
  private let statement: Statement
  private let connection: OpaquePointer
  private var handle: OpaquePointer? { statement.handle }

  /// - Throws: ``TraceError/corrupt(path:reason:)`` and what SQLite throws.
  init(_ db: Database, _ sql: String) throws {
    guard let connection = db.sqliteConnection else {
      throw TraceError.io(path: "the trace", reason: "was closed")
    }
    self.connection = connection
    statement = try Statement(connection, sql)
  }

  /// Begins anew, with a number for the first parameter.
  func restart(with parameter: Int) {
    sqlite3_reset(handle)
    statement.bind(1, parameter)
  }

  var columnCount: Int32 { sqlite3_column_count(handle) }

  func columnName(_ column: Int32) -> String {
    sqlite3_column_name(handle, column).map { String(cString: $0) } ?? ""
  }

  /// Goes to the next row; `false` after the last.
  @inline(__always) func next() throws(SQLiteFailure) -> Bool {
    switch sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    case let code: throw SQLiteFailure(connection, code: code)
    }
  }

  /// SQLite's own code for the type of a column's value in this row.
  @inline(__always) func type(_ column: Int32) -> Int32 { sqlite3_column_type(handle, column) }

  @inline(__always) func integer(_ column: Int32) -> Int {
    Int(sqlite3_column_int64(handle, column))
  }

  /// `nil` for NULL.
  @inline(__always) func optional(_ column: Int32) -> Int? {
    type(column) == SQLITE_NULL ? nil : integer(column)
  }

  func real(_ column: Int32) -> Double { sqlite3_column_double(handle, column) }

  /// Text or a blob, valid until the next row.
  func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
    let start = sqlite3_column_blob(handle, column)
    return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column)))
  }

  /// Text; empty for NULL.
  func text(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }
}
