import Events
import Foundation
import TestEngine
import TestSupport
import Testing

@testable import TraceStore

/// Whatever ends a recording, the file holds whole passes only, and reads.
@Suite struct TraceCrashTests {
  @Test func aCopyOfTheFilesAtAnyMomentHoldsWholePasses() throws {
    let folder = try ScratchFolder()
    // What a killed process leaves is what lies in its files at that moment.
    var model = SmallLlama.small
    model.vocabulary = 8 * 5461
    let recording = try Recording(model, path: folder.file(), capture: .none)
    var copies = 0
    recording.observer.afterStep = { [recorder = recording.recorder] step, _ in
      guard step % 4999 == 1 else { return }
      copies += 1
      // Two files cannot be copied at one moment while they are written.
      recorder.writer.whileIdle { _ in
        for suffix in ["", "-wal"] {
          try? FileManager.default.copyItem(
            atPath: folder.file() + suffix, toPath: folder.file("copy\(copies).sqlite") + suffix)
        }
      }
    }
    try recording.run(decode: 5)
    #expect(copies > 10)
    var lengths: Set<Int> = []
    for copy in 1...copies {
      let path = folder.file("copy\(copy).sqlite")
      let trace = try Trace(path: path)
      try expectWholePasses(trace)
      lengths.insert(try trace.passCount())
      #expect(try trace.meta()["status"] == "recording")
      #expect(try sqlite3(path, "PRAGMA integrity_check") == "ok\n")
    }
    #expect(lengths.count >= 4)
  }

  @Test func aTraceIsReadWhileItIsWritten() throws {
    let folder = try ScratchFolder()
    let recording = try Recording(path: folder.file())
    let trace = try Trace(path: folder.file())
    try recording.load()
    for pass in 0..<3 {
      try recording.pass(tokens: pass == 0 ? 4 : 1)
      try recording.recorder.settle()
      #expect(try trace.passCount() == pass + 1)
      try expectWholePasses(trace)
      #expect(
        try sqlite3(folder.file(), "SELECT count(*) FROM pass") == "\(pass + 1)\n")
    }
    // A reader that is still there does not stop the recording from ending.
    try recording.recorder.finish(status: "complete")
    #expect(try trace.meta()["status"] == "complete")
  }

  @Test func anAbandonedRecordingReads() throws {
    let folder = try ScratchFolder()
    do {
      let recording = try Recording(path: folder.file())
      try recording.run(decode: 2)
      try recording.pass(tokens: 1, stopAfter: 7)
    }
    let trace = try Trace(path: folder.file())
    #expect(try trace.passCount() == 2)
    try expectWholePasses(trace)
  }

  @Test func aPassThatIsInterruptedIsDropped() throws {
    let folder = try ScratchFolder()
    let recording = try Recording(path: folder.file())
    try recording.run(decode: 3)
    let steps = recording.observer.steps
    try recording.pass(tokens: 1, stopAfter: 20)
    #expect(recording.observer.steps > steps)
    let summary = try recording.recorder.finish(status: "interrupted")
    #expect(summary.passes == 3 && summary.events == steps)
    // What the engine frees while it goes is none of the trace's business any more.
    try recording.pass(tokens: 1)
    let trace = try Trace(path: folder.file())
    #expect(try trace.eventCount() == steps)
    #expect(try trace.passCount() == 3)
    #expect(try trace.meta()["status"] == "interrupted")
    #expect(try trace.tokens().count == 8)
    try expectWholePasses(trace)
    for suffix in ["-wal", "-shm", "-journal"] {
      #expect(!FileManager.default.fileExists(atPath: folder.file() + suffix))
    }
  }

  /// An engine that goes on after a pass that failed: nothing of the dead pass is committed.
  @Test func aPassAfterOneThatFailedEndsTheRecording() throws {
    let folder = try ScratchFolder()
    let recording = try Recording(path: folder.file())
    try recording.run(decode: 2)
    let steps = recording.observer.steps
    try recording.pass(tokens: 1, stopAfter: 20)
    try recording.recorder.check()
    try recording.pass(tokens: 1)
    let error = TraceError.unfinishedPass(path: folder.file(), pass: 3)
    #expect(throws: error) { try recording.recorder.check() }
    #expect(error.description.contains("pass 3 was not finished"))
    #expect(throws: error) { try recording.recorder.finish(status: "complete") }
    let trace = try Trace(path: folder.file())
    #expect(try trace.passCount() == 2 && trace.eventCount() == steps)
    #expect(try trace.meta()["status"] == "error")
    #expect(try trace.meta()["error"] == error.description)
    try expectWholePasses(trace)
  }

  @Test func anOperationAfterOneThatFailedEndsTheRecording() throws {
    let folder = try ScratchFolder()
    let recording = try Recording(path: folder.file())
    try recording.run(decode: 1)
    let recorder = recording.recorder
    let op = OpDescription(
      name: "x", kind: .add, layer: nil, inputs: [], tensor: nil, rows: 1, cols: 1)
    recorder.passBegan(
      PassDescription(kind: .decode, branch: 0, sequence: 0, firstPosition: 5, tokens: [1]))
    recorder.opBegan(op)
    recorder.computed(thread: 0, live: recording.observer.live)
    recorder.opBegan(op)
    #expect(throws: TraceError.unfinishedPass(path: folder.file(), pass: 2)) {
      try recorder.settle()
    }
    try expectWholePasses(try Trace(path: folder.file()))
  }

  /// A batch that is written at the last event of an operation still has the operation to write.
  @Test func whatFollowsAFullBatchIsWritten() throws {
    let folder = try ScratchFolder()
    let recorder = try Recording(path: folder.file()).recorder
    recorder.passBegan(
      PassDescription(kind: .prefill, branch: 0, sequence: 0, firstPosition: 0, tokens: [1]))
    recorder.opBegan(
      OpDescription(
        name: "x", kind: .add, layer: nil, inputs: [], tensor: nil, rows: 1, cols: 1))
    for _ in 0..<TraceRecorder.batchLimit { recorder.computed(thread: 0, live: MemoryUse()) }
    #expect(recorder.batch.events.count == 0)
    recorder.opEnded(output: nil, nanoseconds: 1)
    recorder.passEnded(nanoseconds: 1)
    try recorder.finish(status: "complete")
    let trace = try Trace(path: folder.file())
    #expect(try trace.op(1)?.steps == 1...TraceRecorder.batchLimit)
    try expectWholePasses(trace)
  }

  @Test func aRecordingWaitsForAnotherProgram() throws {
    let folder = try ScratchFolder()
    let recording = try Recording(path: folder.file())
    try recording.load()
    try recording.recorder.settle()
    // The shell of SQLite holds the file until the recording wants to write.
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["sqlite3", "-init", "/dev/null", folder.file()]
    let input = Pipe()
    let output = Pipe()
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    input.fileHandleForWriting.write(Data("BEGIN IMMEDIATE; SELECT 1;\n".utf8))
    #expect(output.fileHandleForReading.readData(ofLength: 2) == Data("1\n".utf8))
    try recording.pass(tokens: 4)  // another thread commits it
    #expect(recording.recorder.progress.passes == 0)
    input.fileHandleForWriting.write(Data("COMMIT;\n".utf8))
    try input.fileHandleForWriting.close()
    try recording.recorder.settle()
    process.waitUntilExit()
    try recording.recorder.finish(status: "complete")
    #expect(try Trace(path: folder.file()).passCount() == 1)
  }

  @Test func aTokenWithNoFiniteProbabilityIsKept() throws {
    let folder = try ScratchFolder()
    let recording = try Recording(path: folder.file())
    recording.recorder.addTokens([
      TraceToken(
        position: 0, id: 1, text: "x", isPrompt: false, logprob: -.infinity,
        topK: [.init(id: 2, text: "y", logprob: -.infinity)])
    ])
    try recording.recorder.finish(status: "complete")
    let token = try #require(try Trace(path: folder.file()).tokens().first)
    #expect(token.logprob == -.infinity && token.topK.isEmpty)
  }

  @Test func aFullDiskEndsTheRecordingAndKeepsWhatWasFinished() throws {
    let folder = try ScratchFolder()
    let recording = try Recording(path: folder.file())
    try recording.run(decode: 2)
    // SQLite reports the limit as it reports a disk without room.
    recording.recorder.writer.whileIdle { $0.limit(pages: 5) }
    try recording.pass(tokens: 1)
    #expect(throws: TraceError.full(path: folder.file())) { try recording.recorder.settle() }
    #expect(throws: TraceError.full(path: folder.file())) { try recording.recorder.check() }
    #expect(TraceError.full(path: "t.sqlite").description.hasPrefix("t.sqlite: no room"))
    // The engine goes on; nothing more is recorded.
    try recording.pass(tokens: 1)
    #expect(throws: TraceError.full(path: folder.file())) {
      try recording.recorder.finish(status: "complete")
    }
    let trace = try Trace(path: folder.file())
    #expect(try trace.passCount() == 2)
    #expect(try trace.meta()["status"] == "error")
    try expectWholePasses(trace)
  }

  private func expectWholePasses(_ trace: Trace) throws {
    let last = try trace.eventCount()
    let passes = try trace.passes()
    #expect(try trace.pairs("SELECT count(*), 1 FROM _event")[0].0 == "\(last)")
    for pass in passes {
      #expect(pass.steps.upperBound <= last)
      #expect(
        try trace.op(startingAtOrBefore: pass.steps.upperBound)?.id == pass.ops.last)
      #expect(try trace.ops(inPass: pass.id).count == pass.ops.count)
    }
    // No operation without its pass.
    #expect(
      try trace.pairs("SELECT id, 1 FROM _op WHERE pass NOT IN (SELECT id FROM pass)").isEmpty)
    #expect(try trace.opCount() == passes.last?.ops.last ?? 0)
  }
}
