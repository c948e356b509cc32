import Foundation
import Inference
import TestSupport
import Testing
import TraceStore

@testable import Debugger

/// `top` and `info error` over recordings of the built-in model.
@Suite struct ErrorAndLensTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  /// After the last layer the logit lens is the distribution itself.
  @Test func theLensOfTheLastLayerIsTheResult() throws {
    try Tiny.record(to: folder.file(), count: 2) { $0.engine.strategy = .fused }
    let layers = try #require(try Trace(path: folder.file()).meta()["layers"].flatMap { Int($0) })
    let text = try Tiny.transcript(
      folder.file(), ["goto pass 2", "goto l_out-\(layers - 1)", "top 12"])
    let after = text.components(separatedBy: "After position")[1]
    let (result, lens) = (
      after.components(separatedBy: "Logit lens")[0], after.components(separatedBy: "Logit lens")[1]
    )
    func ids(_ part: String) -> [String] {
      part.split(separator: "\n").dropFirst().compactMap { line in
        line.split(separator: " ").first { Int($0) != nil }.map(String.init)
      }
    }
    #expect(ids(result).count == 12 && ids(result).prefix(6) == ids(lens).prefix(6))
  }

  /// Of each of several sequences, too.
  @Test(arguments: [0, 1]) func theLensOfASequenceIsItsResult(sequence: Int) throws {
    try Tiny.record(to: folder.file(), count: 1) {
      $0.engine.strategy = .fused
      $0.engine.sequences = 2
      $0.prompts = ["Once upon a time", "The dog"]
    }
    let text = try Tiny.transcript(
      folder.file(), ["goto pass 1", "goto l_out-3", "top 6 sequence=\(sequence)"])
    let parts = text.components(separatedBy: "Logit lens")
    let bars = try parts.map { part in
      try #require(part.components(separatedBy: "After position").last).split(separator: "\n")
        .compactMap { $0.firstMatch(of: /^(?:=>|  ) +(\d+) .* (\S+) %/).map { "\($0.1) \($0.2)" } }
    }
    #expect(bars.count == 2 && bars[0].count == 6 && bars[0] == bars[1], "\(text)")
  }

  /// Exact to float32 rounding where nothing else is rounded; f16 rounding of weights otherwise.
  @Test func theErrorIsThatOfTheStrategy() throws {
    func relative(_ strategy: StrategyName) throws -> Double {
      try Tiny.record(to: folder.file(strategy.rawValue), count: 1) {
        $0.engine.strategy = strategy
        $0.capture = .values
      }
      let text = try Tiny.transcript(
        folder.file(strategy.rawValue), ["goto pass 1", "info error ffn_gate-2"])
      let line = try #require(text.split(separator: "\n").first { $0.contains("relative") })
      return try #require(Double(line.split(separator: " ")[1]))
    }
    let (fused, tiled) = (try relative(.fused), try relative(.tiled))
    let integers = try relative(.int4GEMM)
    #expect(fused < 1e-6 && tiled > 1e-5 && tiled < 1e-3 && integers > 1e-3 && integers < 1e-1)
  }

  /// Rows of the embedding are taken as they are.
  @Test func noErrorIsSaidToBeNone() throws {
    try Tiny.record(to: folder.file(), count: 1) { $0.capture = .values }
    let text = try Tiny.transcript(folder.file(), ["goto pass 1", "info error embd"])
    #expect(text.contains("embd: every value is that of the same operation"), "\(text)")
    #expect(!text.contains("the worst") && !text.contains("relative"))
  }

  @Test func everyOperationHasAnError() throws {
    try Tiny.record(to: folder.file(), count: 2) { $0.engine.strategy = .fused }
    let session = try Tiny.session(folder.file())
    try session.execute("goto pass 2")
    for op in try session.trace.ops(inPass: 2) where op.kind != "kv_append" && op.layer ?? 0 == 0 {
      let why = WhyOperation(session: session, op: op, numbers: .exact)
      let exact = try why.values(ofRows: 0..<op.rows)
      let size = exact.map(abs).max() ?? 0
      let values = try session.values.output(of: op).values
      let error = zip(values, exact).map { abs(Double($0) - $1) }.max() ?? 1
      #expect(error <= 1e-5 * max(size, 1), "\(op.name)")
    }
    #expect(throws: DebuggerError.self) { try session.execute("info error kv_append-0") }
  }
}
