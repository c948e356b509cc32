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
      // Where memory ran out, there is no text and no blob; whoever steps finds out.
      let count = text == nil ? 0 : Int(sqlite3_column_bytes(statement, column))
      self = .text(
        String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self))
    case SQLITE_BLOB:
      let bytes = sqlite3_column_blob(statement, column)
      let count = bytes == nil ? 0 : Int(sqlite3_column_bytes(statement, column))
      self = .blob(Array(UnsafeRawBufferPointer(start: bytes, count: count)))
    default: self = .null
    }
  }

  /// A number, or `nil`.
  public var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .real(let value): value
    case .null, .text, .blob: nil
    }
  }

  /// Bytes of a text or a blob, 8 for what has one size.
  var byteCount: Int {
    switch self {
    case .null, .integer, .real: 8
    case .text(let value): value.utf8.count
    case .blob(let bytes): bytes.count
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

extension SQLValue {
  /// Gives the value to a parameter of a statement.
  func bind(to statement: OpaquePointer?, _ index: Int32) {
    switch self {
    case .null: sqlite3_bind_null(statement, index)
    case .integer(let value): sqlite3_bind_int64(statement, index, Int64(value))
    case .real(let value): sqlite3_bind_double(statement, index, value)
    case .text(let value):
      sqlite3_bind_text(
        statement, index, value, Int32(clamping: value.utf8.count), PreparedStatement.copied)
    case .blob(let bytes):
      // An empty blob has no address, and would be NULL.
      if bytes.isEmpty {
        sqlite3_bind_zeroblob(statement, index, 0)
      } else {
        sqlite3_bind_blob64(statement, index, bytes, UInt64(bytes.count), PreparedStatement.copied)
      }
    }
  }

  /// Makes the value the result of a function.
  func setResult(_ context: OpaquePointer?) {
    switch self {
    case .null: sqlite3_result_null(context)
    case .integer(let value): sqlite3_result_int64(context, Int64(value))
    case .real(let value): sqlite3_result_double(context, value)
    case .text(let value):
      sqlite3_result_text(
        context, value, Int32(clamping: value.utf8.count), PreparedStatement.copied)
    case .blob(let bytes):
      if bytes.isEmpty {
        sqlite3_result_zeroblob(context, 0)
      } else {
        sqlite3_result_blob64(context, bytes, UInt64(bytes.count), PreparedStatement.copied)
      }
    }
  }
}
