import Foundation
import GRDBSQLite

/// One value of a query's result.
public enum SQLValue: Equatable, Sendable {
  case null
  case integer(Int)
  case real(Double)
  case text(String)
  case blob([UInt8])

  init(_ statement: OpaquePointer, column: Int32) {
    switch sqlite3_column_type(statement, column) {
    case SQLITE_INTEGER: self = .integer(Int(sqlite3_column_int64(statement, column)))
    case SQLITE_FLOAT: self = .real(sqlite3_column_double(statement, column))
    case SQLITE_TEXT:
      let text = sqlite3_column_text(statement, column)
      let count = Int(sqlite3_column_bytes(statement, column))
      self = .text(
        String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self))
    case SQLITE_BLOB:
      let bytes = sqlite3_column_blob(statement, column)
      let count = Int(sqlite3_column_bytes(statement, column))
      self = .blob(Array(UnsafeRawBufferPointer(start: bytes, count: count)))
    default: self = .null
    }
  }

  /// As SQLite turns it into text, up to a zero byte; `nil` for NULL.
  public var text: String? {
    switch self {
    case .null: nil
    case .integer(let value): String(value)
    case .real(let value): Self.format(value, digits: 15)
    case .text(let value):
      value.utf8.contains(0)
        ? String(decoding: value.utf8.prefix { $0 != 0 }, as: UTF8.self) : value
    case .blob(let bytes): String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }

  /// A number as SQLite writes it: with a decimal point or an exponent, and at most so many digits.
  static func format(_ value: Double, digits: Int) -> String {
    var buffer = [CChar](repeating: 0, count: 64)
    return withVaList([Int32(digits), value]) { arguments in
      buffer.withUnsafeMutableBufferPointer { buffer in
        sqlite3_vsnprintf(Int32(buffer.count), buffer.baseAddress, "%!.*g", arguments)
          .map { String(cString: $0) } ?? ""
      }
    }
  }
}
