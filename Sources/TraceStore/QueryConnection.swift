import GRDBSQLite

/// The connection on which people's queries run: read-only.
final class QueryConnection {
  let path: String
  private let handle: OpaquePointer

  init(path: String) throws(TraceError) {
    self.path = path
    var handle: OpaquePointer?
    let code = sqlite3_open_v2(path, &handle, SQLITE_OPEN_READONLY, nil)
    guard code == SQLITE_OK, let handle else {
      let failure = SQLiteFailure(handle, code: code)
      sqlite3_close_v2(handle)
      throw TraceError(failure, path: path)
    }
    self.handle = handle
    sqlite3_busy_timeout(handle, 5000)
  }

  deinit { sqlite3_close_v2(handle) }

  func interrupt() { sqlite3_interrupt(handle) }

  func run(
    _ sql: String, columns: ([String]) throws -> Void, row: ([SQLValue]) throws -> Bool
  ) throws {
    var sql = sql
    try sql.withUTF8 { text in
      try text.withMemoryRebound(to: CChar.self) { characters in
        guard var position = characters.baseAddress else { return }
        let end = position + characters.count
        while position < end {
          var statement: OpaquePointer?
          var tail: UnsafePointer<CChar>?
          let offset = position - characters.baseAddress!
          let code = sqlite3_prepare_v2(
            handle, position, Int32(end - position), &statement, &tail)
          defer { sqlite3_finalize(statement) }
          guard code == SQLITE_OK else {
            throw failure(code, characters: characters, from: offset)
          }
          position = tail ?? end
          guard let statement else { continue }
          try step(statement, characters: characters, from: offset, columns: columns, row: row)
        }
      }
    }
  }

  private func step(
    _ statement: OpaquePointer, characters: UnsafeBufferPointer<CChar>, from offset: Int,
    columns: ([String]) throws -> Void, row: ([SQLValue]) throws -> Bool
  ) throws {
    let count = sqlite3_column_count(statement)
    if count > 0 {
      try columns((0..<count).map { String(cString: sqlite3_column_name(statement, $0)) })
    }
    while true {
      let code = sqlite3_step(statement)
      if code == SQLITE_DONE { return }
      guard code == SQLITE_ROW else {
        throw failure(code, characters: characters, from: offset)
      }
      if try !row((0..<count).map { SQLValue(statement, column: $0) }) { return }
    }
  }

  private func failure(
    _ code: Int32, characters: UnsafeBufferPointer<CChar>, from offset: Int
  ) -> TraceError {
    if code & 0xFF == SQLITE_INTERRUPT { return .interrupted }
    let place = sqlite3_error_offset(handle)
    return .sql(
      message: String(cString: sqlite3_errmsg(handle)),
      query: String(decoding: UnsafeRawBufferPointer(characters), as: UTF8.self),
      offset: place >= 0 ? offset + Int(place) : nil)
  }
}

extension SQLValue {
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
}
