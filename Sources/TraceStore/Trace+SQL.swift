extension Trace {
  /// Runs the statements of `sql` in turn, read-only, and hands on each row as it comes.
  ///
  /// - Parameters:
  ///   - columns: called once for each statement that has a result, with the names of its columns.
  ///   - row: called for each row, with its values; `false` ends the statement.
  /// - Throws: ``TraceError/sql(message:query:offset:)`` for what is wrong or not allowed,
  ///   ``TraceError/interrupted`` after ``QueryInterrupter/interrupt()``, and what `columns` and
  ///   `row` throw.
  public func run(
    _ sql: String, columns: ([String]) throws -> Void, row: ([SQLValue]) throws -> Bool
  ) throws {
    try connection().run(sql, columns: columns, row: row)
  }

  /// Runs the statements of `sql` in turn, and writes their results as tables.
  ///
  /// - Parameter write: called with a piece of the output at a time.
  /// - Throws: as ``run(_:columns:row:)``; what was written before is a whole number of rows.
  public func run(
    _ sql: String, format: TableFormat, write: @escaping (String) throws -> Void
  ) throws {
    let formatter = TableFormatter(format, write: write)
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

  /// What ends a query of this trace from another thread, for `^C`.
  public func queryInterrupter() throws(TraceError) -> QueryInterrupter {
    QueryInterrupter(connection: try connection())
  }

  private func connection() throws(TraceError) -> QueryConnection {
    if let queryConnection { return queryConnection }
    let connection = try QueryConnection(path: path)
    queryConnection = connection
    return connection
  }
}
