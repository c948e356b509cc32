import Basics
import Dispatch
import Synchronization

/// Writes batches on a thread of its own, in order.
///
/// Full batches wait in a line, so that the engine seldom waits for the file; the line is short, so
/// that memory does not grow where the file is the slower of the two. One commit is in it at most:
/// a pass is on the file before the next one ends.
final class RecorderWriter: @unchecked Sendable {
  /// Touched on the thread alone, or while that is idle.
  private let output: RecorderOutput
  private let thread = SerialThread()
  private let state: Mutex<State>
  private let room = DispatchSemaphore(value: RecorderWriter.lineLength)
  private let commitRoom = DispatchSemaphore(value: 1)

  private static let lineLength = 8

  private struct State {
    var failure: TraceError?
    var committed = TraceSummary()
    /// Empty batches that have been written, for their memory.
    var spare: [Box] = (0..<lineLength).map { _ in Box() }
  }

  /// A batch, which belongs to the recorder or to the thread and never to both.
  private final class Box: @unchecked Sendable {
    var batch = RecorderBatch()
  }

  init(_ output: RecorderOutput) {
    self.output = output
    state = Mutex(State())
  }

  /// The first failure, after which nothing is written.
  var failure: TraceError? { state.withLock { $0.failure } }

  /// What is on the file to stay.
  var committed: TraceSummary { state.withLock { $0.committed } }

  /// Puts a batch in the line and gives an empty one for it.
  func write(_ batch: inout RecorderBatch) {
    if batch.committed != nil { commitRoom.wait() }
    room.wait()
    let box = state.withLock { $0.spare.removeLast() }
    swap(&batch, &box.batch)
    thread.add { self.write(box) }
  }

  /// Calls `body` when every batch is written.
  func whileIdle<Result>(_ body: (RecorderOutput) throws -> Result) rethrows -> Result {
    thread.waitUntilIdle()
    return try body(output)
  }

  private func write(_ box: Box) {
    let committed = box.batch.committed
    if failure == nil {
      do throws(SQLiteFailure) {
        try output.write(box.batch)
        if let committed { state.withLock { $0.committed = committed } }
      } catch {
        let failure = RecorderOutput.error(error, path: output.path)
        state.withLock { $0.failure = failure }
        output.rollBack()
      }
    }
    box.batch.removeAll()
    state.withLock { $0.spare.append(box) }
    room.signal()
    if committed != nil { commitRoom.signal() }
  }
}
