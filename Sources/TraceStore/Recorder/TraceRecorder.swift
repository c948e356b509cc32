import Basics
import Events
import Foundation

/// Writes a run into a trace as it happens.
///
/// The engine calls it as its ``PassObserver``; the driver adds tokens, asks ``check()`` after each
/// pass and ends with ``finish(status:error:)``. Rows gather in columns and go to the file in one
/// transaction a pass, so that whatever ends the run, the file holds whole passes only. Another
/// thread writes them: a pass is on the file before the next one ends. Observer
/// calls cannot throw: the first failure is kept, what follows is ignored, and ``check()`` throws
/// it.
///
/// Not safe for several threads at once, as ``PassObserver`` promises.
public final class TraceRecorder: PassObserver {
  public static var isWatching: Bool { true }
  public var measuresValues: Bool { capture != .none }

  /// The trace.
  public let path: String
  public let capture: Capture
  let tensors: [TraceTensor]
  let writer: RecorderWriter
  /// Whether the run goes on after a pass that was given up: then the pass is recorded with all
  /// that was done to clean up after it. Otherwise it is left out, but for one that the memory
  /// budget or a result that is not finite ended, which ends the recording.
  let goesOn: Bool

  var failure: TraceError?
  /// The step that ended the run, of an allocation or of an operation whose result is not finite,
  /// and when.
  var end: End?
  /// False from ``outputNotFinite()`` to the end of the operation. Its statistics say so, and are
  /// kept whatever is captured.
  var isOutputFinite = true
  /// Tells what packing changed in some rows of a tensor (its index in the header), where the
  /// unquantized tensor is known: root mean square and largest magnitude.
  public var packingError: ((_ tensor: Int, _ rows: Range<Int>) -> (rms: Double, max: Double)?)?
  /// Set once nothing more is recorded: after ``finish(status:error:)``.
  var isFinished = false

  // What happened since the last write. What changes at every step is not checked for overlapping
  // access: calls come one at a time.
  @exclusivity(unchecked) var batch = RecorderBatch()
  @exclusivity(unchecked) var memoryStates = MemoryStateTable()
  var tokens: [TraceToken] = []
  @exclusivity(unchecked) var nextStep = 1
  /// Of what is written and of what is to be.
  @exclusivity(unchecked) var summary = TraceSummary()
  /// Whether something was given to the writer since the last commit.
  var hasUncommitted = false

  // Where the run is.
  let clock = ContinuousClock()
  let began: ContinuousClock.Instant
  var pass: Pass?
  @exclusivity(unchecked) var op: Op?
  var passes = 0
  var ops = 0
  /// The state of the highest total since the operation began.
  @exclusivity(unchecked) var peak = (id: 0, total: -1)

  // What has a number already.
  @exclusivity(unchecked) var live = LiveBuffers()
  /// The steps at which buffers were made that live for long, by the engine's numbers: those that
  /// tiles lie in, and the pages of the KV cache.
  var oldBuffers: [Int: Int] = [:]
  var nodes = NodeTable()
  var labels: [Label: Int] = [:]
  /// Which file it was when it was made.
  private let identity: FileIdentity?
  /// Bytes of the file when it was looked at last: SQLite makes it no smaller.
  private var knownSize = 0
  /// Whether the trace takes the place of an older one: at the first pass, or at the step that ended
  /// its run.
  public let hasReplaced: Bool
  /// Whether the older one is in its place again, since the recording ended before that.
  public private(set) var hasRestored = false
  @exclusivity(unchecked) var weightTiles: WeightTileTable

  struct Pass {
    let description: PassDescription
    let firstStep: Int
    let firstOp: Int
    let start: Int
  }

  struct Op {
    let description: OpDescription
    let node: Int
    let firstStep: Int
    let start: Int
  }

  struct End {
    let step: Int
    let time: Int
  }

  struct Label: Hashable {
    let category: MemoryCategory
    let name: String
  }

  /// Events that a batch holds before it is written in the middle of a pass, and captured numbers.
  static let batchLimit = 1 << 10
  static let valueLimit = 1 << 20

  /// Makes a new trace. An old one at `path` is replaced once this one has something to show;
  /// anything else there is left alone.
  ///
  /// - Parameter goesOn: whether the run goes on after a pass that was given up.
  /// - Throws: ``TraceError/directory(path:)``, ``TraceError/wouldReplace(path:)``,
  ///   ``TraceError/io(path:reason:)`` or ``TraceError/full(path:)``.
  public init(
    path: String, header: TraceHeader, capture: Capture, goesOn: Bool = false
  ) throws(TraceError) {
    self.path = path
    self.goesOn = goesOn
    self.capture = capture
    tensors = header.tensors
    weightTiles = WeightTileTable(tensors: header.tensors.count)
    let older = try OlderTrace.setAside(path)
    hasReplaced = older != nil
    began = clock.now
    let output = try RecorderOutput(
      path: path, header: header, capture: capture, replacing: older)
    writer = RecorderWriter(output)
    identity = output.identity
  }

  deinit {
    writer.whileIdle { output in
      output.close()
      _ = try? output.restoreOlder()
    }
  }

  /// Throws what went wrong since the recording began, as far as it is known. The driver calls it
  /// after each pass.
  public func check() throws(TraceError) {
    failure = failure ?? writer.failure
    // SQLite would write on, into a file that has no name any more, or that has lost its beginning.
    let size = TraceFile.size(path)
    if FileIdentity(path: path) != identity || size < knownSize { failure = .replaced(path: path) }
    knownSize = max(size, knownSize)
    if let failure { throw failure }
  }

  /// Waits until everything up to now is on the file. Not during a pass, which is written whole.
  ///
  /// - Throws: what went wrong since the recording began.
  public func settle() throws(TraceError) {
    if pass == nil, failure == nil, !isFinished { commitBetweenPasses() }
    writer.whileIdle { _ in }
    try check()
  }

  /// The number of the last step so far, and of the last pass that began.
  public var lastStep: Int { nextStep - 1 }
  public var lastPass: Int { passes }

  /// Adds tokens: those of the prompt before the first pass, each chosen one as it is chosen. They
  /// are written with the next pass, or at the end.
  public func addTokens(_ tokens: [TraceToken]) {
    self.tokens += tokens
  }

  /// Adds a branch, before its first pass. It is written with the tokens.
  public func addBranch(_ branch: TraceBranch) {
    batch.branches.append(branch)
  }

  /// Passes, events and tiles committed so far, and bytes of the file.
  public var progress: TraceSummary {
    var result = writer.committed
    result.fileBytes = TraceFile.bytes(path)
    return result
  }

  /// Ends the recording: drops a pass that did not finish, but for one that the memory budget or a
  /// result that is not finite ended, writes `status` (`complete`, `interrupted`, `failed`, `error`) into `meta`, and leaves
  /// one file: the older trace, if there is nothing to show of this one. What comes after is
  /// ignored.
  ///
  /// - Parameter error: what was said of the error that ended the run, which `meta` keeps.
  /// - Throws: what ``check()`` would, after closing the file.
  @discardableResult
  public func finish(status: String, error: String? = nil) throws(TraceError) -> TraceSummary {
    if isFinished { return progress }
    isFinished = true
    _ = try? check()
    if failure == nil {
      if let end { commit(end) } else if pass == nil { commit() }
    }
    writer.whileIdle { output in
      output.rollBack()
      failure = failure ?? writer.failure
      if case .replaced = failure {
        output.close()  // what has its name now is another's
      } else {
        // What failed is not complete, whatever the driver thinks.
        let closing = output.finish(
          status: failure == nil ? status : "error", error: failure?.description ?? error,
          tokens: failure == nil ? tokens : [])
        failure = failure ?? closing
      }
      do throws(TraceError) {
        hasRestored = try output.restoreOlder()
      } catch {
        failure = failure ?? error
      }
    }
    guard hasRestored else {
      try check()
      return progress
    }
    if let failure { throw failure }
    return writer.committed
  }

  /// Removes a trace that has no pass, after the end.
  public func removeIfEmpty() {
    if isFinished, !hasRestored, writer.committed.passes == 0,
      FileIdentity(path: path) == identity
    {
      try? TraceFile.remove(path)
    }
  }

  /// Nanoseconds since the recording began.
  func now() -> Int {
    let (seconds, attoseconds) = began.duration(to: clock.now).components
    return Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)
  }
}
