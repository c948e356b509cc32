/// One value of a query's result.
public enum SQLValue: Equatable, Sendable {
  case null
  case integer(Int)
  case real(Double)
  case text(String)
  case blob([UInt8])
}

extension Trace {
  /// Runs the statements of `sql` in turn, read-only, and hands on each row as it comes.
  ///
  /// - Parameters:
  ///   - columns: called once for each statement that has a result, with the names of its columns.
  ///   - row: called for each row, with its values; `false` ends the statement.
  /// - Throws: ``TraceError/sql(message:query:offset:)`` for what is wrong or not allowed,
  ///   ``TraceError/interrupted`` after ``interruptQuery()``.
  public func run(
    _ sql: String, columns: ([String]) throws -> Void, row: ([SQLValue]) throws -> Bool
  ) throws {
    let connection = try queryConnection ?? QueryConnection(path: path)
    queryConnection = connection
    try connection.run(sql, columns: columns, row: row)
  }

  /// Ends a query that ``run(_:columns:row:)`` is running; may be called from another thread or
  /// from a signal's handler queue.
  public func interruptQuery() {
    queryConnection?.interrupt()
  }
}
