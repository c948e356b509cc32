import Foundation
import TestSupport
import Testing

@testable import TraceStore

@Suite struct TraceFileTests {
  @Test func anOldTraceIsReplacedWithWhatLiesBesideIt() throws {
    let folder = try ScratchFolder()
    try record(to: folder.file(), decode: 4)
    try Data("stale".utf8).write(to: URL(fileURLWithPath: folder.file() + "-wal"))
    let summary = try record(to: folder.file(), decode: 2)
    #expect(summary.passes == 2)
    #expect(try Trace(path: folder.file()).passCount() == 2)
    #expect(!FileManager.default.fileExists(atPath: folder.file() + "-wal"))
  }

  @Test func anEmptyFileIsTakenOver() throws {
    let folder = try ScratchFolder()
    try Data().write(to: URL(fileURLWithPath: folder.file()))
    #expect(try record(to: folder.file()).passes == 4)
  }

  @Test(arguments: ["SQLite format 3\0", "# My notes\n", "GGUF"])
  func anyOtherFileIsLeftAlone(start: String) throws {
    let folder = try ScratchFolder()
    let content = Data(start.utf8) + Data(repeating: 7, count: 100)
    try content.write(to: URL(fileURLWithPath: folder.file()))
    #expect(throws: TraceError.wouldReplace(path: folder.file())) {
      try Recording(path: folder.file())
    }
    #expect(throws: TraceError.self) { try Trace(path: folder.file()) }
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file())) == content)
  }

  @Test func foreignAndMissingFilesAreNoTraces() throws {
    let folder = try ScratchFolder()
    #expect(throws: TraceError.missing(path: folder.file())) { try Trace(path: folder.file()) }
    #expect(throws: TraceError.directory(path: folder.path)) { try Trace(path: folder.path) }
    #expect(throws: TraceError.directory(path: folder.path)) { try Recording(path: folder.path) }
    #expect(throws: TraceError.wouldReplace(path: "/dev/null")) { try Recording(path: "/dev/null") }

    _ = try sqlite3(folder.file("other.db"), "CREATE TABLE t(a)")
    #expect(throws: TraceError.notATrace(path: folder.file("other.db"))) {
      try Trace(path: folder.file("other.db"))
    }
    #expect(throws: TraceError.wouldReplace(path: folder.file("other.db"))) {
      try Recording(path: folder.file("other.db"))
    }
    try Data("no SQLite file, but long enough to have a header of a hundred bytes. ".utf8)
      .write(to: URL(fileURLWithPath: folder.file("text")))
    #expect(throws: TraceError.notATrace(path: folder.file("text"))) {
      try Trace(path: folder.file("text"))
    }
    try Data().write(to: URL(fileURLWithPath: folder.file("empty")))
    #expect(throws: TraceError.notATrace(path: folder.file("empty"))) {
      try Trace(path: folder.file("empty"))
    }
  }

  @Test(arguments: [0, 1, 3, 999]) func anotherSchemaIsRefused(version: Int) throws {
    let folder = try ScratchFolder()
    try record(to: folder.file())
    _ = try sqlite3(folder.file(), "PRAGMA user_version = \(version)")
    let error = TraceError.otherSchema(
      path: folder.file(), found: version, expected: TraceSchema.version)
    #expect(throws: error) { try Trace(path: folder.file()) }
    #expect(error.description.hasSuffix("record it again."))
  }

  @Test func anOutputThatCannotBeMadeIsNamed() throws {
    let path = "/nonexistent-folder/trace.sqlite"
    let error = #expect(throws: TraceError.self) { try Recording(path: path) }
    let reason = "/nonexistent-folder: No such file or directory."
    #expect(error?.description == "\(path): cannot be created: \(reason)")
  }

  @Test func aTraceWithoutPermissionIsNamed() throws {
    let folder = try ScratchFolder()
    try record(to: folder.file())
    try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: folder.file())
    // The superuser may read it all the same.
    guard access(folder.file(), R_OK) != 0 else { return }
    #expect(
      throws: TraceError.io(path: folder.file(), reason: "cannot be read: Permission denied")
    ) { try Trace(path: folder.file()) }
  }

  @Test func aPathThatCannotBeFollowedIsNamed() throws {
    let folder = try ScratchFolder()
    try record(to: folder.file())
    let below = folder.file() + "/trace.sqlite"
    #expect(throws: TraceError.io(path: below, reason: "cannot be read: Not a directory")) {
      try Trace(path: below)
    }
    let closed = folder.file("closed")
    try FileManager.default.createDirectory(
      atPath: closed, withIntermediateDirectories: false, attributes: [.posixPermissions: 0])
    // The superuser may read it all the same.
    guard access(closed, X_OK) != 0 else { return }
    let within = closed + "/trace.sqlite"
    #expect(throws: TraceError.io(path: within, reason: "cannot be read: Permission denied")) {
      try Trace(path: within)
    }
  }

  /// Rows that only damage can make: a sentence, whatever reads them.
  @Test(arguments: [
    "UPDATE _event SET step = 4611686018427387904 WHERE step = (SELECT max(step) FROM _event)",
    "UPDATE _event SET step = 1000000000 WHERE step = (SELECT max(step) FROM _event)",
    "UPDATE _memory SET activations = -1",
    "UPDATE _op SET rows = 4611686018427387904, cols = 4",
    "UPDATE _op SET rows = 4294967296, cols = 4294967296",
    "UPDATE tensor SET rows = 4294967296, cols = 4294967296",
    "UPDATE value SET data = x'00000000'",
    "DELETE FROM _op",
  ])
  func impossibleRowsAreDamage(_ change: String) throws {
    let folder = try ScratchFolder()
    try record(to: folder.file(), capture: .values)
    _ = try sqlite3(folder.file(), change)
    let trace = try Trace(path: folder.file())
    let error = #expect(throws: TraceError.self) {
      for step in 1...(try trace.eventCount()) { _ = try trace.event(at: step) }
      _ = try trace.tensors()
      for op in 1...20 {
        _ = try trace.op(op)
        _ = try trace.value(ofOp: op)
      }
    }
    guard case .corrupt = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func truncatedAndCorruptedTracesEndInRowsOrATypedError() throws {
    let folder = try ScratchFolder()
    try record(to: folder.file())
    let whole = try Data(contentsOf: URL(fileURLWithPath: folder.file()))
    var random = SeededGenerator(seed: 20)
    var failures = 0
    for round in 0..<150 {
      var bytes = whole
      if round % 3 == 0 {
        bytes = bytes.prefix(Int(random.next() % UInt64(whole.count)))
      } else {
        for _ in 0..<20 {
          bytes[100 + Int(random.next() % UInt64(whole.count - 100))] = UInt8(
            truncatingIfNeeded: random.next())
        }
      }
      let path = folder.file("broken.sqlite")
      try bytes.write(to: URL(fileURLWithPath: path))
      do {
        let trace = try Trace(path: path)
        for step in stride(from: 1, through: try trace.eventCount() % 10_000, by: 37) {
          _ = try trace.event(at: step)
          _ = try trace.op(at: step)
          _ = try trace.tile(at: step)
          _ = try trace.buffers(aliveAt: step)
        }
        _ = try trace.tokens()
        _ = try trace.passes()
      } catch {
        // The compiler knows that this is a TraceError; what matters is that nothing crashed.
        #expect(error.description.contains(path))
        failures += 1
      }
    }
    #expect(failures > 50)
  }
}
