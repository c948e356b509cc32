import Basics
import Foundation
import GRDBSQLite

/// The connection that a recording is written on, and its statements.
///
/// While recording, the file is in WAL mode, so that others can read what is committed, and is not
/// synced to the disk: the end of the process loses nothing that was committed, the end of the
/// machine may.
final class RecorderOutput {
  let path: String
  private let handle: OpaquePointer
  private var isOpen = true
  private(set) var isInTransaction = false
  let statements: RecorderStatements
  /// What the header says of the run, which stands for what a pass does not say of itself.
  let meta: [String: String]
  /// What is replaced, until the first commit of something to show.
  private var older: OlderTrace?
  /// Which file it is.
  let identity: FileIdentity?

  /// - Parameter older: is moved back where this throws.
  init(
    path: String, header: TraceHeader, capture: Capture, replacing older: OlderTrace? = nil
  ) throws(TraceError) {
    self.path = path
    self.older = older
    meta = header.meta
    var handle: OpaquePointer?
    let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
    let code = sqlite3_open_v2(TraceFile.plain(path), &handle, flags, nil)
    guard code == SQLITE_OK, let handle else {
      let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : path[..<$0] } ?? "."
      // SQLite's own last attempt is to read, and its error is of that.
      let reason =
        access(String(folder), W_OK) == 0
        ? SystemError(sqlite3_system_errno(handle)).description
        : "\(folder): \(SystemError.last)"
      sqlite3_close_v2(handle)
      try older?.restore(inPlaceOf: nil)
      throw .io(path: path, reason: "cannot be created: \(reason)")
    }
    // Another program may hold the file for a moment.
    sqlite3_busy_timeout(handle, 10_000)
    do {
      try Self.create(handle, header: header, capture: capture)
      statements = try RecorderStatements(handle)
    } catch {
      let failure = Self.error(error, path: path)
      sqlite3_close_v2(handle)
      try? TraceFile.remove(path)
      try older?.restore(inPlaceOf: nil)
      throw failure
    }
    self.handle = handle
    identity = FileIdentity(path: path)
  }

  deinit { close() }

  private static func create(
    _ handle: OpaquePointer, header: TraceHeader, capture: Capture
  ) throws(SQLiteFailure) {
    try execute(
      handle,
      """
      PRAGMA page_size = 1024; PRAGMA synchronous = OFF; BEGIN;
      PRAGMA application_id = \(TraceSchema.applicationID);
      PRAGMA user_version = \(TraceSchema.version)
      """)
    try execute(handle, TraceSchema.tables)
    for (_, sql) in TraceSchema.views { try execute(handle, sql) }
    let meta = try PreparedStatement(handle, "INSERT INTO meta VALUES (?, ?)")
    var facts = header.meta
    facts["status"] = "recording"
    facts["detail"] = "tile"
    facts["run_id"] = facts["run_id"] ?? Self.runID()
    facts["capture"] = capture.rawValue
    for (key, value) in facts.sorted(by: { $0.key < $1.key }) {
      meta.bind(1, key)
      meta.bind(2, value)
      try meta.run()
    }
    let tensor = try PreparedStatement(handle, "INSERT INTO tensor VALUES (?,?,?,?,?,?,?,?,?,?)")
    for row in header.tensors {
      tensor.bind(1, row.id)
      tensor.bind(2, row.name)
      tensor.bind(3, row.layer)
      tensor.bind(4, row.role)
      tensor.bind(5, row.type)
      tensor.bind(6, row.rows)
      tensor.bind(7, row.cols)
      tensor.bind(8, row.bytes)
      tensor.bind(9, row.fileOffset)
      tensor.bind(10, row.bpw)
      try tensor.run()
    }
    try execute(handle, "INSERT INTO branch VALUES (0, NULL, 0, 0)")
    // Small pages keep a short trace small; the log is folded in every 4 MiB all the same.
    try execute(handle, "COMMIT; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 4096")
  }

  /// 128 random bits in hexadecimal.
  private static func runID() -> String {
    (0..<4).map { _ in digits(UInt32.random(in: 0...UInt32.max), radix: 16, count: 8) }.joined()
  }

  private static func execute(
    _ handle: OpaquePointer, _ sql: String
  ) throws(SQLiteFailure) {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw SQLiteFailure(handle, code: code) }
  }

  /// Opens the transaction of a pass, if it is not open yet.
  func begin() throws(SQLiteFailure) {
    guard !isInTransaction else { return }
    try Self.execute(handle, "BEGIN IMMEDIATE")
    isInTransaction = true
  }

  func commit() throws(SQLiteFailure) {
    guard isInTransaction else { return }
    try Self.execute(handle, "COMMIT")
    isInTransaction = false
  }

  /// The trace has something to show now, so that the one that it replaces goes.
  func replaceOlder() {
    older?.discard()
    older = nil
  }

  /// Moves the older trace back if this one has nothing to show. It must be closed.
  ///
  /// - Returns: whether that was done.
  /// - Throws: ``TraceError/io(path:reason:)``, which says where the older one is.
  func restoreOlder() throws(TraceError) -> Bool {
    guard let older else { return false }
    self.older = nil
    try older.restore(inPlaceOf: identity)
    return true
  }

  /// Drops what was written since the last commit.
  func rollBack() {
    guard isInTransaction else { return }
    // SQLite may have rolled back by itself, as it does when the disk is full.
    sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
    isInTransaction = false
  }

  /// Writes the last tokens, the status and what was said of an error, turns the write-ahead log
  /// into part of the file, and closes it. Another process that is reading keeps the log until it
  /// is done.
  ///
  /// - Returns: what went wrong, if anything did.
  func finish(status: String, error: String?, tokens: [TraceToken]) -> TraceError? {
    guard isOpen else { return nil }
    defer { close() }
    do {
      try begin()
      try insert(tokens)
      try write("status", status)
      try commit()
      // Where a full disk has room for the status, it may have none for this.
      if let error { try? write("error", error) }
      // A reader that is there now may stay for hours.
      sqlite3_busy_timeout(handle, 0)
      let code = sqlite3_exec(handle, "PRAGMA journal_mode = DELETE", nil, nil, nil)
      guard code == SQLITE_OK || code == SQLITE_BUSY || code == SQLITE_LOCKED else {
        throw SQLiteFailure(handle, code: code)
      }
      return nil
    } catch {
      let failure = Self.error(error, path: path)
      rollBack()
      return failure
    }
  }

  /// What went wrong with the trace at `path`. SQLite does not say that a file met the limit of its
  /// size, so the files are asked.
  static func error(_ failure: any Error, path: String) -> TraceError {
    if ((failure as? SQLiteFailure)?.code ?? 0) & 0xFF == SQLITE_IOERR, let limit = fileSizeLimit(),
      ["", "-wal", "-journal"].contains(where: { TraceFile.size(path + $0) >= limit })
    {
      return .atSizeLimit(path: path, bytes: limit)
    }
    return TraceError(failure, path: path)
  }

  /// Writes a fact into `meta`, or in place of what is there.
  private func write(_ key: String, _ value: String) throws(SQLiteFailure) {
    statements.fact.bind(1, key)
    statements.fact.bind(2, value)
    try statements.fact.run()
  }

  /// Lets the file grow to so many pages and no further, as a full disk would; for tests.
  func limit(pages: Int) {
    sqlite3_exec(handle, "PRAGMA max_page_count = \(pages)", nil, nil, nil)
  }

  /// Closes the file, without what was not committed.
  func close() {
    guard isOpen else { return }
    isOpen = false
    rollBack()
    statements.finalize()
    sqlite3_close_v2(handle)
  }
}
