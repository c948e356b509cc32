import Basics
import Foundation
import Inference
import Recording
import TestSupport
import Testing
import TraceStore

@testable import Debugger

/// `why` over recordings of the built-in model.
@Suite struct WhyTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  /// Every kind of operation, under every strategy: the terms come to the value.
  @Test(arguments: StrategyName.allCases)
  func termsComeToTheValue(strategy: StrategyName) throws {
    try Tiny.record(to: folder.file()) {
      $0.capture = .values
      $0.engine.strategy = strategy
      $0.engine.kvType = strategy == .fused ? .q8 : .f16
    }
    try expectTerms(kinds: 10)
  }

  @Test func termsOfSeveralSequences() throws {
    try Tiny.record(to: folder.file()) {
      $0.capture = .stats
      $0.engine.sequences = 2
      $0.prompts = ["Once upon a time", "The dog"]
    }
    try expectTerms(kinds: 10)
  }

  private func expectTerms(kinds: Int) throws {
    let session = try Tiny.session(folder.file())
    var random = SeededGenerator(seed: 1)
    var seen: Set<String> = []
    for pass in 1...2 {
      try session.execute("goto pass \(pass)")
      for op in try session.trace.ops(inPass: pass) where op.layer ?? 1 == 1 {
        if op.kind == "kv_append" { continue }
        seen.insert(op.kind)
        for _ in 0..<3 {
          let row = Int.random(in: 0..<op.rows, using: &random)
          let column = Int.random(in: 0..<op.cols, using: &random)
          let why = try session.explain("\(op.name)[\(row), \(column)]")
          // float32 has 24 bits; sums of some hundred terms round as often.
          let size = (why.sum?.values ?? []).reduce(abs(why.result.value)) { $0 + abs($1) }
          let error = abs(why.value.value - why.result.value)
          #expect(error <= 4e-6 * max(size, 1e-3), "\(why.name): \(why.value), \(why.result)")
        }
      }
    }
    #expect(seen.count == kinds - 1, "\(seen)")
  }

  @Test func logitsGoByNumberAndByText() throws {
    try Tiny.record(to: folder.file())
    let session = try Tiny.session(folder.file())
    let first = try session.explain("logit 42")
    let text = try LoadedModel(nil).text(of: 42)
    #expect(try session.explain("logit \(quoted(text))").name == first.name)
    #expect(first.name == "result_output[42]" && first.sum?.count == 256)
    for bad in ["logit", "logit x", "logit 999999", "logit \"no such token\"", "logit -1"] {
      #expect(throws: DebuggerError.self) { try session.explain(bad) }
    }
  }

  @Test(arguments: [
    "", "ffn_gate-1", "ffn_gate-1[0..2]", "nothing[1]", "blk.0.attn_q.weight[1, 2]", "1 + 1",
    "ffn_gate-1[99999]", "0 ffn_gate-1[1]", "kv_append-0[0]", "ffn_gate-1[head=0, 1]",
  ])
  func whatCannotBeExplained(target: String) throws {
    try Tiny.record(to: folder.file(), count: 1)
    let session = try Tiny.session(folder.file())
    #expect(throws: DebuggerError.self) { try session.why(target) }
  }
}
