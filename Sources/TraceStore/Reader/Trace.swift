import Basics
import Events
import Foundation
import GRDB

/// A recorded trace, opened for reading.
///
/// Every look-up is a search by key, whose time does not depend on the length of the trace but
/// where it says so. Numbers of passes, operations and steps count from 1. A trace that is still
/// being recorded, or that a killed process left, reads as the passes that were finished. One that
/// the memory budget ended has a last pass that was not, or events that no pass follows.
public final class Trace {
  /// The file.
  public let path: String
  let queue: DatabaseQueue
  private let identity: FileIdentity
  /// States of memory by their row in `_memory`, for profiles; filled when first needed.
  var memoryStates = MemoryStateCache()
  /// For queries that people write, opened with the first.
  var querySession: QuerySession?
  /// For searches of parts of a trace at once.
  var otherSearchSessions: [QuerySession] = []
  /// Which steps each branch came through; read again where a branch was added.
  var histories = HistoryTable()
  /// Read once: they do not change.
  var knownTensors: [TraceTensor]?
  /// The operations of the model that were read so far.
  var knownNodes: [TraceNode] = []
  /// Attributes of operations by their JSON: most operations share a few.
  var knownAttributes: [String: OpAttributes] = [:]
  /// The highest of the states of memory up to one of them.
  var knownPeak: (state: Int, peak: (step: Int, live: MemoryUse)?) = (0, nil)
  /// The work of look-ups so far; see ``work``.
  var lookupWork = 0

  /// Opens a trace. One that a killed recording was to replace, and did not, is moved back first.
  ///
  /// - Throws: ``TraceError/missing(path:)``, ``TraceError/directory(path:)``,
  ///   ``TraceError/notATrace(path:)``, ``TraceError/otherSchema(path:found:expected:)`` or
  ///   ``TraceError/io(path:reason:)``.
  public init(path: String) throws(TraceError) {
    self.path = path
    try OlderTrace.recover(path)
    let status: FileStatus
    do {
      status = try FileStatus(path: path)
    } catch {
      if error.isMissingFile { throw .missing(path: path) }
      throw .io(path: path, reason: "cannot be read: \(error)")
    }
    if status.kind == .directory { throw .directory(path: path) }
    if status.kind != .file { throw .notATrace(path: path) }  // a pipe, a device
    guard access(path, R_OK) == 0 else {
      throw .io(path: path, reason: "cannot be read: \(SystemError.last)")
    }
    identity = status.identity
    do {
      var configuration = Configuration()
      configuration.readonly = true
      configuration.busyMode = .timeout(5)
      let queue = try DatabaseQueue(path: TraceFile.plain(path), configuration: configuration)
      let (application, version) = try queue.unsafeRead { db in
        (
          try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0,
          try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        )
      }
      guard application == TraceSchema.applicationID else {
        throw TraceError.notATrace(path: path)
      }
      guard version == TraceSchema.version else {
        throw TraceError.otherSchema(
          path: path, found: version, expected: TraceSchema.version)
      }
      self.queue = queue
    } catch let error as DatabaseError
      where error.resultCode == .SQLITE_CANTOPEN && access(path + "-wal", F_OK) == 0
    {
      // A recording that did not end has a log beside it, which takes a place for its index.
      throw .io(
        path: path,
        reason: "was not finished, and its folder cannot be written, which reading it needs; "
          + "copy it with \(path)-wal elsewhere")
    } catch {
      throw TraceError(error, path: path)
    }
  }

  deinit { queue.closeForGood() }

  /// Opens one more connection.
  ///
  /// - Throws: ``TraceError/io(path:reason:)`` where the path leads to another file by now.
  func openSession() throws(TraceError) -> QuerySession {
    guard FileIdentity(path: path) == identity else {
      throw .io(path: path, reason: "was replaced or deleted since it was opened; open it again")
    }
    return try QuerySession(checked: path)
  }

  /// Ends the reading, so that a recording in this process can be made one file. Nothing else can
  /// be asked after it.
  public func close() throws(TraceError) {
    querySession = nil
    otherSearchSessions = []
    do { try queue.close() } catch { throw TraceError(error, path: path) }
  }

  /// Runs `body` on the connection, turning what it throws into a ``TraceError``.
  func read<T>(_ body: (Database) throws -> T) throws(TraceError) -> T {
    do {
      return try queue.unsafeRead(body)
    } catch {
      throw TraceError(error, path: path)
    }
  }

  /// The first row of a query as `decode` reads it, or `nil`.
  func first<T>(
    _ sql: String, _ arguments: StatementArguments, _ decode: (TraceRow) throws -> T
  ) throws(TraceError) -> T? {
    try read { db in
      let statement = try db.cachedStatement(sql: sql)
      defer { self.lookupWork += PreparedStatement.work(of: statement.sqliteStatement) }
      return try Row.fetchOne(statement, arguments: arguments)
        .map { try decode(TraceRow(row: $0, path: self.path)) }
    }
  }

  /// All rows of a query as `decode` reads them.
  func all<T>(
    _ sql: String, _ arguments: StatementArguments, _ decode: (TraceRow) throws -> T
  ) throws(TraceError) -> [T] {
    try read { db in
      var result: [T] = []
      let statement = try db.cachedStatement(sql: sql)
      defer { self.lookupWork += PreparedStatement.work(of: statement.sqliteStatement) }
      let rows = try Row.fetchCursor(statement, arguments: arguments)
      while let row = try rows.next() {
        result.append(try decode(TraceRow(row: row, path: self.path)))
      }
      return result
    }
  }

  /// A number of a query's only row; 0 where it is NULL.
  func count(_ sql: String) throws(TraceError) -> Int {
    try first(sql, []) { try $0[0] as Int? }.flatMap { $0 } ?? 0
  }
}

extension DatabaseQueue {
  /// Closes it when its owner goes.
  ///
  /// A queue of Dispatch needs a thread to go. If the system starts none, Dispatch tries again for
  /// ever; then the queue stays.
  func closeForGood() {
    try? close()
    if !startThread({}) { _ = Unmanaged.passRetained(self) }
  }
}

extension Trace {
  /// What reading has cost so far, in instructions of SQLite's virtual machine: a count that tests
  /// can hold a command to, as no time can.
  var work: Int {
    lookupWork + ([querySession].compactMap(\.self) + otherSearchSessions).map(\.work).reduce(0, +)
  }
}

// MARK: - What is in it

extension Trace {
  /// Rows of the table `meta`.
  public func meta() throws(TraceError) -> [String: String] {
    let rows = try all("SELECT key, value FROM meta", []) { row in
      (try row[0] as String, try row[1] as String? ?? "")
    }
    return Dictionary(rows, uniquingKeysWith: { $1 })
  }

  /// How many passes there are.
  public func passCount() throws(TraceError) -> Int { try count("SELECT max(id) FROM pass") }

  /// How many operations there are.
  public func opCount() throws(TraceError) -> Int { try count("SELECT max(id) FROM _op") }

  /// How many steps there are; the last step's number.
  public func eventCount() throws(TraceError) -> Int {
    let last = try count("SELECT max(step) FROM _event")
    // Whoever goes from step to step must come to an end, so the number has to be one that a file
    // of this size has room for: an event takes more than 8 bytes.
    let pages = try count("PRAGMA page_count")
    let room = pages.multipliedReportingOverflow(by: try count("PRAGMA page_size"))
    guard !room.overflow, last <= room.partialValue / 8 else {
      throw .corrupt(path: path, reason: "a last step of \(last)")
    }
    return last
  }
}
