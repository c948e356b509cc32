import Events
import Foundation
import Inference
import TestSupport
import Testing
import TraceStore

@testable import Recording

/// Several sequences in the same passes.
@Suite struct ParallelTests {
  private func recorded(
    _ prompts: [String], sequences: Int, ubatch: Int? = nil, kvType: KVType = .f16,
    check: (RecordingReport) throws -> Void
  ) throws {
    let folder = try ScratchFolder()
    var options = RecordingOptions(output: folder.file())
    options.prompts = prompts
    options.count = 6
    options.ubatch = ubatch
    options.engine.sequences = sequences
    options.engine.kvType = kvType
    options.engine.threads = sequences > 2 ? 2 : 1
    try check(try record(options))
  }

  private func rows(_ query: String, _ path: String) throws -> [[SQLValue]] {
    var rows: [[SQLValue]] = []
    try Trace(path: path).run(
      query, columns: { _ in },
      row: {
        rows.append($0)
        return true
      })
    return rows
  }

  static let prompts = ["Once upon a time", "The", "There was a little boy named Tom who"]

  /// The bits of the logits of every choice: `(sequence, choice, nVocab)`.
  private func logits(
    _ prompts: [String], _ strategy: StrategyName, _ kvType: KVType, ubatch: Int?, threads: Int
  ) throws -> [[[UInt32]]] {
    let loaded = try LoadedModel(nil)
    var options = EngineOptions()
    options.strategy = strategy
    options.kvType = kvType
    options.sequences = prompts.count
    options.threads = threads
    let engine = try Engine(model: loaded.model, options: options, observer: NoObserver())
    var logits: [[[UInt32]]] = prompts.map { _ in [] }
    _ = try engine.generate(
      prompts: try prompts.map(loaded.encode), count: 4, ubatch: ubatch, isEnd: { _ in false },
      afterPass: { pass, _ in
        for choice in pass.choices {
          logits[choice.sequence].append(choice.logits.map(\.bitPattern))
        }
      })
    return logits
  }

  /// No bit of a sequence's logits depends on the others, on the passes that its tokens fall into,
  /// or on the threads.
  @Test(
    arguments: [StrategyName.tiled, .fused, .int4GEMM, .perLayer],
    [KVType.f32, .f16, .q8, .q4])
  func sequencesDoNotMeet(strategy: StrategyName, kvType: KVType) throws {
    let alone = try Self.prompts.map {
      try logits([$0], strategy, kvType, ubatch: nil, threads: 1)[0]
    }
    let areApart = alone.allSatisfy { $0.count == 4 } && alone[0] != alone[1]
    #expect(areApart)
    for (ubatch, threads) in [(nil, 1), (nil, 2), (1, 1), (5, 2)] {
      let isSame =
        try logits(Self.prompts, strategy, kvType, ubatch: ubatch, threads: threads) == alone
      #expect(
        isSame, "\(threads) threads, passes of \(ubatch.map(String.init) ?? "all")")
    }
  }

  /// The same through a recording, with the text of each.
  @Test(arguments: [nil, 3] as [Int?])
  func everySequenceHasItsText(ubatch: Int?) throws {
    var alone: [String] = []
    for prompt in Self.prompts {
      try recorded([prompt], sequences: 1) { alone += $0.texts }
    }
    try recorded(Self.prompts, sequences: 3, ubatch: ubatch) { report in
      #expect(report.texts == alone)
      #expect(report.failure == nil)
    }
  }

  /// Every token has the pass that it went into, every position of every sequence its append.
  @Test func theTraceTellsThemApart() throws {
    try recorded(Self.prompts, sequences: 3, ubatch: 5) { report in
      let path = report.trace
      #expect(
        try rows(
          """
          SELECT count(*) FROM token JOIN pass ON pass.id = token.pass
          WHERE token.is_prompt AND pass.kind <> 'prefill'
          """, path) == [[.integer(0)]])
      #expect(
        try rows("SELECT sum(tokens) FROM pass", path)
          == rows("SELECT count(*) FROM token WHERE pass IS NOT NULL", path))
      #expect(
        try rows("SELECT DISTINCT sequences FROM pass WHERE kind = 'decode'", path)
          == [[.integer(3)]])
      let appended = try rows(
        "SELECT sequence, count(DISTINCT position) FROM kv_append GROUP BY 1", path)
      let seen = try rows(
        "SELECT sequence, count(*) FROM token WHERE pass IS NOT NULL GROUP BY 1", path)
      #expect(appended == seen)
      #expect(
        try rows("SELECT count(*) FROM kv_append WHERE key_error_rms IS NULL", path)
          == [[.integer(0)]])
      // Views count positions of all sequences, and a sequence's cache only grows.
      #expect(
        try rows("SELECT pass, positions FROM memory_by_pass ORDER BY pass", path)
          == rows(
            """
            SELECT pass.id, count(*) FROM pass JOIN kv_append AS k ON k.step <= pass.last_step
            WHERE k.layer = 0 GROUP BY 1 ORDER BY 1
            """, path))
      #expect(
        try rows("SELECT sequence, count(*) FROM kv_growth GROUP BY 1", path) == appended)
      #expect(
        try rows(
          """
          SELECT count(*) FROM kv_growth AS a JOIN kv_growth AS b
            ON b.sequence = a.sequence AND b.position = a.position + 1
          WHERE b.cache_bytes <= a.cache_bytes
          """, path) == [[.integer(0)]])
    }
  }

  /// Activations grow with the number of sequences, the weights do not; the plan says both.
  @Test func activationsGrowWithTheBatch() throws {
    var activations: [Int] = []
    for sequences in [1, 2, 4] {
      try recorded(["Once upon a time"], sequences: sequences) { report in
        #expect(sequences > 2 || report.planned == report.summary.peak)
        #expect(report.peaks.weights == 1_926_144)
        activations.append(report.peaks.activations)
      }
    }
    #expect(activations[1] == 2 * activations[0] && activations[2] == 4 * activations[0])
  }

  @Test func promptsThatCannotBeDealtOut() {
    #expect(throws: RecordingError.self) {
      try recorded(["a", "b"], sequences: 3) { _ in }
    }
  }

  /// What storing costs: nothing in f32, more in each coarser type.
  @Test func coarserCachesCostMore() throws {
    var errors: [Double] = []
    for kvType in [KVType.f32, .f16, .q8, .q4] {
      try recorded(["Once upon a time"], sequences: 1, kvType: kvType) { report in
        let row = try rows(
          "SELECT sum(key_error_percent + value_error_percent) FROM kv_error", report.trace)
        guard case .real(let error)? = row.first?.first else {
          Issue.record("no error of \(kvType)")
          return
        }
        errors.append(error)
      }
    }
    #expect(errors[0] == 0)
    #expect(errors[1] > 0 && errors[2] > 5 * errors[1] && errors[3] > 5 * errors[2])
  }
}
