import Events
import Foundation
import Inference
import TestSupport
import Testing
import TraceStore

@testable import Recording

/// Live runs that are taken hither and thither at random, the same way in every run of the tests.
@Suite struct LiveWalkTests {
  let tests: LiveRunTests

  init() throws { tests = try LiveRunTests() }

  /// Passes, interruptions, forced tokens, ways back and other types of cache: at the end every branch
  /// holds the text that its passes took in, and each pass's logits are, to the bit, those of a fresh
  /// run over the text before them.
  @Test(arguments: 0..<6) func everyPassIsThatOfAFreshRun(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let live = try tests.live { $0.capture = .values }
    var finished: [Int] = []
    for _ in 0..<30 where live.ending == nil {
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<5: finished.append(try live.runNextPass().id)
      case 5:
        var left = Int.random(in: 0..<70, using: &random)
        let isDone = try? live.runNextPass {
          left -= 1
          return left < 0
        }
        if let isDone { finished.append(isDone.id) }
      case 6: try? live.force(Int.random(in: 200..<900, using: &random))
      case 7:
        let kvType: KVType = live.settings.kvType == .f16 ? .q8 : .f16
        try live.change(to: LiveSettings(strategy: .tiled, tileRows: 48, kvType: kvType))
      default:
        let pass = finished.randomElement(using: &random)
        _ = try live.goBack(
          toEndOf: Bool.random(using: &random) ? pass : pass.map { _ in finished[0] })
      }
    }
    try live.finish()

    let trace = try Trace(path: live.trace)
    let passes = try trace.passes().filter(\.isFinished)
    #expect(passes.map(\.id) == finished && finished.count > 8)
    for pass in passes {
      let end = pass.firstPosition + pass.tokens
      let tokens = try trace.tokens(branch: pass.branch)
      #expect(tokens.map(\.position) == Array(0..<tokens.count))
      let own = try trace.tokens(inPass: pass.id)
      #expect(own == Array(tokens[pass.firstPosition..<end]))
      var options = EngineOptions()
      options.kvType = try #require(pass.kvType.flatMap { KVType(rawValue: $0) })
      let fresh = try Engine(
        model: LoadedModel(nil).model, options: options, observer: NoObserver())
      let logits = try fresh.forward(tokens.prefix(end).map(\.id))
      let op = try #require(try trace.op(named: "result_output", inPass: pass.id))
      #expect(try trace.value(ofOp: op.id) == logits, "pass \(pass.id)")
      // What was appended, by the cache's own count.
      let last = try #require(try trace.lastKVAppend(atOrBefore: pass.steps.upperBound))
      #expect(last.position == end - 1)
      #expect(last.cacheBytes == end * 4 * (last.keyBytes + last.valueBytes))
    }
    let wrong = try tests.tests.number(
      """
      SELECT count(*) FROM memory_by_pass AS m JOIN pass AS p ON p.id = m.pass
      WHERE m.positions <> p.first_position + CASE WHEN p.is_finished THEN p.tokens ELSE 0 END
      """, live.trace)
    #expect(wrong == 0)
    try tests.expectBuffersAddUp(live.trace)
  }
}
