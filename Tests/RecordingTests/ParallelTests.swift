import Foundation
import Inference
import Testing
import TraceStore

@testable import Recording

/// Several sequences in the same passes.
@Suite struct ParallelTests {
  private func recorded(
    _ prompts: [String], sequences: Int, ubatch: Int? = nil, kvType: KVType = .f16,
    check: (RecordingReport) throws -> Void
  ) throws {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("nibble-parallel-\(UUID().uuidString).sqlite").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    var options = RecordingOptions(output: path)
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

  /// Each sequence becomes what it becomes alone, whatever passes its tokens fall into.
  @Test(arguments: [nil, 1, 3, 5] as [Int?], [KVType.f16, .q8])
  func sequencesDoNotMeet(ubatch: Int?, kvType: KVType) throws {
    var alone: [[Int]] = []
    for prompt in Self.prompts {
      try recorded([prompt], sequences: 1, kvType: kvType) {
        alone.append($0.generation.sequences[0].tokens)
      }
    }
    try recorded(Self.prompts, sequences: 3, ubatch: ubatch, kvType: kvType) { report in
      #expect(report.generation.sequences.map(\.tokens) == alone)
      #expect(report.texts.count == 3)
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
          "SELECT sum(key_error_rms + value_error_rms) FROM kv_append", report.trace)
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
