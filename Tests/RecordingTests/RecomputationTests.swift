import Foundation
import Inference
import Testing
import TraceStore

@testable import Recording

/// What a trace did not capture is computed again, to the last bit.
@Suite struct RecomputationTests {
  let tests: RecordingTests

  init() throws { tests = try RecordingTests() }

  private func recordValues(
    _ name: String, _ change: (inout RecordingOptions) -> Void
  ) throws -> Trace {
    var options = tests.options(name, count: 3)
    options.capture = .values
    change(&options)
    _ = try record(options)
    return try Trace(path: options.output)
  }

  /// Compares every operation of some passes, in this order, with what the trace captured.
  private func expectCaptured(_ trace: Trace, passes: [Int], room: Int = 1 << 30) throws {
    let recomputation = try Recomputation(trace: trace, loaded: LoadedModel(nil), room: room)
    for pass in passes {
      var compared = 0
      for op in try trace.ops(inPass: pass) {
        guard let captured = try trace.value(ofOp: op.id) else {
          #expect(op.kind == "kv_append")
          continue
        }
        let again = try #require(try recomputation.output(of: op), "\(op.name) of pass \(pass)")
        #expect(again.map(\.bitPattern) == captured.map(\.bitPattern), "\(op.name) of \(pass)")
        compared += 1
      }
      #expect(compared > 30)
    }
  }

  @Test(arguments: StrategyName.allCases)
  func everyStrategyToTheLastBit(strategy: StrategyName) throws {
    let trace = try recordValues("\(strategy.rawValue).sqlite") { $0.engine.strategy = strategy }
    // Forwards, back to the beginning, and on from there.
    try expectCaptured(trace, passes: [2, 3, 1, 3])
  }

  @Test(arguments: KVType.allCases)
  func everyTypeOfCache(kvType: KVType) throws {
    let trace = try recordValues("\(kvType.rawValue).sqlite") { $0.engine.kvType = kvType }
    try expectCaptured(trace, passes: [3, 2])
  }

  @Test func promptsInPieces() throws {
    let trace = try recordValues("pieces.sqlite") {
      $0.ubatch = 3
      $0.engine.tileRows = 48
    }
    try expectCaptured(trace, passes: [try trace.passCount(), 2, 1])
  }

  @Test func severalSequences() throws {
    let trace = try recordValues("sequences.sqlite") {
      $0.engine.sequences = 2
      $0.prompts = ["Once upon a time", "The dog"]
      $0.ubatch = 5
    }
    try expectCaptured(trace, passes: [2, try trace.passCount(), 1])
  }

  /// What there is no room for is computed again when it is asked about.
  @Test func littleRoom() throws {
    let trace = try recordValues("room.sqlite") { _ in }
    try expectCaptured(trace, passes: [1, 2], room: 100_000)
    try expectCaptured(trace, passes: [2], room: 0)
  }

  @Test func keysAndValuesOfAllPositions() throws {
    let trace = try recordValues("history.sqlite") { _ in }
    let recomputation = try Recomputation(trace: trace, loaded: LoadedModel(nil))
    let first = try #require(try trace.op(named: "l_out-1", inPass: 1))
    _ = try recomputation.output(of: first)
    let history = try recomputation.history(throughPass: 3)
    var keys: [Float] = []
    for pass in 1...3 {
      let op = try #require(try trace.op(named: "Kcur_rope-1", inPass: pass))
      keys += try #require(try trace.value(ofOp: op.id))
    }
    #expect(history.keys(sequence: 0, layer: 1).flatMap { $0 } == keys)
    #expect(
      history.values(sequence: 0, layer: 1).count == history.keys(sequence: 0, layer: 1).count)
    #expect(history.keys(sequence: 1, layer: 1).isEmpty)
  }

  /// A pass that was interrupted leaves those before it, and the next call goes on after them.
  @Test func goesOnAfterAnInterruption() throws {
    let trace = try recordValues("interrupted.sqlite") { _ in }
    let recomputation = try Recomputation(trace: trace, loaded: LoadedModel(nil))
    let op = try #require(try trace.op(named: "result_output", inPass: 3))
    var asked = 0
    do {
      _ = try recomputation.output(
        of: op,
        isCancelled: {
          asked += 1
          return asked > 100
        })
      Issue.record("it was not interrupted")
    } catch InferenceError.interrupted {}
    var begun: [Int] = []
    let output = try recomputation.output(of: op, progress: { done, _ in begun.append(done) })
    #expect(begun == [1, 2], "the first pass was finished before")
    #expect(try output == trace.value(ofOp: op.id))
  }

  @Test func anotherFileIsRefused() throws {
    let trace = try recordValues("refused.sqlite") { _ in }
    var meta = try trace.meta()
    #expect(try RecordedModel.find(meta: meta, named: nil).isChecked)
    meta["model_sha256"] = String(repeating: "0", count: 64)
    #expect {
      try RecordedModel.find(meta: meta, named: nil)
    } throws: { "\($0)".contains("is another file than the one the trace was recorded from") }
    meta["model_file"] = "/nowhere/model.gguf"
    #expect { try RecordedModel.find(meta: meta, named: nil) } throws: {
      "\($0)".contains("There is no model file '/nowhere/model.gguf'")
    }
    meta["model_file"] = nil
    #expect { try RecordedModel.find(meta: meta, named: nil) } throws: {
      "\($0)".contains("name it with -m")
    }
  }
}
