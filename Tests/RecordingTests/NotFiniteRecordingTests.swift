import Inference
import TestEngine
import Testing
import TraceStore

@testable import Recording

/// Runs that end at an operation whose result is not finite: the trace holds what led to it.
@Suite struct NotFiniteRecordingTests {
  let tests: RecordingTests
  let model: NotFiniteModel

  init() throws {
    tests = try RecordingTests()
    model = try NotFiniteModel(in: tests.folder)
  }

  private func options(_ change: (inout RecordingOptions) -> Void) -> RecordingOptions {
    var options = tests.options()
    options.model = model.path
    change(&options)
    return options
  }

  private func expectEnd(
    _ path: String, of passes: Int, capture: Capture, _ location: SourceLocation = #_sourceLocation
  ) throws {
    let trace = try Trace(path: path)
    let op = try #require(try trace.notFiniteOp(), sourceLocation: location)
    #expect(op.name == NotFiniteModel.op && op.pass == passes, sourceLocation: location)
    #expect(op.statistics?.max == .infinity, sourceLocation: location)
    #expect(try trace.passes().map(\.isFinished) == Array(repeating: false, count: passes))
    #expect(try trace.ops(inPass: passes).last?.id == op.id)
    #expect(
      try tests.number("SELECT count(*) FROM op WHERE min IS NOT NULL", path)
        == (capture == .none
          ? passes : tests.number("SELECT count(*) FROM op WHERE kind <> 'kv_append'", path)))
    let values = try trace.value(ofOp: op.id)
    #expect((values?.first { !$0.isFinite } != nil) == (capture == .values))
    try LiveRunTests().expectBuffersAddUp(path)
  }

  @Test(arguments: Capture.allCases, [StrategyName.tiled, .wholeModel, .perLayer, .int4GEMM])
  func aRecordingEndsThere(capture: Capture, strategy: StrategyName) throws {
    let options = options {
      $0.capture = capture
      $0.engine.strategy = strategy
    }
    let report = try record(options)
    guard case .notFiniteOutput(NotFiniteModel.op, _, 0, _)? = report.error else {
      Issue.record("\(String(describing: report.error))")
      return
    }
    #expect(report.failure == nil && report.planned == nil && report.needs.isEmpty)
    #expect(report.summary.passes == 0)
    try expectEnd(report.trace, of: 1, capture: capture)
    let trace = try Trace(path: report.trace)
    let last = try #require(try trace.notFiniteOp())
    #expect(last.steps.upperBound == report.summary.events)
    #expect(try trace.pass(1)?.steps.upperBound == report.summary.events)
    let meta = try trace.meta()
    #expect(meta["status"] == "error" && meta["error"] == report.error?.description)
  }

  @Test func anOlderTraceIsReplaced() throws {
    _ = try record(tests.options())
    let report = try record(options { _ in })
    #expect(report.hasReplaced)
    try expectEnd(report.trace, of: 1, capture: .stats)
  }

  @Test(arguments: Capture.allCases)
  func aLiveRunGoesOn(capture: Capture) throws {
    let live = try LiveRun(options { $0.capture = capture })
    for pass in 1...2 {
      #expect(throws: InferenceError.self) { try live.runNextPass() }
      #expect(live.position == 0 && live.lastPass == pass)
      try live.change(to: LiveSettings(strategy: .fused, tileRows: 64, kvType: .f16))
    }
    try expectEnd(live.trace, of: 2, capture: capture)
    #expect(try Trace(path: live.trace).meta()["status"] == "recording")
    try live.finish()
    let meta = try Trace(path: live.trace).meta()
    #expect(meta["status"] == "error" && meta["error"]?.contains("'ffn_norm-2'") == true)
  }

  /// The operations before it and it can be computed again; the others are not there.
  @Test func whatLedToItIsRecomputed() throws {
    let options = options { $0.capture = .values }
    let trace = try Trace(path: try record(options).trace)
    let recomputation = try Recomputation(trace: trace, loaded: LoadedModel(model.path))
    for op in try trace.ops(inPass: 1).reversed() {
      guard let captured = try trace.value(ofOp: op.id) else { continue }
      let again = try #require(try recomputation.output(of: op), "\(op.name)")
      #expect(again.map(\.bitPattern) == captured.map(\.bitPattern), "\(op.name)")
    }
    let history = try recomputation.history(throughPass: 1)
    #expect(history.keys(sequence: 0, layer: 2).count == 4)
    #expect(history.keys(sequence: 0, layer: 3).isEmpty)
  }

  @Test func aComparisonNamesIt() throws {
    var comparison = ComparisonOptions(folder: tests.folder.file("comparison"))
    comparison.run.model = model.path
    let error = #expect(throws: InferenceError.self) { try compare(comparison) }
    #expect(error?.description.contains("'ffn_norm-2' is not finite") == true)
  }
}
