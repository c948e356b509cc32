import Foundation
import GRDBSQLite

/// The connection on which people's queries run: opened read-only, behind an authorizer that lets
/// nothing but reading through.
final class QueryConnection {
  let path: String
  private let handle: OpaquePointer
  /// The instructions that its statements have run.
  private(set) var work = 0
  /// What the authorizer refused in the statement being prepared.
  private var refused: String?

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
    sqlite3_set_authorizer(
      handle,
      { context, action, first, second, _, _ in
        guard let context else { return SQLITE_DENY }
        let connection = Unmanaged<QueryConnection>.fromOpaque(context).takeUnretainedValue()
        let refusal = QueryRules.refusal(
          action: action, first: first.map { String(cString: $0) },
          second: second.map { String(cString: $0) })
        if let refusal { connection.refused = refusal }
        return refusal == nil ? SQLITE_OK : SQLITE_DENY
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  deinit { sqlite3_close_v2(handle) }

  /// Safe to call from any thread.
  func interrupt() { sqlite3_interrupt(handle) }

  func run(
    _ sql: String, columns: ([String]) throws -> Void, row: ([SQLValue]) throws -> Bool
  ) throws {
    // With a zero at the end, as SQLite reads it; a zero before that would hide what follows it.
    let text = Array(sql.utf8CString)
    if let zero = text.dropLast().firstIndex(of: 0) {
      throw TraceError.sql(message: "a zero byte in the query", query: sql, offset: zero)
    }
    try text.withUnsafeBufferPointer { characters in
      guard let start = characters.baseAddress else { return }
      var position = start
      while position.pointee != 0 {
        let offset = position - start
        var statement: OpaquePointer?
        var tail: UnsafePointer<CChar>?
        refused = nil
        let code = sqlite3_prepare_v2(handle, position, -1, &statement, &tail)
        defer {
          work += Statement.work(of: statement)
          sqlite3_finalize(statement)
        }
        guard code == SQLITE_OK else { throw failure(code, query: sql, from: offset) }
        position = tail ?? start + (characters.count - 1)
        // A comment or nothing between two semicolons has no statement.
        guard let statement else { continue }
        try step(statement, query: sql, from: offset, columns: columns, row: row)
      }
    }
  }

  private func step(
    _ statement: OpaquePointer, query: String, from offset: Int,
    columns: ([String]) throws -> Void, row: ([SQLValue]) throws -> Bool
  ) throws {
    let count = sqlite3_column_count(statement)
    if count > 0 {
      try columns((0..<count).map { String(cString: sqlite3_column_name(statement, $0)) })
    }
    while true {
      let code = sqlite3_step(statement)
      if code == SQLITE_DONE { return }
      guard code == SQLITE_ROW else { throw failure(code, query: query, from: offset) }
      if try !row((0..<count).map { SQLValue(statement, column: $0) }) { return }
    }
  }

  private func failure(_ code: Int32, query: String, from offset: Int) -> TraceError {
    switch code & 0xFF {
    case SQLITE_INTERRUPT: return .interrupted
    case SQLITE_AUTH:
      let what = refused ?? "this"
      return .sql(
        message: "\(what) is not allowed: a trace is only read", query: query,
        offset: Self.skippingSpace(query, from: offset))
    case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_IOERR, SQLITE_CANTOPEN:
      return TraceError(SQLiteFailure(handle, code: code), path: path)
    default:
      return .sql(
        message: String(cString: sqlite3_errmsg(handle)), query: query,
        offset: errorOffset().map { offset + $0 })
    }
  }

  /// Where the statement proper begins, after white space.
  private static func skippingSpace(_ query: String, from offset: Int) -> Int {
    let space: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
    return offset + query.utf8.dropFirst(offset).prefix { space.contains($0) }.count
  }

  /// The byte of the statement that the last error is about. SQLite tells since 3.38, so the
  /// function is looked up where the program runs.
  private func errorOffset() -> Int? {
    typealias Function = @convention(c) (OpaquePointer?) -> Int32
    guard let symbol = dlsym(dlopen(nil, RTLD_LAZY), "sqlite3_error_offset") else { return nil }
    let place = unsafeBitCast(symbol, to: Function.self)(handle)
    return place >= 0 ? Int(place) : nil
  }
}

/// Ends a query from another thread.
public struct QueryInterrupter: @unchecked Sendable {
  // Unchecked because the one thing that is done with it, sqlite3_interrupt, is safe to do from
  // any thread while the connection is open, and this keeps it open.
  let connection: QueryConnection

  /// Makes a query that is running throw ``TraceError/interrupted``.
  public func interrupt() { connection.interrupt() }
}
