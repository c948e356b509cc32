import Basics
import Foundation
import GRDBSQLite

/// The trace that a new one is to replace, under another name until the new one has something to
/// show.
///
/// Both lie in one folder: `t.sqlite` is moved to `t.sqlite.nibble-older` before the new file is
/// made, with what SQLite keeps beside it. It is removed when the first pass of the new one is
/// committed, or the step that ended its run, and moved back if the recording ends before
/// that. A process that is killed in between leaves both; whoever opens or records `t.sqlite` next
/// calls ``recover(_:)``.
///
/// Whoever moves it holds a lock of it, which ends with the process.
final class OlderTrace: @unchecked Sendable {  // belongs to the recorder or to its thread
  private static let suffix = ".nibble-older"
  private static let siblings = ["-wal", "-shm", "-journal"]

  private let path: String
  private let aside: String
  private let lock: Int32

  private init(path: String, lock: Int32) {
    self.path = path
    self.lock = lock
    aside = path + Self.suffix
  }

  deinit { close(lock) }

  /// Moves the trace at `path` aside. An empty file is removed.
  ///
  /// - Returns: `nil` where there is no trace.
  /// - Throws: ``TraceError/directory(path:)``, ``TraceError/wouldReplace(path:)`` or
  ///   ``TraceError/io(path:reason:)``; then all is as it was.
  static func setAside(_ path: String) throws(TraceError) -> OlderTrace? {
    try recover(path)
    let isThere = try TraceFile.isReplaceable(path)
    guard access(path + suffix, F_OK) != 0 else {
      throw .io(
        path: path,
        reason:
          "cannot be replaced while \(path)\(suffix) is there: another recording needs it, or one "
          + "that is over left it; if none is running, move it away, else name another output")
    }
    guard isThere else { return nil }
    guard TraceFile.size(path) > 0 else {
      try TraceFile.remove(path)
      return nil
    }
    // Another recording may have moved it since: then the file of this name is that one's new
    // trace.
    guard let lock = try lock(path), access(path + suffix, F_OK) != 0 else {
      throw .io(
        path: path, reason: "is being replaced by another recording; name another output")
    }
    let older = OlderTrace(path: path, lock: lock)
    do throws(TraceError) {
      // The trace itself first, and last on the way back: it tells where the rest belongs.
      for ending in [""] + siblings { try move(path + ending, to: older.aside + ending) }
    } catch {
      try? older.moveBack()
      throw error
    }
    return older
  }

  /// Removes it: the new trace has something to show.
  func discard() { Self.discard(aside) }

  /// Removes what there is of the new trace, if that is the file `new`, and moves the older one
  /// back.
  ///
  /// - Throws: ``TraceError/io(path:reason:)``, which says where the older one is.
  func restore(inPlaceOf new: FileIdentity?) throws(TraceError) {
    let found = FileIdentity(path: path)
    guard found == nil || found == new else {
      throw .io(path: path, reason: "was replaced; what it was before is in \(aside)")
    }
    try TraceFile.remove(path)
    try moveBack()
  }

  /// Undoes or completes what a process that was killed did to `path` and the older trace there:
  /// the older one is moved back, unless the new one has something to show. While the process runs,
  /// nothing is done.
  ///
  /// - Throws: ``TraceError/io(path:reason:)``, which says where the older trace is.
  static func recover(_ path: String) throws(TraceError) {
    let aside = path + suffix
    let isReplaced = access(path, F_OK) == 0
    guard access(aside, F_OK) == 0, (try? TraceFile.isOurs(aside)) == true,
      let lock = try lock(aside, isNeeded: isReplaced)
    else { return }
    let older = OlderTrace(path: path, lock: lock)
    guard isReplaced else { return try older.moveBack() }
    if TraceFile.size(path) > 0, try !TraceFile.isOurs(path) { return }
    switch hasSomethingToShow(path) {
    case true?: older.discard()
    case false?: try older.restore(inPlaceOf: FileIdentity(path: path))
    case nil: break  // opening it says why; nothing is lost
    }
  }

  // MARK: - Files

  private func moveBack() throws(TraceError) {
    for ending in Self.siblings + [""] { try Self.move(aside + ending, to: path + ending) }
  }

  private static func discard(_ aside: String) {
    for ending in siblings + [""] { unlink(aside + ending) }
  }

  /// Moves a file, if there is one.
  private static func move(_ from: String, to: String) throws(TraceError) {
    if rename(from, to) != 0, errno != ENOENT {
      throw .io(path: from, reason: "cannot be moved to \(to): \(SystemError.last)")
    }
  }

  /// A descriptor that holds the lock of the file at `path`, or `nil` if another one does, or did
  /// when the file had this name.
  ///
  /// - Parameter isNeeded: `false` to do without, on a file system that has no such lock; there two
  ///   recordings at once are the user's to avoid.
  private static func lock(
    _ path: String, isNeeded: Bool = false
  ) throws(TraceError) -> Int32? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw .io(path: path, reason: "cannot be read: \(SystemError.last)")
    }
    let isLocked = flock(descriptor, LOCK_EX | LOCK_NB) == 0
    let isHeld = !isLocked && (isNeeded || errno == EWOULDBLOCK)
    let locked = try? FileStatus(descriptor: descriptor).identity
    guard !isHeld, locked != nil, locked == FileIdentity(path: path) else {
      close(descriptor)
      return nil
    }
    return descriptor
  }

  /// Whether a file that nobody writes any more has a pass, or an allocation that ended its run, or
  /// is no recording and whole; `nil` where it cannot be read.
  private static func hasSomethingToShow(_ path: String) -> Bool? {
    var handle: OpaquePointer?
    defer { sqlite3_close_v2(handle) }
    // Not for reading alone: what a killed process began has to be rolled back first.
    guard sqlite3_open_v2(TraceFile.plain(path), &handle, SQLITE_OPEN_READWRITE, nil) == SQLITE_OK
    else { return nil }
    sqlite3_busy_timeout(handle, 5000)
    func number(_ query: String) -> Int32? {
      var statement: OpaquePointer?
      defer { sqlite3_finalize(statement) }
      guard sqlite3_prepare_v2(handle, query, -1, &statement, nil) == SQLITE_OK,
        sqlite3_step(statement) == SQLITE_ROW
      else { return nil }
      return sqlite3_column_int(statement, 0)
    }
    switch number("PRAGMA application_id").map(Int.init) {
    case TableWriter.applicationID?: return true  // written in one transaction
    case TraceSchema.applicationID?:
      return number("SELECT EXISTS (SELECT 1 FROM pass) OR EXISTS (SELECT 1 FROM failure)")
        .map { $0 != 0 }
    case 0?: return false  // not even its tables were committed
    default: return nil
    }
  }
}
