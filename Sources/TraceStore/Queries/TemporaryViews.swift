import GRDBSQLite

/// Views that a connection has for itself, so that an older trace is as one of today: nothing is
/// written to it.
///
/// A temporary view hides the stored view or the table of its name from queries.
enum TemporaryViews {
  /// Brings the tables, columns and views of this nibble that a trace has not, or has otherwise. A
  /// file that is no trace is left alone.
  static func addMissing(to connection: OpaquePointer) throws(SQLiteFailure) {
    let pragmas = try texts("SELECT * FROM pragma_application_id, pragma_user_version", connection)
    guard pragmas.first?[0] == String(TraceSchema.applicationID) else { return }
    if pragmas.first?[1] != String(TraceSchema.version) { try addTables(to: connection) }
    let stored = Dictionary(
      try texts("SELECT name, sql FROM main.sqlite_schema WHERE type = 'view'", connection)
        .map { ($0[0], $0[1]) }, uniquingKeysWith: { first, _ in first })
    var added: [SchemaDefinition] = []
    for view in TraceSchema.viewDefinitions where stored[view.name] != view.sql {
      try add(view, to: connection)
      added.append(view)
    }
    // A damaged trace may lack what a view asks for; out it goes, with what is built on it.
    while let broken = added.firstIndex(where: { !canRead($0.name, connection) }) {
      try Statement(connection, "DROP VIEW temp.\(added[broken].name)").run()
      added.remove(at: broken)
    }
  }

  /// Brings the views that compare the trace with another, which is a schema of this name.
  static func addComparisons(
    with other: String, to connection: OpaquePointer
  ) throws(SQLiteFailure) {
    // As they are written, the other trace is the schema "other".
    let sql = TraceSchema.comparisons.replacing("other.", with: QuerySession.quoted(other) + ".")
    for view in SchemaDefinition.all(in: sql) { try add(view, to: connection) }
  }

  private static func addTables(to connection: OpaquePointer) throws(SQLiteFailure) {
    func columns(_ table: String) throws(SQLiteFailure) -> [String] {
      try texts("SELECT name FROM pragma_table_xinfo('\(table)', 'main')", connection).map { $0[0] }
    }
    for (table, before) in TraceSchema.addedTables where try columns(table).isEmpty {
      try Statement(connection, "CREATE TEMP VIEW \(table) AS \(before)").run()
    }
    for (table, added) in Dictionary(grouping: TraceSchema.addedColumns, by: \.table) {
      let known = try columns(table)
      let missing = added.filter { !known.contains($0.column) }
      if known.isEmpty || missing.isEmpty { continue }
      let values = missing.map { "\($0.before) AS \($0.column)" }.joined(separator: ", ")
      try Statement(
        connection, "CREATE TEMP VIEW \(table) AS SELECT *, \(values) FROM main.\(table)"
      ).run()
    }
  }

  private static func add(
    _ view: SchemaDefinition, to connection: OpaquePointer
  ) throws(SQLiteFailure) {
    let sql = "CREATE TEMP VIEW" + view.sql.dropFirst("CREATE VIEW".count)
    try Statement(connection, sql).run()
  }

  /// All rows of a query of our own.
  private static func texts(
    _ sql: String, _ connection: OpaquePointer
  ) throws(SQLiteFailure) -> [[String]] {
    let statement = try Statement(connection, sql)
    var rows: [[String]] = []
    while true {
      let code = sqlite3_step(statement.handle)
      if code == SQLITE_DONE { return rows }
      guard code == SQLITE_ROW, let handle = statement.handle else {
        throw SQLiteFailure(connection, code: code)
      }
      rows.append(
        (0..<sqlite3_column_count(handle)).map { SQLValue(handle, column: $0).text ?? "" })
    }
  }

  private static func canRead(_ view: String, _ connection: OpaquePointer) -> Bool {
    (try? Statement(connection, "SELECT * FROM temp.\(view)")) != nil
  }
}
