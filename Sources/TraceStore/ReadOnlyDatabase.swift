/// An SQLite file, or none, that is asked in SQL and not written to: behind the rules that hold for
/// queries over a trace. For files that are no traces, and for what needs no file.
public final class ReadOnlyDatabase {
  private let connection: QueryConnection

  /// - Parameter path: the file, or `nil` for an empty database.
  /// - Throws: ``TraceError`` where it cannot be opened.
  public init(path: String?) throws(TraceError) {
    connection = try QueryConnection(path: path ?? ":memory:")
  }

  /// Runs the statements of `sql` in turn, as ``Trace/run(_:columns:row:)``.
  public func run(
    _ sql: String, columns: ([String]) throws -> Void, row: ([SQLValue]) throws -> Bool
  ) throws {
    try connection.run(sql, columns: columns, row: row)
  }

  /// What ends a query from another thread.
  public var interrupter: QueryInterrupter { QueryInterrupter(connection: connection) }
}
