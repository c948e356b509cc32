import Foundation
import Inference
import Testing
import TraceStore

@testable import Recording

/// Recordings that the memory budget ends.
@Suite struct BudgetRecordingTests {
  let tests: RecordingTests

  init() throws { tests = try RecordingTests() }

  /// Records with a byte less than what a run needs by a step, which it then fails at.
  ///
  /// - Parameter query: gives that step of the trace of the run without a budget.
  func recordFailure(
    _ strategy: StrategyName, at query: String, count: Int = 20
  ) throws -> (report: RecordingReport, path: String, step: Int) {
    var options = tests.options("free.sqlite", count: count)
    options.engine.strategy = strategy
    options.capture = .none
    _ = try record(options)
    let step = try tests.number(query, options.output)
    options.engine.memoryBudget =
      try tests.number("SELECT total FROM memory_timeline WHERE step = \(step)", options.output) - 1
    options.output = tests.folder.file("failed.sqlite")
    return (try record(options), options.output, step)
  }

  func expectInvariants(_ path: String, endingAt step: Int) throws {
    #expect(try tests.number("SELECT max(step) FROM event", path) == step)
    #expect(try tests.number("SELECT count(*) FROM event", path) == step)
    #expect(try tests.number("SELECT step FROM event WHERE kind = 'fail'", path) == step)
    let wrong = try tests.number(
      """
      SELECT count(*) FROM memory_timeline AS m WHERE total <> (
        SELECT coalesce(sum(bytes), 0) FROM buffer
        WHERE allocated_step <= m.step AND (freed_step IS NULL OR freed_step > m.step))
      """, path)
    #expect(wrong == 0)
    #expect(
      try tests.number(
        "SELECT live = total AND live + bytes > budget FROM failure JOIN memory_timeline USING (step)",
        path) == 1)
    #expect(
      try tests.rows("SELECT value FROM meta WHERE key = 'status'", path) == [[.text("failed")]])
  }

  @Test(arguments: [
    (StrategyName.wholeModel, "SELECT id FROM tile ORDER BY id LIMIT 1 OFFSET 9"),
    (.wholeModel, "SELECT 1"), (.scratch, "SELECT id FROM buffer WHERE name GLOB 'scratch*'"),
  ])
  func failsWhileLoading(strategy: StrategyName, query: String) throws {
    let (report, path, step) = try recordFailure(strategy, at: query)
    try expectInvariants(path, endingAt: step)
    #expect(report.summary.passes == 0 && report.summary.events == step)
    #expect(try tests.number("SELECT count(*) FROM pass", path) == 0)
    #expect(try tests.number("SELECT count(*) FROM token", path) == 4)
    let trace = try Trace(path: path)
    #expect(try trace.failure()?.step == step)
  }

  @Test(arguments: [
    (StrategyName.perLayer, 1), (.perTensor, 1), (.tiled, 1), (.scratch, 1), (.tiled, 30),
    (.scratch, 30),
  ])
  func failsInAPass(strategy: StrategyName, pass: Int) throws {
    // The first step of the pass at which more is alive than ever before.
    let query = """
      SELECT min(step) FROM memory_timeline JOIN pass ON pass.id = \(pass)
      WHERE step BETWEEN first_step AND last_step AND total > (
        SELECT max(total) FROM memory_timeline AS m WHERE m.step < pass.first_step)
      """
    let (report, path, step) = try recordFailure(strategy, at: query, count: 40)
    try expectInvariants(path, endingAt: step)
    #expect(report.summary.passes == pass - 1)
    #expect(
      try tests.rows("SELECT id, is_finished, last_step FROM pass ORDER BY id DESC LIMIT 1", path)
        == [[.integer(pass), .integer(0), .integer(step)]])
    #expect(
      try tests.number("SELECT count(*) FROM pass WHERE is_finished", path) == pass - 1)
    #expect(report.generation.sequences[0].tokens.count == pass - 1)
  }

  @Test func saysWhatWouldHaveFitted() throws {
    var options = tests.options(count: 8)
    options.engine.strategy = .wholeModel
    options.engine.memoryBudget = 3 << 20
    let report = try record(options)
    #expect(report.needs.map(\.strategy) == StrategyName.allCases)
    for (strategy, bytes) in report.needs {
      options.engine.strategy = strategy
      options.engine.memoryBudget = bytes
      #expect(try record(options).summary.peak.total == bytes, "\(strategy)")
      options.engine.memoryBudget = bytes - 1
      #expect(try record(options).failure != nil, "\(strategy)")
    }
  }

  @Test func severalThreadsStayWithinIt() throws {
    var options = tests.options(count: 8)
    options.engine.threads = 2
    let free = try record(options)
    let single = free.summary.peak.total - free.summary.peak.weightsDequantized
    options.engine.memoryBudget = single + 64 * 768 * 2  // one tile, where two threads want two
    let report = try record(options)
    let path = options.output
    #expect(
      try tests.number("SELECT max(total) FROM memory_timeline", path)
        <= options.engine.memoryBudget ?? 0)
    if let failure = report.failure {
      #expect(failure.category == .weightsDequantized)
      try expectInvariants(path, endingAt: report.summary.events)
    }
  }
}
