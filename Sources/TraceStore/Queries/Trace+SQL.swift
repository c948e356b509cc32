extension Trace {
  /// The session of queries over this trace, opened when it is first asked for.
  ///
  /// - Throws: ``TraceError/io(path:reason:)`` or ``TraceError/corrupt(path:reason:)``.
  public func queries() throws(TraceError) -> QuerySession {
    if let querySession { return querySession }
    let session = try openSession()
    querySession = session
    return session
  }

  /// Runs the statements of `sql` in turn; see ``QuerySession/run(_:with:columns:row:)``.
  public func run(
    _ sql: String, columns: ([String]) throws -> Void, row: ([SQLValue]) throws -> Bool
  ) throws {
    try queries().run(sql, columns: columns, row: row)
  }

  /// Runs the statements of `sql` in turn, and writes their results as tables; see
  /// ``QuerySession/run(_:format:write:)``.
  public func run(
    _ sql: String, format: TableFormat, write: @escaping (String) throws -> Void
  ) throws {
    try queries().run(sql, format: format, write: write)
  }
}
