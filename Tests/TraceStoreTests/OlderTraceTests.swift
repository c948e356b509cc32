import Foundation
import TestSupport
import Testing

@testable import TraceStore

/// A trace that is to be replaced stays until the new one has something to show.
@Suite struct OlderTraceTests {
  let folder: ScratchFolder
  var path: String { folder.file() }
  private static let endings = ["", "-wal", "-shm", "-journal"]

  init() throws { folder = try ScratchFolder() }

  /// A trace of three passes, as a process that was killed leaves it: two of them in the log.
  private func makeOlder() throws {
    let model = try Recording(path: folder.file("origin"))
    try model.run(decode: 3)
    try model.recorder.settle()
    copy(folder.file("origin"), to: path)
    #expect(FileManager.default.fileExists(atPath: path + "-wal"))
  }

  private func copy(_ from: String, to: String) {
    for ending in Self.endings {
      try? FileManager.default.copyItem(atPath: from + ending, toPath: to + ending)
    }
  }

  /// The names of the files that belong to the trace.
  private func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasPrefix("trace.sqlite") && !$0.hasSuffix("-shm") }.sorted()
  }

  private func expectOlder(sourceLocation: SourceLocation = #_sourceLocation) throws {
    #expect(try Trace(path: path).passCount() == 3, sourceLocation: sourceLocation)
    #expect(try !names().contains { $0.contains("older") }, sourceLocation: sourceLocation)
    #expect(
      try sqlite3(path, "PRAGMA integrity_check; SELECT count(*) FROM pass") == "ok\n3\n",
      sourceLocation: sourceLocation)
  }

  @Test func itIsMovedBackWhereNoPassWasFinished() throws {
    try makeOlder()
    let recording = try Recording(path: path)
    #expect(recording.recorder.hasReplaced)
    #expect(try names().contains("trace.sqlite.nibble-older"))
    try recording.pass(tokens: 4, stopAfter: 7)
    #expect(try recording.recorder.finish(status: "interrupted").passes == 0)
    #expect(recording.recorder.hasRestored)
    recording.recorder.removeIfEmpty()  // it is not its own any more
    try expectOlder()

    // One that is dropped and never finished.
    do { _ = try Recording(path: path) }
    try expectOlder()
  }

  @Test func itGoesWithTheFirstPass() throws {
    try makeOlder()
    let recording = try Recording(path: path)
    try recording.pass(tokens: 4)
    try recording.recorder.settle()
    #expect(try names() == ["trace.sqlite", "trace.sqlite-wal"])
    try recording.pass(tokens: 1, stopAfter: 7)
    #expect(try recording.recorder.finish(status: "interrupted").passes == 1)
    #expect(!recording.recorder.hasRestored)
    #expect(try names() == ["trace.sqlite"])
    #expect(try Trace(path: path).passCount() == 1)
  }

  @Test func aFullDiskLeavesIt() throws {
    try makeOlder()
    let recording = try Recording(path: path)
    recording.recorder.writer.whileIdle { $0.limit(pages: 5) }
    try recording.pass(tokens: 4)
    #expect(throws: TraceError.full(path: path)) { try recording.recorder.settle() }
    #expect(throws: TraceError.full(path: path)) {
      try recording.recorder.finish(status: "complete")
    }
    try expectOlder()
  }

  /// What a process leaves that is killed before the first pass is on the file, while it is
  /// committed, and after: the files are copied away at those moments.
  @Test(arguments: [false, true]) func itIsFoundAfterAKill(isRecorded: Bool) throws {
    try makeOlder()
    let recording = try Recording(path: path)
    try recording.load()
    let killed = folder.file("killed")
    copy(path + ".nibble-older", to: killed + ".nibble-older")
    if isRecorded {
      try recording.pass(tokens: 4)
      try recording.recorder.settle()
    }
    copy(path, to: killed)
    #expect(try Trace(path: killed).passCount() == (isRecorded ? 1 : 3))
    #expect(!FileManager.default.fileExists(atPath: killed + ".nibble-older"))
    #expect(!FileManager.default.fileExists(atPath: killed + ".nibble-older-wal"))
    #expect(try sqlite3(killed, "PRAGMA integrity_check") == "ok\n")
  }

  /// A kill between two of the renames, or before SQLite has made the new file, or in the middle of
  /// that.
  @Test(arguments: [
    "mv t t.nibble-older", "for f in t*; do mv $f t.nibble-older${f#t}; done",
    "for f in t*; do mv $f t.nibble-older${f#t}; done; : > t",
    "mv t t.nibble-older; mv t-wal t.nibble-older-wal; rm -f t-shm",
  ])
  func aKillBetweenTheFilesLosesNothing(_ moves: String) throws {
    try makeOlder()
    let place = try ScratchFolder()
    copy(path, to: place.file("t"))
    let script = try FinishedProgram(
      URL(fileURLWithPath: "/bin/sh"), ["-c", moves], in: place)
    #expect(script.code == 0)
    #expect(try Trace(path: place.file("t")).passCount() == 3)
    #expect(!FileManager.default.fileExists(atPath: place.file("t.nibble-older")))
    // And a recording begins by that too.
    copy(path, to: place.file("u"))
    do { _ = try Recording(path: place.file("u")) }
    #expect(try Trace(path: place.file("u")).passCount() == 3)
  }

  /// A recording that runs keeps others from what it replaces.
  @Test func twoRecordingsAtOnce() throws {
    try makeOlder()
    let first = try Recording(path: path)
    let error = #expect(throws: TraceError.self) { try Recording(path: path) }
    #expect(error?.description.contains("name another output") == true)
    #expect(try Trace(path: path).passCount() == 0)  // the new one, which has none yet
    #expect(try names().contains("trace.sqlite.nibble-older"))
    try first.run(decode: 2)
    try first.recorder.finish(status: "complete")
    #expect(try Trace(path: path).passCount() == 2)
    #expect(try names() == ["trace.sqlite"])
  }

  /// A file that another program puts in the place is not removed for it.
  @Test func whatAnotherProgramPutThereStays() throws {
    try makeOlder()
    let recording = try Recording(path: path)
    try FileManager.default.removeItem(atPath: path)
    try Data("mine".utf8).write(to: URL(fileURLWithPath: path))
    #expect(throws: TraceError.replaced(path: path)) {
      try recording.recorder.finish(status: "interrupted")
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("mine".utf8))
    #expect(throws: TraceError.notATrace(path: path)) { try Trace(path: path) }
    try FileManager.default.removeItem(atPath: path)
    try expectOlder()
  }

  @Test func tablesThatAreNotFinishedLeaveIt() throws {
    try makeOlder()
    do {
      let writer = try TableWriter(path: path, schema: "CREATE TABLE t (a)")
      try writer.insert(into: "t", [.integer(1)])
    }
    try expectOlder()
    let writer = try TableWriter(path: path, schema: "CREATE TABLE t (a)")
    try writer.finish()
    #expect(try sqlite3(path, "SELECT count(*) FROM t") == "0\n")
    #expect(try names() == ["trace.sqlite"])
  }

  /// A file of the name that an older trace has meanwhile, of a recording that nobody knows.
  @Test func aStrayFileIsExplained() throws {
    try makeOlder()
    let stray = path + ".nibble-older"
    try Data("stray".utf8).write(to: URL(fileURLWithPath: stray))
    let error = #expect(throws: TraceError.self) { try Recording(path: path) }
    let message = error?.description ?? ""
    #expect(message.contains("\(stray) is there"))
    #expect(message.contains("one that is over left it; if none is running, move it away"))
    #expect(try Data(contentsOf: URL(fileURLWithPath: stray)) == Data("stray".utf8))
    #expect(try Trace(path: path).passCount() == 3)
  }
}
