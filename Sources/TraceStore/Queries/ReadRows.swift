import GRDBSQLite

extension QuerySession {
  /// Whether what is asked depends on the rows of a table: whether a column of them is read, or
  /// they are counted. `SELECT 512 FROM meta LIMIT 1` does neither.
  ///
  /// What only a view does for itself does not count. The session answers nothing after this.
  ///
  /// - Throws: ``TraceError`` where the statements of `sql` are wrong.
  public func readsRows(_ sql: String) throws -> Bool {
    let views = try result(of: "SELECT name FROM pragma_table_list WHERE type = 'view'").rows
    let reads = RowReads(views: Set(views.compactMap { $0.first?.text }))
    sqlite3_set_authorizer(
      handle,
      { context, action, first, second, _, within in
        guard let context else { return SQLITE_DENY }
        let reads = Unmanaged<RowReads>.fromOpaque(context).takeUnretainedValue()
        reads.add(
          action: action, first.map { String(cString: $0) }, second.map { String(cString: $0) },
          within: within.map { String(cString: $0) })
        return SQLITE_OK
      }, Unmanaged.passUnretained(reads).toOpaque())
    defer { sqlite3_set_authorizer(handle, { _, _, _, _, _, _ in SQLITE_DENY }, nil) }
    try sql.withCString { text in
      var position: UnsafePointer<CChar>? = text
      while let start = position, start.pointee != 0 {
        var statement: OpaquePointer?
        let code = sqlite3_prepare_v2(handle, start, -1, &statement, &position)
        defer { sqlite3_finalize(statement) }
        guard code == SQLITE_OK else {
          throw TraceError(SQLiteFailure(handle, code: code), path: path)
        }
        if let sql = sqlite3_sql(statement), try opensTable(String(cString: sql)) {
          reads.opensTable = true
        }
      }
    }
    return reads.ofRows
  }

  /// The authorizer is not told of a table of which only columns of a USING are asked.
  private func opensTable(_ statement: String) throws -> Bool {
    try result(of: "EXPLAIN " + statement).rows.contains { $0[1] == .text("OpenRead") }
  }
}

/// What SQLite's authorizer is asked while statements are prepared.
private final class RowReads {
  private let views: Set<String>
  private var readsColumn = false
  private var counts = false
  var opensTable = false

  init(views: Set<String>) { self.views = views }

  var ofRows: Bool { readsColumn || opensTable && counts }

  func add(action: Int32, _ first: String?, _ second: String?, within: String?) {
    // The names of common table expressions come here as well as those of views.
    if let within, views.contains(within) { return }
    switch action {
    case SQLITE_READ where second?.isEmpty == false: readsColumn = true
    case SQLITE_FUNCTION where second?.lowercased() == "count": counts = true
    default: break
    }
  }
}
