import GRDBSQLite

extension QuerySession {
  /// Brings the views of this nibble that the trace has not, or has otherwise, and those that compare
  /// it with another trace. They are temporary: nothing is written to a trace.
  ///
  /// A temporary view hides the stored one of its name from queries. One that asks an older trace for
  /// what it has not is left out again.
  func addTemporaryViews(comparingWith other: String?) throws(TraceError) {
    let stored = try storedViews()
    var added: [SchemaDefinition] = []
    for (_, sql) in TraceSchema.views {
      for view in SchemaDefinition.all(in: sql) where stored[view.name] != view.sql {
        try execute(temporary(view.sql))
        added.append(view)
      }
    }
    // What does not hold takes with it what is built on it.
    while let broken = added.firstIndex(where: { !canRead($0.name) }) {
      try execute("DROP VIEW temp.\(added[broken].name)")
      added.remove(at: broken)
    }
    guard let other else { return }
    // In comparisons the other trace is the schema "other".
    let comparisons = TraceSchema.comparisons.replacing("other.", with: Self.quoted(other) + ".")
    for view in SchemaDefinition.all(in: comparisons) { try execute(temporary(view.sql)) }
  }

  private func temporary(_ view: String) -> String {
    "CREATE TEMP VIEW" + view.dropFirst("CREATE VIEW".count)
  }

  /// The text of each view in the trace, by name.
  private func storedViews() throws(TraceError) -> [String: String] {
    do {
      let rows = try result(of: "SELECT name, sql FROM main.sqlite_schema WHERE type = 'view'").rows
      return Dictionary(
        rows.map { ($0[0].text ?? "", $0[1].text ?? "") }, uniquingKeysWith: { first, _ in first })
    } catch {
      throw TraceError(error, path: path)
    }
  }

  private func canRead(_ view: String) -> Bool {
    var statement: OpaquePointer?
    defer { sqlite3_finalize(statement) }
    return sqlite3_prepare_v2(handle, "SELECT * FROM temp.\(view)", -1, &statement, nil)
      == SQLITE_OK
  }
}
