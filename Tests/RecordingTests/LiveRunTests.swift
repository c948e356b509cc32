import Foundation
import Inference
import Testing
import TraceStore

@testable import Recording

/// Runs of the built-in model that are recorded as they go, read back.
@Suite struct LiveRunTests {
  let tests: RecordingTests

  init() throws { tests = try RecordingTests() }

  func live(
    _ name: String = "live.sqlite", _ change: (inout RecordingOptions) -> Void = { _ in }
  ) throws -> LiveRun {
    var options = tests.options(name)
    change(&options)
    return try LiveRun(options)
  }

  func run(_ live: LiveRun, _ passes: Int) throws {
    for _ in 0..<passes { _ = try live.runNextPass() }
  }

  /// The token that the model found second likeliest.
  func second(after token: TraceToken?) throws -> Int {
    let candidate = try #require(token?.topK.dropFirst().first)
    return candidate.id
  }

  static let wholeTrace = [
    "SELECT * FROM event", "SELECT * FROM token", "SELECT * FROM buffer",
    "SELECT id, pass, name, kind, inputs, rows, cols, first_step, last_step, sum, min, max, rms"
      + " FROM op",
    "SELECT id, weight_tile, type, bytes, used_step, freed_step, in_buffer FROM tile",
    "SELECT * FROM weight_tile", "SELECT * FROM kv_append", "SELECT * FROM branch",
    "SELECT step, tile, tensor, m, k, n, flops FROM matmul", "SELECT * FROM _kept ORDER BY id",
    "SELECT id, branch, kind, first_position, tokens, first_step, last_step, first_op, last_op,"
      + " is_finished, strategy, tile_rows, kv_type FROM pass",
    "SELECT key, value FROM meta WHERE key NOT IN ('recorded_at', 'run_id')",
  ]

  @Test(arguments: StrategyName.allCases)
  func isTheSameTraceAsARecording(_ strategy: StrategyName) throws {
    var options = tests.options("recorded.sqlite", count: 5)
    options.engine.strategy = strategy
    options.ubatch = 3
    _ = try record(options)
    let live = try live {
      $0.engine.strategy = strategy
      $0.ubatch = 3
    }
    try run(live, 6)
    try live.finish()
    for query in Self.wholeTrace {
      #expect(
        try tests.rows(query, live.trace) == tests.rows(query, options.output), "\(query)")
    }
  }

  @Test func everyPassCanBeReadWhenItHasRun() throws {
    let live = try live()
    #expect(try Trace(path: live.trace).eventCount() == 1)
    let trace = try Trace(path: live.trace)
    for pass in 1...3 {
      #expect(try live.runNextPass().id == pass)
      #expect(try trace.passCount() == pass)
      #expect(try trace.eventCount() == trace.pass(pass)?.steps.upperBound)
      #expect(try trace.tokens().count == 4 + pass)
    }
    try trace.close()
    try live.finish()
    #expect(!FileManager.default.fileExists(atPath: live.trace + "-wal"))
    #expect(try Trace(path: live.trace).meta()["status"] == "complete")
  }

  /// Whatever is changed midway, the passes that follow are those of a run that was always so.
  @Test(arguments: StrategyName.allCases, StrategyName.allCases)
  func aStrategyChangedMidwayGivesItsOwnPass(_ first: StrategyName, _ second: StrategyName) throws {
    let live = try live {
      $0.engine.strategy = first
      $0.engine.kvType = .f32
    }
    try run(live, 2)
    let state = live.position
    try live.change(to: LiveSettings(strategy: second, tileRows: 16, kvType: .f32))
    try run(live, 1)
    #expect(live.position == state + 1)
    try live.finish()
    let options = {
      var options = tests.options("recorded.sqlite", count: 3)
      options.engine.strategy = second
      options.engine.kvType = .f32
      options.engine.tileRows = 16
      return options
    }()
    _ = try record(options)
    // Figures of the last operation, and what was made and alive in the pass.
    let output = try tests.rows(
      "SELECT min, max, rms FROM op WHERE pass = 3 AND name = 'result_output'", live.trace)
    let expected = try tests.rows(
      "SELECT min, max, rms FROM op WHERE pass = 3 AND name = 'result_output'", options.output)
    let tolerance = [first, second].contains(.int4GEMM) && first != second ? 2.0 : 0.05
    for (one, other) in zip(output[0], expected[0]) {
      guard case .real(let one) = one, case .real(let other) = other else {
        Issue.record("no figures")
        continue
      }
      #expect(abs(one - other) <= tolerance)
    }
    for query in [
      "SELECT w.tensor, w.first_row, w.rows, t.bytes, t.used_step - p.first_step,"
        + " t.freed_step - p.first_step FROM pass AS p"
        + " JOIN tile AS t ON t.id BETWEEN p.first_step AND p.last_step"
        + " JOIN weight_tile AS w ON w.id = t.weight_tile WHERE p.id = 3 ORDER BY t.id",
      "SELECT e.step - p.first_step, e.kind, e.weights, e.weights_dequantized, e.kv_cache,"
        + " e.activations, e.workspace, e.logits FROM pass AS p"
        + " JOIN event AS e ON e.step BETWEEN p.first_step AND p.last_step WHERE p.id = 3",
      "SELECT strategy, tile_rows, kv_type FROM pass WHERE id = 3",
    ] {
      #expect(try tests.rows(query, live.trace) == tests.rows(query, options.output), "\(query)")
    }
    try expectBuffersAddUp(live.trace)
  }

  /// At each step the live bytes equal the sum of the buffers alive.
  func expectBuffersAddUp(_ path: String) throws {
    let wrong = try tests.number(
      """
      WITH change(step, bytes) AS (
        SELECT allocated_step, bytes FROM buffer
        UNION ALL SELECT freed_step, -bytes FROM buffer WHERE freed_step IS NOT NULL),
      total(step, bytes) AS (SELECT step, sum(bytes) FROM change GROUP BY step),
      running AS (
        SELECT event.step, coalesce(sum(total.bytes) OVER (ORDER BY event.step), 0) AS buffers,
          weights + weights_dequantized + kv_cache + activations + workspace + logits AS live
        FROM event LEFT JOIN total USING (step))
      SELECT count(*) FROM running WHERE buffers <> live
      """, path)
    #expect(wrong == 0)
    #expect(
      try tests.number("SELECT count(*) = max(step) AND min(step) = 1 FROM event", path) == 1)
    let trace = try Trace(path: path)
    for step in stride(from: 1, through: try trace.eventCount(), by: 211) {
      let bytes = try trace.buffers(aliveAt: step).reduce(0) { $0 + $1.bytes }
      #expect(try trace.event(at: step)?.live.total == bytes, "step \(step)")
    }
  }

  // MARK: - Branches

  @Test func aForcedTokenGivesTheLogitsOfAFreshRun() throws {
    let live = try live { $0.capture = .values }
    try run(live, 2)
    let likeliest = try #require(live.next)
    let other = try #require(likeliest.topK.first { $0.id != likeliest.id })
    try live.force(other.id)
    #expect(live.next?.isForced == true && live.next?.text == other.text)
    #expect(abs((live.next?.logprob ?? 0) - other.logprob) < 1e-6)
    try run(live, 1)
    try live.finish()
    let fresh = try self.live("fresh.sqlite") {
      $0.capture = .values
      $0.prompts = ["Once upon a time," + other.text]
    }
    try run(fresh, 1)
    try fresh.finish()
    #expect(
      try Trace(path: fresh.trace).tokens().prefix(6).map(\.id)
        == Trace(path: live.trace).tokens().prefix(6).map(\.id))
    let query =
      "SELECT data FROM value JOIN op ON op.id = value.op WHERE name = 'result_output'"
      + " ORDER BY op.id DESC LIMIT 1"
    #expect(try tests.rows(query, live.trace) == tests.rows(query, fresh.trace))
    #expect(
      try tests.rows("SELECT position FROM token WHERE is_forced", live.trace) == [[.integer(5)]])
  }

  @Test func branchesAreToldApartInEveryView() throws {
    let live = try live()
    try run(live, 4)  // 4 tokens of the prompt, and 3 more
    #expect(try live.goBack(toEndOf: 2))
    #expect(live.position == 5)
    let other = try #require(live.next?.topK.dropFirst().first)
    try live.force(other.id)
    let pass = try live.runNextPass()
    #expect(pass == LiveRun.Pass(id: 5, newBranch: 1, refilled: nil))
    try run(live, 1)
    try live.finish()
    let path = live.trace
    let trace = try Trace(path: path)
    #expect(try trace.branches().map(\.parent) == [nil, 0])
    #expect(try trace.branches()[1].position == 5)
    #expect(try trace.passes().map(\.branch) == [0, 0, 0, 0, 1, 1])
    let first = try trace.tokens(branch: 0)
    let second = try trace.tokens(branch: 1)
    #expect(first.map(\.position) == Array(0..<8) && second.map(\.position) == Array(0..<8))
    #expect(first.map(\.pass) == [1, 1, 1, 1, 2, 3, 4, nil])
    #expect(second.map(\.pass) == [1, 1, 1, 1, 2, 5, 6, nil])
    #expect(first.prefix(5) == second.prefix(5) && first[5].id != second[5].id)
    #expect(second.map(\.branch) == [0, 0, 0, 0, 0, 1, 1, 1])
    #expect(try trace.tokens(inPass: 3).map(\.id) == [first[5].id])
    #expect(try trace.tokens(inPass: 5).map(\.id) == [second[5].id])
    #expect(
      try tests.rows("SELECT pass, branch, positions FROM memory_by_pass", path)
        == [(1, 0, 4), (2, 0, 5), (3, 0, 6), (4, 0, 7), (5, 1, 6), (6, 1, 7)].map {
          [.integer($0.0), .integer($0.1), .integer($0.2)]
        })
    #expect(
      try tests.rows("SELECT branch, count(*), min(position) FROM kv_growth GROUP BY branch", path)
        == [[.integer(0), .integer(7), .integer(0)], [.integer(1), .integer(2), .integer(5)]])
    #expect(
      try tests.rows("SELECT DISTINCT branch, positions FROM kv_by_layer", path)
        == [[.integer(0), .integer(7)], [.integer(1), .integer(2)]])
    let passes = try trace.passes()
    for (step, position) in [
      (passes[3].steps.upperBound, 6), (passes[4].steps.lowerBound, 4),
      (passes[4].steps.upperBound, 5), (passes[1].steps.upperBound, 4),
    ] {
      #expect(try trace.lastKVAppend(atOrBefore: step)?.position == position)
    }
    try expectBuffersAddUp(path)
  }

  /// Back to a branch that another has overwritten: what is missing is run again.
  @Test func goesBackToAnotherBranch() throws {
    let live = try live { $0.capture = .values }
    try run(live, 5)  // branch 0 to position 8
    _ = try live.goBack(toEndOf: 2)
    try live.force(second(after: live.next))
    try run(live, 2)  // branch 1, positions 5 and 6
    #expect(try live.goBack(toEndOf: 5))
    #expect(live.position == 5 && live.isPrefilling)
    #expect(
      try live.runNextPass() == LiveRun.Pass(id: 8, newBranch: 2, refilled: 5..<8))
    try run(live, 1)
    try live.finish()
    let trace = try Trace(path: live.trace)
    #expect(try trace.branches()[2].parent == 0)
    let (zero, two) = (try trace.tokens(branch: 0), try trace.tokens(branch: 2))
    #expect(two.prefix(9).map(\.id) == zero.prefix(9).map(\.id))
    #expect(two.map(\.pass) == [1, 1, 1, 1, 2, 8, 8, 8, 9, nil])
    // The same text has the same logits.
    let query = "SELECT data FROM value JOIN op ON op.id = value.op WHERE name = 'result_output'"
    #expect(
      try tests.rows(query + " AND pass = 5", live.trace)
        == tests.rows(query + " AND pass = 8", live.trace))
  }

  @Test func goesBackBeforeThePrompt() throws {
    let live = try live { $0.ubatch = 3 }
    try run(live, 3)
    #expect(try live.goBack(toEndOf: nil))
    #expect(live.position == 0 && live.isPrefilling)
    try run(live, 2)
    try live.finish()
    let trace = try Trace(path: live.trace)
    #expect(try trace.passes().map(\.branch) == [0, 0, 0, 1, 1])
    #expect(try trace.tokens(branch: 1).map(\.pass) == [4, 4, 4, 5, nil])
    #expect(try trace.tokens(branch: 1).map(\.isPrompt) == [true, true, true, true, false])
    #expect(try trace.tokens(branch: 0).map(\.pass) == [1, 1, 1, 2, 3, nil])
  }

  @Test func standingAtTheEndItGoesBackNowhere() throws {
    let live = try live()
    try run(live, 2)
    #expect(try !live.goBack(toEndOf: 2))
    try run(live, 1)
    #expect(try Trace(path: live.trace).branches().count == 1)
  }

  @Test func anotherTypeOfCacheIsFilledAgain() throws {
    let live = try live()
    try run(live, 3)
    try live.change(to: LiveSettings(strategy: .tiled, tileRows: 64, kvType: .q8))
    #expect(
      try live.runNextPass() == LiveRun.Pass(id: 4, newBranch: 1, refilled: 0..<6))
    try run(live, 1)
    try live.finish()
    let path = live.trace
    #expect(
      try tests.rows("SELECT kv_type, branch FROM pass", path)
        == [("f16", 0), ("f16", 0), ("f16", 0), ("q8_0", 1), ("q8_0", 1)].map {
          [.text($0.0), .integer($0.1)]
        })
    #expect(
      try tests.rows("SELECT DISTINCT kv_type, bytes_per_position FROM kv_error", path)
        == [[.text("f16"), .integer(512)], [.text("q8_0"), .integer(272)]])
    #expect(try tests.number("SELECT positions FROM memory_by_pass WHERE pass = 5", path) == 7)
    try expectBuffersAddUp(path)
  }
}
