import Basics
import GRDBSQLite

/// A prepared statement, for the paths where a row is a few hundred nanoseconds.
final class PreparedStatement {
  private(set) var handle: OpaquePointer?
  private let connection: OpaquePointer

  /// - Throws: the connection's error as `(code, message)`.
  init(_ connection: OpaquePointer, _ sql: String) throws(SQLiteFailure) {
    var handle: OpaquePointer?
    let code = sqlite3_prepare_v3(
      connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
    guard code == SQLITE_OK, let handle else { throw SQLiteFailure(connection, code: code) }
    self.handle = handle
    self.connection = connection
  }

  deinit { finalize() }

  /// Frees it; it must not be used again.
  func finalize() {
    sqlite3_finalize(handle)
    handle = nil
  }

  @inline(__always) func bind(_ index: Int32, _ value: Int) {
    sqlite3_bind_int64(handle, index, Int64(value))
  }

  @inline(__always) func bind(_ index: Int32, _ value: Int?) {
    if let value { bind(index, value) } else { sqlite3_bind_null(handle, index) }
  }

  /// A NaN is stored as NULL.
  @inline(__always) func bind(_ index: Int32, _ value: Double?) {
    if let value {
      sqlite3_bind_double(handle, index, value)
    } else {
      sqlite3_bind_null(handle, index)
    }
  }

  func bind(_ index: Int32, _ value: String?) {
    guard var text = value else {
      sqlite3_bind_null(handle, index)
      return
    }
    _ = text.withUTF8 { text in
      text.withMemoryRebound(to: CChar.self) { characters in
        sqlite3_bind_text(
          handle, index, characters.baseAddress, Int32(characters.count), PreparedStatement.copied)
      }
    }
  }

  /// Runs a statement that has no result rows, and readies it for the next.
  @inline(__always) func run() throws(SQLiteFailure) {
    let code = sqlite3_step(handle)
    sqlite3_reset(handle)
    guard code == SQLITE_DONE || code == SQLITE_ROW else {
      throw SQLiteFailure(connection, code: code)
    }
  }

  /// The instructions that a statement has run since this was last asked.
  static func work(of statement: OpaquePointer?) -> Int {
    statement.map { Int(sqlite3_stmt_status($0, SQLITE_STMTSTATUS_VM_STEP, 1)) } ?? 0
  }

  /// SQLITE_TRANSIENT, a macro that Swift does not import: SQLite takes its own copy.
  static var copied: sqlite3_destructor_type {
    unsafeBitCast(-1, to: sqlite3_destructor_type.self)
  }
}

/// What SQLite said went wrong.
struct SQLiteFailure: Error {
  let code: Int32
  let message: String

  init(_ connection: OpaquePointer?, code: Int32) {
    self.code = code
    let text = String(cString: sqlite3_errstr(code))
    guard let connection else {
      message = text
      return
    }
    switch code & 0xFF {
    case SQLITE_IOERR, SQLITE_CANTOPEN:
      // What the system said is more than "disk I/O error".
      let system = sqlite3_system_errno(connection)
      message = system == 0 ? text : "\(text): \(SystemError(system))"
    default:
      message = sqlite3_errmsg(connection).map { String(cString: $0) } ?? text
    }
  }
}

extension TraceError {
  init(_ failure: SQLiteFailure, path: String) {
    self.init(code: failure.code, message: failure.message, path: path)
  }

  /// What an SQLite result code means for the trace at `path`.
  init(code: Int32, message: String, path: String) {
    switch code & 0xFF {
    case SQLITE_FULL: self = .full(path: path)
    case SQLITE_NOTADB: self = .notATrace(path: path)
    case SQLITE_CORRUPT, SQLITE_ERROR: self = .corrupt(path: path, reason: message)
    case SQLITE_INTERRUPT: self = .interrupted
    default: self = .io(path: path, reason: message)
    }
  }
}

extension PreparedStatement {
  /// 0 is stored as NULL.
  @inline(__always) func bindNonzero(_ index: Int32, _ value: Int) {
    if value == 0 { sqlite3_bind_null(handle, index) } else { bind(index, value) }
  }

  /// The values as little-endian bytes, copied where they already are. They must outlive the next
  /// ``run()``.
  func bind(_ index: Int32, littleEndian values: UnsafeBufferPointer<Float>) {
    #if _endian(little)
      let bytes = UnsafeRawBufferPointer(values)
      sqlite3_bind_blob64(handle, index, bytes.baseAddress, UInt64(bytes.count), nil)
    #else
      let swapped = values.map { $0.bitPattern.littleEndian }
      swapped.withUnsafeBytes { bytes in
        _ = sqlite3_bind_blob64(
          handle, index, bytes.baseAddress, UInt64(bytes.count), PreparedStatement.copied)
      }
    #endif
  }
}

extension PreparedStatement {
  /// Goes to the next row; `false` after the last.
  func step() throws(SQLiteFailure) -> Bool {
    switch sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    case let code: throw SQLiteFailure(connection, code: code)
    }
  }

  /// Readies it to be run again.
  func reset() { sqlite3_reset(handle) }

  /// `nil` for what is not an integer.
  func optionalInteger(_ column: Int32) -> Int? {
    sqlite3_column_type(handle, column) == SQLITE_INTEGER ? integer(column) : nil
  }

  func integer(_ column: Int32) -> Int { Int(sqlite3_column_int64(handle, column)) }
}
