import Basics
import Foundation
import GRDB

/// Writes an SQLite file of a few small tables at once; for data other than a recording.
///
/// The file is marked as nibble's, though not as a trace, so that the next may replace it. It holds
/// nothing until ``finish()``, and what it replaces stays until then.
public final class TableWriter {
  /// `PRAGMA application_id`: "nibt" in ASCII.
  static let applicationID = 0x6E69_6274

  private let path: String
  private let queue: DatabaseQueue
  /// Which file it is.
  private let identity: FileIdentity?
  private var older: OlderTrace?

  /// - Parameters:
  ///   - path: the file, which is created anew.
  ///   - schema: statements that make the tables.
  /// - Throws: ``TraceError``, which is ``TraceError/wouldReplace(path:)`` for a file of another
  ///   kind.
  public init(path: String, schema: String) throws(TraceError) {
    self.path = path
    let older = try OlderTrace.setAside(path)
    do {
      var configuration = Configuration()
      configuration.allowsUnsafeTransactions = true  // one, from here to finish()
      queue = try DatabaseQueue(path: TraceFile.plain(path), configuration: configuration)
    } catch {
      try older?.restore(inPlaceOf: nil)
      throw TraceError(error, path: path)
    }
    identity = FileIdentity(path: path)
    self.older = older
    try execute("BEGIN; PRAGMA application_id = \(Self.applicationID)")
    try execute(schema)
  }

  deinit {
    queue.closeForGood()
    try? older?.restore(inPlaceOf: identity)
  }

  /// Adds a row: a value for each column of the table.
  public func insert(into table: String, _ values: [SQLValue]) throws(TraceError) {
    let places = values.map { _ in "?" }.joined(separator: ",")
    try write { db in
      try db.cachedStatement(sql: "INSERT INTO \(table) VALUES (\(places))")
        .execute(arguments: StatementArguments(values.map(\.databaseValue)))
    }
  }

  /// Commits what was written.
  public func finish() throws(TraceError) {
    try execute("COMMIT")
    older?.discard()
    older = nil
  }

  private func execute(_ sql: String) throws(TraceError) {
    try write { try $0.execute(sql: sql) }
  }

  private func write(_ body: (Database) throws -> Void) throws(TraceError) {
    do { try queue.inDatabase(body) } catch { throw TraceError(error, path: path) }
  }
}

extension SQLValue {
  fileprivate var databaseValue: DatabaseValue {
    switch self {
    case .null: .null
    case .integer(let value): value.databaseValue
    case .real(let value): value.databaseValue
    case .text(let value): value.databaseValue
    case .blob(let bytes): Data(bytes).databaseValue
    }
  }
}
