import GRDBSQLite

/// Views that a connection has for itself: nothing is written to a trace.
///
/// A temporary view hides the stored one of its name from queries.
enum TemporaryViews {
  /// Brings the views of this nibble that the trace has not, or has otherwise. One that asks an older
  /// trace for what it has not is left out again, with what is built on it.
  static func addMissing(to connection: OpaquePointer) throws(SQLiteFailure) {
    let stored = try storedViews(connection)
    var added: [SchemaDefinition] = []
    for view in TraceSchema.viewDefinitions where stored[view.name] != view.sql {
      try add(view, to: connection)
      added.append(view)
    }
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

  private static func add(
    _ view: SchemaDefinition, to connection: OpaquePointer
  ) throws(SQLiteFailure) {
    let sql = "CREATE TEMP VIEW" + view.sql.dropFirst("CREATE VIEW".count)
    try Statement(connection, sql).run()
  }

  /// The text of each view in the trace, by name.
  private static func storedViews(
    _ connection: OpaquePointer
  ) throws(SQLiteFailure) -> [String: String] {
    let statement = try Statement(
      connection, "SELECT name, sql FROM main.sqlite_schema WHERE type = 'view'")
    var found: [String: String] = [:]
    while true {
      let code = sqlite3_step(statement.handle)
      if code == SQLITE_DONE { return found }
      guard code == SQLITE_ROW, let handle = statement.handle else {
        throw SQLiteFailure(connection, code: code)
      }
      found[SQLValue(handle, column: 0).text ?? ""] = SQLValue(handle, column: 1).text
    }
  }

  private static func canRead(_ view: String, _ connection: OpaquePointer) -> Bool {
    (try? Statement(connection, "SELECT * FROM temp.\(view)")) != nil
  }
}
