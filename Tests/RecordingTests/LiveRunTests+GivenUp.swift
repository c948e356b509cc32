import Foundation
import Inference
import Testing
import TraceStore

@testable import Recording

// Passes that are given up, and runs that can go no further.
extension LiveRunTests {
  @Test func aPassThatIsInterruptedChangesNothing() throws {
    let live = try live()
    try run(live, 2)
    let next = live.next
    var asked = 0
    #expect(throws: InferenceError.self) {
      try live.runNextPass {
        asked += 1
        return asked > 40
      }
    }
    #expect(live.position == 5 && live.next == next)
    let trace = try Trace(path: live.trace)
    #expect(try trace.passes().map(\.isFinished) == [true, true, false])
    #expect(try trace.ops(inPass: 3).count == 40)
    // What it took is returned.
    let before = try #require(try trace.pass(2))
    let after = try #require(try trace.pass(3))
    #expect(
      try trace.event(at: before.steps.upperBound)?.live
        == trace.event(at: after.steps.upperBound)?.live)
    try run(live, 2)
    try live.finish()
    let recorded = tests.options("recorded.sqlite", count: 4)
    _ = try record(recorded)
    #expect(
      try tests.rows("SELECT position, id, text, logprob FROM token", live.trace)
        == tests.rows("SELECT position, id, text, logprob FROM token", recorded.output))
    #expect(
      try tests.rows("SELECT branch, sequence, position, layers FROM kv_growth", live.trace)
        == tests.rows("SELECT branch, sequence, position, layers FROM kv_growth", recorded.output))
    #expect(
      try tests.rows("SELECT positions FROM memory_by_pass", live.trace)
        == [4, 5, 5, 6, 7].map { [.integer($0)] })
    try expectBuffersAddUp(live.trace)
  }

  /// Another token after a pass that was given up: that pass keeps its own.
  @Test func anotherTokenAfterAnInterruptionIsAnotherBranch() throws {
    let live = try live()
    try run(live, 2)
    let next = try #require(live.next)
    var asked = 0
    #expect(throws: InferenceError.self) {
      try live.runNextPass {
        asked += 1
        return asked > 5
      }
    }
    try live.force(second(after: next))
    try run(live, 1)
    try live.finish()
    let trace = try Trace(path: live.trace)
    #expect(try trace.passes().map(\.branch) == [0, 0, 0, 1])
    #expect(try trace.tokens(inPass: 3).map(\.id) == [next.id])
    #expect(try trace.tokens(inPass: 4).map(\.id) == [next.topK[1].id])
  }

  @Test(arguments: [StrategyName.wholeModel, .perLayer, .perTensor])
  func goesOnAfterTheBudgetWithAnotherStrategy(_ strategy: StrategyName) throws {
    let live = try live {
      $0.engine.strategy = strategy
      $0.engine.memoryBudget = 2_200_000
    }
    #expect(throws: InferenceError.self) { try live.runNextPass() }
    let trace = try Trace(path: live.trace)
    let failure = try #require(try trace.failure())
    #expect(try trace.event(at: failure.step)?.kind == .fail)
    #expect(failure.live + failure.bytes > failure.budget)
    let fitting = try live.needs().filter { $0.bytes <= 2_200_000 }.map(\.strategy)
    #expect(fitting.contains(.tiled) && !fitting.contains(strategy))
    #expect(throws: InferenceError.self) { try live.runNextPass() }  // as before
    try live.change(to: LiveSettings(strategy: .tiled, tileRows: 64, kvType: .f16))
    try run(live, 3)
    #expect(try trace.failure() == nil)
    #expect(try trace.failure(at: failure.step) == failure)
    #expect(try trace.passes().filter(\.isFinished).count == 3)
    #expect(try tests.number("SELECT count(*) FROM failure", live.trace) == 2)
    try expectBuffersAddUp(live.trace)
    try trace.close()
    try live.finish()
    let recorded = tests.options("recorded.sqlite", count: 3)
    _ = try record(recorded)
    #expect(
      try tests.rows("SELECT id FROM token", live.trace)
        == tests.rows("SELECT id FROM token", recorded.output))
  }

  @Test func severalThreadsGoOnAfterTheBudget() throws {
    let live = try live {
      $0.engine.threads = 2
      $0.engine.memoryBudget = 1_926_144 + 120_000
    }
    for _ in 0..<3 { #expect(throws: InferenceError.self) { try live.runNextPass() } }
    try live.change(to: LiveSettings(strategy: .fused, tileRows: 64, kvType: .f16))
    try run(live, 2)
    try live.finish()
    #expect(try tests.number("SELECT count(*) FROM failure", live.trace) >= 3)
    #expect(
      try tests.number(
        "SELECT count(*) FROM event WHERE kind = 'fail' AND step NOT IN (SELECT step FROM failure)",
        live.trace) == 0)
    try expectBuffersAddUp(live.trace)
  }

  @Test func endsWhereTheContextIsFull() throws {
    let live = try live { $0.prompts = [String(repeating: "the little fox ", count: 126)] }
    while live.ending == nil { try run(live, 1) }
    #expect(live.ending?.contains("512") == true || live.ending?.contains("ended") == true)
    try live.finish()
  }

  @Test func refusesWhatItCannotDo() throws {
    let live = try live()
    #expect(throws: RecordingError.self) { try live.force(1) }  // before the prompt
    try run(live, 1)
    #expect(throws: InferenceError.self) { try live.force(1 << 20) }
    #expect(throws: InferenceError.self) {
      try live.change(to: LiveSettings(strategy: .tiled, tileRows: 0, kvType: .f16))
    }
    #expect(live.settings.tileRows == 64)
    #expect(throws: InferenceError.self) { try self.live("x.sqlite") { $0.prompts = [""] } }
  }
}
