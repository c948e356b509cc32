import Events
import Foundation
import TestSupport
import Testing

@testable import TraceStore

/// Traces of runs that the memory budget ended.
@Suite struct FailureTests {
  /// Where a run fails.
  enum Moment: CaseIterable {
    case atOnce, loading, atTheStartOfThePass, betweenOperations, inAnOperation, afterAStepOfIt
  }

  /// Records a prompt, two passes of one token where there are any, and a failure.
  ///
  /// - Returns: the failure, and the step at which it happened.
  @discardableResult
  static func recordFailure(
    _ moment: Moment, to path: String, bytes: Int = 1000
  ) throws -> (failure: AllocationFailure, step: Int) {
    let recording = try Recording(path: path)
    let (recorder, observer) = (recording.recorder, recording.observer)
    switch moment {
    case .atOnce: break
    case .loading: try recording.load()
    default:
      try recording.run(decode: 3)
      let operations = moment == .atTheStartOfThePass ? 0 : 20
      try recording.pass(tokens: 1, stopAfter: operations)
    }
    if [.inAnOperation, .afterAStepOfIt].contains(moment) {
      recorder.opBegan(
        OpDescription(
          name: "x-1", kind: .add, layer: 1, inputs: ["y"], tensor: nil, rows: 1, cols: 1))
    }
    if moment == .afterAStepOfIt { recorder.computed(thread: 0, live: observer.live) }
    let failure = AllocationFailure(
      category: .kvCache, name: "blk.1 kv 16..<32", bytes: bytes, live: observer.live,
      budget: observer.live.total + bytes - 1, thread: 0)
    let step = observer.steps + (moment == .afterAStepOfIt ? 2 : 1)
    recorder.allocationFailed(failure)
    // What the engine does to clean up, and a second thread that fails as well, are not recorded.
    recorder.freed(
      BufferDescription(id: 1, category: .weights, name: "packed weights", bytes: 8),
      live: MemoryUse())
    recorder.allocationFailed(failure)
    recorder.passEnded(nanoseconds: 1)
    try recorder.check()
    try recorder.finish(status: "failed")
    return (failure, step)
  }

  @Test(arguments: Moment.allCases)
  func theTraceEndsAtTheFailure(moment: Moment) throws {
    let folder = try ScratchFolder()
    let (failure, step) = try Self.recordFailure(moment, to: folder.file())
    let trace = try Trace(path: folder.file())
    #expect(try trace.eventCount() == step)
    let event = try #require(try trace.event(at: step))
    #expect(event.kind == .fail && event.live == failure.live)
    #expect(
      try trace.failure()
        == TraceFailure(
          step: step, category: .kvCache, name: "blk.1 kv 16..<32", bytes: 1000,
          live: failure.live.total, budget: failure.budget))
    #expect(try trace.meta()["status"] == "failed")
    let buffers = try trace.buffers(aliveAt: step)
    #expect(buffers.reduce(0) { $0 + $1.bytes } == failure.live.total)
    #expect(try trace.tile(at: step) == nil && trace.buffer(at: step) == nil)

    let isLoading = [.atOnce, .loading].contains(moment)
    #expect(try trace.passes().map(\.isFinished) == (isLoading ? [] : [true, true, true, false]))
    if let pass = try trace.passes().last {
      #expect(pass.steps.upperBound == step && pass.steps.contains(step))
      #expect(try trace.pass(at: step) == pass)
      #expect(try trace.ops(inPass: pass.id).map(\.id) == Array(pass.ops))
      let operations: [Moment: Int] = [
        .atTheStartOfThePass: 0, .betweenOperations: 20, .inAnOperation: 21, .afterAStepOfIt: 21,
      ]
      #expect(pass.ops.count == operations[moment])
      #expect(try trace.tokens(inPass: pass.id).map(\.pass) == [pass.id])
    }
    let op = try trace.op(at: step)
    #expect(op?.name == ([.inAnOperation, .afterAStepOfIt].contains(moment) ? "x-1" : nil))
    if let op { #expect(op.steps.upperBound == step && op.statistics == nil) }
  }

  @Test(arguments: Moment.allCases)
  func plainSQLiteReadsIt(moment: Moment) throws {
    let folder = try ScratchFolder()
    let (failure, step) = try Self.recordFailure(moment, to: folder.file())
    let path = folder.file()
    #expect(
      try sqlite3(path, "SELECT * FROM failure")
        == "\(step)|kv_cache|blk.1 kv 16..<32|1000|\(failure.live.total)|\(failure.budget)\n")
    #expect(
      try sqlite3(path, "SELECT step, kind FROM event ORDER BY step DESC LIMIT 1")
        == "\(step)|fail\n")
    #expect(try sqlite3(path, "SELECT count(*) = max(step) FROM event") == "1\n")
    #expect(
      try sqlite3(
        path,
        """
        SELECT count(*) FROM event AS e
        WHERE weights + weights_dequantized + kv_cache + activations + workspace + logits != (
          SELECT coalesce(sum(bytes), 0) FROM buffer
          WHERE allocated_step <= e.step AND (freed_step IS NULL OR freed_step > e.step))
        """) == "0\n")
    #expect(
      try sqlite3(path, "SELECT count(*) FROM _op WHERE pass NOT IN (SELECT id FROM pass)")
        == "0\n")
    for view in try sqlite3(path, "SELECT name FROM sqlite_schema WHERE type = 'view'")
      .split(separator: "\n")
    {
      _ = try sqlite3(path, "SELECT * FROM \(view)")  // throws where it fails
    }
    #expect(try sqlite3(path, "PRAGMA integrity_check") == "ok\n")
  }

  /// Another thread's tile that was taken before the failure is filled after it.
  @Test func aTileThatIsFilledAfterTheFailureIsWhole() throws {
    let folder = try ScratchFolder()
    let recording = try Recording(path: folder.file())
    let recorder = recording.recorder
    try recording.load()
    recorder.passBegan(
      PassDescription(kind: .prefill, branch: 0, sequence: 0, firstPosition: 0, tokens: [1]))
    recorder.opBegan(
      OpDescription(
        name: "x", kind: .matmul, layer: nil, inputs: [], tensor: 0, rows: 1, cols: 1))
    let tile = TileDescription(
      id: 77, tensor: 0, firstRow: 0, rows: 8, cols: 32, type: .f16, thread: 1, buffer: nil)
    var live = recording.observer.live
    live.weightsDequantized += tile.bytes
    recorder.dequantizing(tile, live: live)
    recorder.allocationFailed(
      AllocationFailure(
        category: .weightsDequantized, name: "t", bytes: 512, live: live, budget: 1, thread: 0))
    let values = [UInt16](repeating: 0x3C00, count: 8 * 32)
    values.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      recorder.dequantized(tile, values: base, nanoseconds: 4321)
    }
    live.weightsDequantized = 0
    recorder.freedTile(tile, live: live)
    try recorder.finish(status: "failed")
    let trace = try Trace(path: folder.file())
    let last = try trace.eventCount()
    let made = try #require(try trace.tile(last - 1))
    #expect(made.dequantizeDuration == 4321 && made.freedStep == nil && made.usedStep == nil)
    #expect(made.statistics?.min == 1 && made.statistics?.max == 1)
    #expect(try trace.buffers(aliveAt: last).map(\.id).contains(made.id))
  }

  @Test func otherTracesHaveNone() throws {
    let folder = try ScratchFolder()
    try record(to: folder.file())
    #expect(try Trace(path: folder.file()).failure() == nil)
  }

  /// Tiles that lie in a buffer are counted as that buffer.
  @Test func tilesInABufferAreCountedOnce() throws {
    let folder = try ScratchFolder()
    let recording = try Recording(path: folder.file())
    let recorder = recording.recorder
    try recording.load()
    var live = recording.observer.live
    let buffer = BufferDescription(
      id: 500, category: .weightsDequantized, name: "scratch", bytes: 1024)
    live.weightsDequantized = 1024
    recorder.allocated(buffer, live: live)
    let holder = recording.observer.steps + 1
    recorder.passBegan(
      PassDescription(kind: .prefill, branch: 0, sequence: 0, firstPosition: 0, tokens: [1]))
    recorder.opBegan(
      OpDescription(
        name: "x", kind: .matmul, layer: nil, inputs: [], tensor: 0, rows: 1, cols: 1))
    let values = [UInt16](repeating: 0x3C00, count: 8 * 32)
    for index in 0..<3 {
      let tile = TileDescription(
        id: 600 + index, tensor: 0, firstRow: 8 * index, rows: 8, cols: 32, type: .f16, thread: 0,
        buffer: 500)
      recorder.dequantizing(tile, live: live)
      values.withUnsafeBytes { bytes in
        guard let base = bytes.baseAddress else { return }
        recorder.dequantized(tile, values: base, nanoseconds: 1)
      }
      recorder.freedTile(tile, live: live)
    }
    recorder.opEnded(output: nil, nanoseconds: 1)
    recorder.passEnded(nanoseconds: 1)
    try recorder.finish(status: "complete")
    let path = folder.file()
    #expect(try sqlite3(path, "SELECT DISTINCT in_buffer FROM tile") == "\(holder)\n")
    #expect(try sqlite3(path, "SELECT count(*) FROM buffer WHERE tile IS NOT NULL") == "0\n")
    #expect(
      try sqlite3(path, "SELECT tile, in_buffer, bytes FROM tile_lifetime LIMIT 1")
        == "\(holder + 1)|\(holder)|512\n")
    let trace = try Trace(path: path)
    for step in holder...holder + 6 {
      let bytes = try trace.buffers(aliveAt: step).reduce(0) { $0 + $1.bytes }
      #expect(try trace.event(at: step)?.live.total == bytes)
    }
    #expect(try trace.buffer(at: holder + 1) == nil)
    #expect(try trace.tile(at: holder + 2)?.inBuffer == holder)
  }
}
