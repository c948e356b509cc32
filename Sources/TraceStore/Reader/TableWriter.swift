import Basics
import GRDBSQLite

/// Writes an SQLite file of a few small tables at once; for what is no recording of a run.
///
/// The file is marked as nibble's, though as no trace, so that the next may replace it. It holds
/// nothing until ``finish()``, and what it replaces stays until then.
public final class TableWriter {
  /// `PRAGMA application_id`: "nibt" in ASCII.
  static let applicationID = 0x6E69_6274

  private let path: String
  private let handle: OpaquePointer
  private var statements: [String: Statement] = [:]
  private var older: OlderTrace?

  /// - Parameters:
  ///   - path: the file, which is made anew.
  ///   - schema: statements that make the tables.
  /// - Throws: ``TraceError``, which is ``TraceError/wouldReplace(path:)`` for a file of another kind.
  public init(path: String, schema: String) throws(TraceError) {
    self.path = path
    older = try OlderTrace.setAside(path)
    var handle: OpaquePointer?
    let code = sqlite3_open_v2(
      TraceFile.plain(path), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nil)
    guard code == SQLITE_OK, let handle else {
      let failure = SQLiteFailure(handle, code: code)
      sqlite3_close_v2(handle)
      try older?.restore(inPlaceOf: nil)
      throw TraceError(failure, path: path)
    }
    self.handle = handle
    try execute("BEGIN; PRAGMA application_id = \(Self.applicationID)")
    try execute(schema)
  }

  deinit {
    for statement in statements.values { statement.finalize() }
    sqlite3_close_v2(handle)
    try? older?.restore(inPlaceOf: FileIdentity(path: path))
  }

  /// Adds a row: a value for each column of the table.
  public func insert(into table: String, _ values: [SQLValue]) throws(TraceError) {
    do {
      let statement = try self.statement(for: table, columns: values.count)
      for (index, value) in zip(Int32(1)..., values) {
        value.bind(to: statement.handle, index)
      }
      try statement.run()
    } catch {
      throw TraceError(error, path: path)
    }
  }

  /// Commits what was written.
  public func finish() throws(TraceError) {
    try execute("COMMIT")
    older?.discard()
    older = nil
  }

  private func statement(for table: String, columns: Int) throws(SQLiteFailure) -> Statement {
    if let statement = statements[table] { return statement }
    let places = Array(repeating: "?", count: columns).joined(separator: ",")
    let statement = try Statement(handle, "INSERT INTO \(table) VALUES (\(places))")
    statements[table] = statement
    return statement
  }

  private func execute(_ sql: String) throws(TraceError) {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else {
      throw TraceError(SQLiteFailure(handle, code: code), path: path)
    }
  }
}
