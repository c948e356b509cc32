import Events
import Foundation
import TestEngine
import TestSupport
import Testing

@testable import Inference
@testable import TraceStore

@Suite struct TraceRecorderTests {
  @Test(arguments: [StrategyName.tiled, .wholeModel])
  func liveBytesAreTheBuffersAliveAtEveryStep(strategy: StrategyName) throws {
    let folder = try ScratchFolder()
    try record(.small, strategy, to: folder.file())
    let trace = try Trace(path: folder.file())
    let wrong = try trace.pairs(
      """
      SELECT e.step, e.kind FROM event AS e
      WHERE weights + weights_dequantized + kv_cache + activations + workspace + logits != (
          SELECT sum(bytes) FROM buffer
          WHERE allocated_step <= e.step AND (freed_step IS NULL OR freed_step > e.step))
        OR weights_dequantized != (
          SELECT coalesce(sum(bytes), 0) FROM buffer
          WHERE category = 'weights_dequantized'
            AND allocated_step <= e.step AND (freed_step IS NULL OR freed_step > e.step))
      """)
    #expect(wrong.isEmpty)
    #expect(try trace.eventCount() > trace.opCount())
  }

  @Test func theTraceSaysWhatTheLedgerSaidAtEveryStep() throws {
    let folder = try ScratchFolder()
    let recording = try Recording(path: folder.file())
    var ledger: [MemoryUse] = []
    recording.observer.afterStep = { _, live in ledger.append(live) }
    try recording.run()
    let summary = try recording.recorder.finish(status: "complete")
    #expect(summary.events == ledger.count)
    let trace = try Trace(path: folder.file())
    for (index, use) in ledger.enumerated() {
      #expect(try trace.event(at: index + 1)?.live == use)
    }
    #expect(try trace.event(at: 0) == nil)
    #expect(try trace.event(at: ledger.count + 1) == nil)
    let highest = try #require(ledger.max { $0.total < $1.total })
    #expect(summary.peak == highest)
    #expect(ledger.firstIndex(of: highest) == summary.peakStep - 1)
    let peak = try #require(try trace.peak())
    #expect(peak.step == summary.peakStep && peak.live == summary.peak)
  }

  @Test func stepsHaveNoGapsAndTilesCoverTheirTensorOnceAPass() throws {
    let folder = try ScratchFolder()
    try record(to: folder.file())
    let trace = try Trace(path: folder.file())
    let gaps = try trace.pairs("SELECT count(*), max(step) - min(step) + 1 FROM _event")
    #expect(gaps[0].0 == gaps[0].1)
    // Rows dequantized for each matrix in each pass against the rows it has.
    let uncovered = try trace.pairs(
      """
      SELECT p.id, s.name FROM pass AS p JOIN tensor AS s LEFT JOIN weight_tile AS w
        ON w.tensor = s.id LEFT JOIN tile AS t ON t.weight_tile = w.id
          AND t.id BETWEEN p.first_step AND p.last_step
      WHERE s.rows > 1 GROUP BY p.id, s.id
      HAVING sum(CASE WHEN t.id IS NOT NULL THEN w.rows ELSE 0 END) != s.rows
      """)
    #expect(uncovered.isEmpty)
    let misplaced = try trace.pairs(
      """
      SELECT o.id, o.name FROM op AS o JOIN pass AS p ON p.id = o.pass
      WHERE o.first_step < p.first_step OR o.last_step > p.last_step OR o.first_step > o.last_step
        OR o.id NOT BETWEEN p.first_op AND p.last_op
      """)
    #expect(misplaced.isEmpty)
  }

  /// An operation computed with other numbers is another row of `_node`.
  @Test func attributesAndLinesAreStoredOnceANode() throws {
    let folder = try ScratchFolder()
    let recorder = try Recording(path: folder.file()).recorder
    recorder.passBegan(
      PassDescription(kind: .decode, branch: 0, sequence: 0, firstPosition: 0, tokens: [1]))
    for scale: Float? in [0.125, 0.25, nil, 0.125] {
      recorder.opBegan(
        OpDescription(
          name: "kq-0", kind: .scores, layer: 0, inputs: [], tensor: nil, rows: 1, cols: 1,
          attributes: OpAttributes(scale: scale), line: scale.map { Int(1 / $0) }))
      recorder.computed(thread: 0, live: MemoryUse())
      recorder.opEnded(output: nil, nanoseconds: 1)
    }
    recorder.passEnded(nanoseconds: 1)
    try recorder.finish(status: "complete")
    #expect(
      try sqlite3(folder.file(), "SELECT attributes ->> 'scale', line FROM op ORDER BY id")
        == "0.125|8\n0.25|4\n|\n0.125|8\n")
    #expect(try sqlite3(folder.file(), "SELECT count(*) FROM _node") == "3\n")
    let ops = try Trace(path: folder.file()).ops(inPass: 1)
    #expect(ops.map(\.attributes) == [0.125, 0.25, nil, 0.125].map { OpAttributes(scale: $0) })
    #expect(ops.map(\.line) == [8, 4, nil, 8] && ops.allSatisfy { $0.operation == .scores })
    _ = try sqlite3(folder.file(), "UPDATE _node SET attributes = '{\"scale\":true}'")
    let damaged = try Trace(path: folder.file())
    #expect(
      throws: TraceError.corrupt(path: folder.file(), reason: "the attributes of operation 1")
    ) { try damaged.ops(inPass: 1) }
  }

  @Test func statisticsAreOverAllValues() throws {
    let folder = try ScratchFolder()
    try record(to: folder.file(), capture: .values)
    let trace = try Trace(path: folder.file())
    var checked = 0
    for op in try trace.ops(inPass: 1) {
      guard let values = try trace.value(ofOp: op.id) else {
        #expect(op.kind == "kv_append")
        continue
      }
      #expect(values.count == op.rows * op.cols)
      let statistics = try #require(op.statistics)
      let sum = values.reduce(0) { $0 + Double($1) }
      #expect(abs(statistics.sum - sum) <= 1e-9 * Double(values.count))
      #expect(statistics.min == values.min().map(Double.init))
      #expect(statistics.max == values.max().map(Double.init))
      checked += 1
    }
    #expect(checked == 3 + 2 * 17)  // all but kv_append
    let first = try #require(try trace.pairs("SELECT min(id), 1 FROM tile").first)
    let tile = try #require(try trace.tile(Int(first.0) ?? 0))
    let statistics = try #require(tile.statistics)
    let file = try SmallLlama.small.load().file
    let tensor = try #require(file.tensor(named: trace.tensor(tile.tensor)?.name ?? ""))
    let weights = try file.values(of: tensor)[tile.firstRow * 32..<(tile.firstRow + 8) * 32]
    #expect(statistics.count == weights.count)
    for (found, weight) in [(statistics.min, weights.min()), (statistics.max, weights.max())] {
      let weight = Double(try #require(weight))
      #expect(abs(found - weight) <= abs(weight) / 2048)  // it is float16
    }
  }

  @Test func captureNoneKeepsNoValues() throws {
    let folder = try ScratchFolder()
    try record(to: folder.file(), capture: .none)
    let trace = try Trace(path: folder.file())
    #expect(try trace.op(1)?.statistics == nil)
    #expect(try trace.value(ofOp: 1) == nil)
    #expect(
      try trace.pairs("SELECT count(value_rms), count(*) > 0 FROM weight_tile")[0] == ("0", "1"))
    #expect(try trace.meta()["capture"] == "none")
  }

  @Test func aLongPassIsWrittenInPieces() throws {
    let folder = try ScratchFolder()
    // More events a pass than a batch holds; tiles and buffers are alive across the pieces.
    var model = SmallLlama.small
    model.vocabulary = 8 * (TraceRecorder.batchLimit / 3 + 100)
    let summary = try record(model, to: folder.file(), decode: 2)
    #expect(summary.events > 2 * TraceRecorder.batchLimit)
    let trace = try Trace(path: folder.file())
    #expect(
      try trace.pairs(
        """
        SELECT id, 1 FROM tile WHERE used_step IS NOT id + 1 OR freed_step IS NOT id + 2
        """
      ).isEmpty)
    #expect(
      try trace.pairs(
        "SELECT count(*), sum(freed_step IS NULL) FROM buffer WHERE category = 'activations'")[0].1
        == "0")
  }

  @Test func wholeModelTilesAreMadeOnceAndLive() throws {
    let folder = try ScratchFolder()
    let summary = try record(.small, .wholeModel, to: folder.file())
    let trace = try Trace(path: folder.file())
    let matrices = try trace.tensors().filter { $0.rows > 1 }
    #expect(summary.tiles == matrices.count)
    #expect(
      try trace.pairs("SELECT count(*), 1 FROM tile WHERE freed_step IS NULL")[0].0
        == "\(matrices.count)")
    // All but the embedding are read in the first pass, after they were written.
    #expect(try trace.pairs("SELECT id, 1 FROM tile WHERE used_step IS NULL").isEmpty)
    #expect(summary.peak.weightsDequantized == matrices.reduce(0) { $0 + 2 * $1.rows * $1.cols })
  }

  @Test func tokensKnowTheirPass() throws {
    let folder = try ScratchFolder()
    try record(to: folder.file(), prompt: 5, decode: 4)
    let trace = try Trace(path: folder.file())
    #expect(try trace.tokens().map(\.pass) == [1, 1, 1, 1, 1, 2, 3, 4, nil])
    #expect(try trace.tokens(inPass: 1).map(\.position) == [0, 1, 2, 3, 4])
    #expect(try trace.tokens(inPass: 3).map(\.id) == [6])
    let chosen = try #require(try trace.tokens().first { $0.position == 6 })
    #expect(chosen.text == " t1" && !chosen.isPrompt && chosen.logprob == -0.5)
    #expect(chosen.topK.map(\.text) == [" t1", "é"])
    #expect(
      try trace.pairs("SELECT rank, position FROM token_summary WHERE position = 6")[0].0 == "1")
  }

  @Test func twoRecordingsOfARunDifferInTimesAlone() throws {
    let folder = try ScratchFolder()
    try record(to: folder.file("a.sqlite"), capture: .values)
    try record(to: folder.file("b.sqlite"), capture: .values)
    for (table, columns) in [
      ("_event", "*"), ("tile", "id, weight_tile, type, bytes, used_step, freed_step"),
      ("op", "id, pass, name, inputs, rows, cols, first_step, last_step, sum, min, max, rms"),
      ("_memory", "*"), ("buffer", "*"), ("weight_tile", "*"), ("token", "*"),
      ("value", "op, dtype, shape, hex(data)"), ("_kept", "*"),
    ] {
      let query = "SELECT \(columns) FROM \(table)"
      let a = try sqlite3(folder.file("a.sqlite"), query)
      #expect(try a == sqlite3(folder.file("b.sqlite"), query))
      #expect(!a.isEmpty)
    }
  }
}
