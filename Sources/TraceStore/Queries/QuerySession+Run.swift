import Foundation
import GRDBSQLite

extension QuerySession {
  /// Runs the statements of `sql` in turn and hands on each row as it comes.
  ///
  /// - Parameters:
  ///   - values: for parameters of this query alone, before those of ``parameters``.
  ///   - columns: called once for each statement that has a result, with the names of its columns.
  ///   - row: called for each row, with its values; `false` ends the statement.
  /// - Throws: ``TraceError/sql(message:query:offset:)`` for what is wrong or not allowed,
  ///   ``TraceError/interrupted`` where ``isCancelled`` or ``interrupts`` says so,
  ///   ``TraceError/outOfTime(seconds:)``, and what `columns` and `row` throw.
  public func run(
    _ sql: String, with values: [String: SQLValue] = [:], columns: ([String]) throws -> Void,
    row: ([SQLValue]) throws -> Bool
  ) throws {
    // With a zero at the end, as SQLite reads it; a zero before that would hide what follows it.
    let text = Array(sql.utf8CString)
    if let zero = text.dropLast().firstIndex(of: 0) {
      throw TraceError.sql(message: "a zero byte in the query", query: sql, offset: zero)
    }
    // What is done with a row may ask this session again.
    let outer = watch
    let watch = QueryWatch(self)
    self.watch = watch
    defer { self.watch = outer }
    try watch.whileWatching {
      try run(text, query: sql, values, watch, columns: columns, row: row)
    }
  }

  private func run(
    _ text: [CChar], query: String, _ values: [String: SQLValue], _ watch: QueryWatch,
    columns: ([String]) throws -> Void, row: ([SQLValue]) throws -> Bool
  ) throws {
    try text.withUnsafeBufferPointer { characters in
      guard let start = characters.baseAddress else { return }
      var position = start
      while position.pointee != 0 {
        let offset = position - start
        var statement: OpaquePointer?
        var tail: UnsafePointer<CChar>?
        refused = nil
        watch.restart()
        let code = watch.counting {
          sqlite3_prepare_v2(handle, position, -1, &statement, &tail)
        }
        defer {
          work += PreparedStatement.work(of: statement)
          sqlite3_finalize(statement)
        }
        guard code == SQLITE_OK else { throw failure(code, query: query, from: offset) }
        position = tail ?? start + (characters.count - 1)
        // A comment or nothing between two semicolons has no statement.
        guard let statement else { continue }
        try bind(statement, values, query: query, from: offset)
        try step(statement, watch, query: query, from: offset, columns: columns, row: row)
      }
    }
  }

  /// The result of the last statement of `sql` that has one.
  ///
  /// - Parameter limit: rows to keep at most; one that is reached ends the statement.
  /// - Throws: as ``run(_:with:columns:row:)``.
  public func result(
    of sql: String, with values: [String: SQLValue] = [:], limit: Int = .max
  ) throws -> QueryResult {
    var result = QueryResult(columns: [], rows: [])
    try run(
      sql, with: values, columns: { result = QueryResult(columns: $0, rows: []) },
      row: {
        if result.rows.count < limit { result.rows.append($0) }
        return result.rows.count < limit
      })
    return result
  }

  /// Runs the statements of `sql` in turn, and writes their results as tables.
  ///
  /// - Parameter write: called with a piece of the output at a time.
  /// - Throws: as ``run(_:with:columns:row:)``; what was written before is a whole number of rows.
  public func run(
    _ sql: String, format: TableFormat, write: @escaping (String) throws -> Void
  ) throws {
    try run(sql, into: TableFormatter(format, write: write))
  }

  /// Runs the statements of `sql` in turn, and hands their results to a formatter.
  public func run(_ sql: String, into formatter: TableFormatter) throws {
    formatter.whileWriting = { [unowned self] write in
      if let watch { try watch.pausing(write) } else { try write() }
    }
    do {
      try run(
        sql, columns: formatter.begin,
        row: {
          try formatter.add($0)
          return true
        })
    } catch {
      try formatter.end()
      throw error
    }
    try formatter.end()
  }

  // MARK: - One statement

  private func bind(
    _ statement: OpaquePointer, _ values: [String: SQLValue], query: String, from offset: Int
  ) throws {
    let names = (0..<sqlite3_bind_parameter_count(statement)).map {
      sqlite3_bind_parameter_name(statement, $0 + 1).map { String(cString: $0) }
    }
    // ?3 makes three parameters, of which the statement need not have the others; they stay NULL.
    let numbered = names.lastIndex { $0?.first == "?" } ?? 0
    for (index, name) in names.enumerated() {
      guard let written = name else {
        if index < numbered { continue }
        throw TraceError.sql(
          message: "a parameter needs a name, as in :name, or a number, as in ?1", query: query,
          offset: Self.place(of: "?", in: query, from: offset))
      }
      let key = String(written.dropFirst())
      guard let value = values[key] ?? parameters[key] else {
        throw TraceError.sql(
          message: "\(written) has no value", query: query,
          offset: Self.place(of: written, in: query, from: offset))
      }
      value.bind(to: statement, Int32(index + 1))
    }
  }

  private func step(
    _ statement: OpaquePointer, _ watch: QueryWatch, query: String, from offset: Int,
    columns: ([String]) throws -> Void, row: ([SQLValue]) throws -> Bool
  ) throws {
    let count = sqlite3_column_count(statement)
    if count > 0 {
      try columns(
        (0..<count).map { sqlite3_column_name(statement, $0).map { String(cString: $0) } ?? "" })
    }
    func hasMore() throws -> Bool {
      let code = sqlite3_step(statement)
      if code == SQLITE_DONE { return false }
      guard code == SQLITE_ROW else { throw failure(code, query: query, from: offset) }
      // What reads the last row and needs no more instructions ends here.
      if mustEnd { throw failure(SQLITE_INTERRUPT, query: query, from: offset) }
      let values = (0..<count).map { SQLValue(statement, column: $0) }
      if sqlite3_errcode(handle) == SQLITE_NOMEM {
        throw failure(SQLITE_NOMEM, query: query, from: offset)
      }
      return try row(values)
    }
    while try watch.counting(hasMore) {}
  }

  private func failure(_ code: Int32, query: String, from offset: Int) -> TraceError {
    func refuse(_ message: String, at place: Int? = nil) -> TraceError {
      .sql(
        message: message, query: query, offset: place ?? Self.skippingSpace(query, from: offset))
    }
    switch code & 0xFF {
    case SQLITE_INTERRUPT:
      return watch?.isOutOfTime == true ? .outOfTime(seconds: timeLimit ?? 0) : .interrupted
    case SQLITE_AUTH: return refuse("\(refused ?? "this") is not allowed: a trace is only read")
    case SQLITE_TOOBIG:
      return refuse("a value of more than \(Self.longestValue >> 20) MiB; ask for a part of it")
    case SQLITE_NOMEM:
      return refuse(
        "this takes more than \(Self.mostMemory >> 20) MiB of memory; ask for less at once")
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

  /// The byte at which a text stands in a query, at or after another.
  private static func place(of text: String, in query: String, from offset: Int) -> Int? {
    let bytes = Array(query.utf8)
    let wanted = Array(text.utf8)
    return (offset...max(offset, bytes.count - wanted.count)).first {
      bytes[$0...].starts(with: wanted)
    }
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

/// The whole result of a query.
public struct QueryResult: Equatable, Sendable {
  public var columns: [String]
  public var rows: [[SQLValue]]

  public init(columns: [String], rows: [[SQLValue]]) {
    self.columns = columns
    self.rows = rows
  }

  /// The value of a result of one row and one column, or `nil`.
  public var single: SQLValue? { rows.count == 1 && columns.count == 1 ? rows[0][0] : nil }
}

extension QuerySession {
  /// Whether a text ends where a statement does: with a semicolon that is in no string or comment.
  public static func isComplete(_ sql: String) -> Bool { sqlite3_complete(sql) != 0 }

  /// A table or view that queries may name.
  public struct Table: Equatable, Sendable {
    /// main, temp, or the name of an attached trace.
    public let schema: String
    public let name: String
    public let isView: Bool
    public let sql: String

    /// Whether it is how rows lie in the file, and nothing to ask.
    public var isPrivate: Bool { name.hasPrefix("_") || name.hasPrefix("sqlite_") }
  }

  /// The tables and views of the trace with those that compare it, then those of each attached one,
  /// by name.
  public func tables() throws -> [Table] {
    var found: [Table] = []
    for schema in ["temp", "main"] + attached.map(\.name) {
      let rows = try result(
        of: "SELECT name, type, sql FROM \(Self.quoted(schema)).sqlite_schema "
          + "WHERE type IN ('table', 'view') ORDER BY name"
      ).rows
      found += rows.map {
        Table(
          schema: schema, name: $0[0].text ?? "", isView: $0[1].text == "view",
          sql: $0[2].text ?? "")
      }
    }
    let own = found.filter { ["main", "temp"].contains($0.schema) }.sorted { $0.name < $1.name }
    return own + found.filter { !["main", "temp"].contains($0.schema) }
  }

  /// The columns of a table or view.
  public func columns(of table: Table) throws -> [String] {
    try result(
      of: "SELECT name FROM pragma_table_xinfo(:table, :schema)",
      with: ["table": .text(table.name), "schema": .text(table.schema)]
    ).rows.compactMap { $0[0].text }
  }
}
