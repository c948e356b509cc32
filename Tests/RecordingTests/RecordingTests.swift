import Foundation
import Inference
import TestSupport
import Testing
import TraceStore

@testable import Recording

/// Recordings of the built-in model, read back.
@Suite struct RecordingTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  func options(_ name: String = "trace.sqlite", count: Int = 4) -> RecordingOptions {
    var options = RecordingOptions(output: folder.file(name))
    options.count = count
    return options
  }

  /// All rows of a query.
  func rows(_ sql: String, _ path: String) throws -> [[SQLValue]] {
    var rows: [[SQLValue]] = []
    try Trace(path: path).run(
      sql, columns: { _ in },
      row: {
        rows.append($0)
        return true
      })
    return rows
  }

  func number(_ sql: String, _ path: String) throws -> Int {
    let value = try #require(try rows(sql, path).first?.first)
    guard case .integer(let number) = value else {
      Issue.record("\(sql) gave \(value)")
      return -1
    }
    return number
  }

  @Test(arguments: StrategyName.allCases)
  func holdsTheInvariants(_ strategy: StrategyName) throws {
    var options = options(count: 6)
    options.engine.strategy = strategy
    let report = try record(options)
    let path = options.output
    #expect(report.summary.passes == 6)
    #expect(try number("SELECT max(step) FROM event", path) == report.summary.events)
    let tileRows: SQLValue = [.tiled, .scratch].contains(strategy) ? .integer(64) : .null
    #expect(
      try rows("SELECT DISTINCT strategy, tile_rows FROM pass", path)
        == [[.text(strategy.rawValue), tileRows]])
    #expect(try number("SELECT count(*) FROM event", path) == report.summary.events)
    // At each step the live bytes equal the sum of the buffers alive.
    let wrong = try number(
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
    // At the end of each pass every temporary is freed.
    let resident = [.wholeModel: 3_407_872 * 2, .scratch: 64 * 768 * 2][strategy] ?? 0
    let temporaries = try rows(
      """
      SELECT DISTINCT weights_dequantized, activations, workspace, logits
      FROM pass JOIN event ON event.step = pass.last_step
      """, path)
    #expect(temporaries == [[.integer(resident), .integer(0), .integer(0), .integer(0)]])
    if strategy != .wholeModel {
      // The tiles of a matrix cover its rows exactly once a pass.
      let uncovered = try number(
        """
        SELECT count(*) FROM (
          SELECT pass.id, weight_tile.tensor, sum(weight_tile.rows) AS rows FROM tile
          JOIN weight_tile ON weight_tile.id = tile.weight_tile
          JOIN pass ON tile.id BETWEEN pass.first_step AND pass.last_step GROUP BY 1, 2) AS made
        JOIN tensor ON tensor.id = made.tensor WHERE tensor.rows <> made.rows
        """, path)
      #expect(uncovered == 0)
      #expect(
        try number("SELECT count(*) FROM tile WHERE used_step IS NULL OR freed_step IS NULL", path)
          == 0)
    }
    let highest = [
      .wholeModel: resident, .perLayer: 786_432 * 2, .perTensor: 1024 * 256 * 2,
      .tiled: 64 * 768 * 2, .scratch: resident, .fused: 0, .int4GEMM: 0,
    ][strategy]
    if let highest {
      #expect(try number("SELECT max(weights_dequantized) FROM event", path) == highest)
    }
    // Only the tiles of scratch lie in another buffer, and that one lives on.
    #expect(
      try number("SELECT count(*) FROM tile WHERE in_buffer IS NOT NULL", path)
        == (strategy == .scratch ? report.summary.tiles : 0))
    #expect(
      try number(
        """
        SELECT count(*) FROM tile JOIN buffer ON buffer.id = tile.in_buffer
        WHERE tile.bytes > buffer.bytes OR buffer.freed_step IS NOT NULL
          OR buffer.category <> 'weights_dequantized'
        """, path) == 0)
  }

  /// Steps refer to buffers as the lives of buffers and tiles have it, which are stored apart.
  @Test(arguments: StrategyName.allCases, [1, 3])
  func everyStepRefersToItsBuffer(_ strategy: StrategyName, threads: Int) throws {
    var options = options(count: 20)
    options.engine.strategy = strategy
    options.engine.threads = threads
    let path = try record(options).trace
    let wrong = try rows(
      """
      WITH life(id, freed) AS (
        SELECT id, freed_step FROM tile UNION ALL SELECT id, freed_step FROM _allocation)
      SELECT e.step, e.kind, e.buffer FROM event AS e
        LEFT JOIN life AS f ON f.freed = e.step
        LEFT JOIN tile AS u ON u.used_step = e.step
        LEFT JOIN kv_append AS k ON k.step = e.step
        LEFT JOIN buffer AS p ON p.name = 'blk.' || k.layer || ' kv '
          || (k.position / 16 * 16) || '..<' || (k.position / 16 * 16 + 16)
      WHERE e.buffer IS NOT CASE e.kind WHEN 'alloc' THEN e.step WHEN 'dequantize' THEN e.step
        WHEN 'free' THEN f.id WHEN 'multiply' THEN coalesce(u.id, e.buffer) WHEN 'append' THEN p.id END
      """, path)
    #expect(wrong.isEmpty)
    // A product reads a tile of its tensor that is alive.
    let unfit = try number(
      """
      SELECT count(*) FROM event AS e JOIN matmul AS m ON m.step = e.step
        LEFT JOIN tile AS t ON t.id = e.buffer LEFT JOIN weight_tile AS w ON w.id = t.weight_tile
      WHERE m.tile IS NOT e.buffer OR e.buffer IS NOT NULL AND (
        w.tensor IS NOT m.tensor OR t.id > e.step OR t.freed_step < e.step)
      """, path)
    #expect(unfit == 0)
    let packed = strategy == .fused || strategy == .int4GEMM
    let counts = try rows(
      """
      SELECT count(*) FILTER (WHERE kind = 'append' AND buffer IS NULL),
        count(*) FILTER (WHERE kind = 'free' AND buffer IS NULL),
        count(*) FILTER (WHERE kind = 'multiply' AND buffer IS NULL) > 0,
        count(DISTINCT CASE kind WHEN 'append' THEN buffer END)
      FROM event
      """, path)
    let pages = 2 * 4  // of 16 positions each, for 4 layers
    #expect(counts == [[.integer(0), .integer(0), .integer(packed ? 1 : 0), .integer(pages)]])
  }

  /// The summary's theoretical figure is the peak to the byte.
  @Test(arguments: StrategyName.allCases, ["tiny", "smollm2"])
  func peakIsTheSumFromTheShapes(_ strategy: StrategyName, _ model: String) throws {
    guard (try? ModelCatalogue.path(of: model)) != nil else { return }
    var options = options(count: model == "tiny" ? 40 : 2)
    options.model = model
    options.engine.strategy = strategy
    options.capture = .none
    let report = try record(options)
    #expect(report.planned == report.summary.peak)
    #expect(report.failure == nil && report.needs.isEmpty)
  }

  @Test(arguments: StrategyName.allCases)
  func twoRecordingsDifferInTimesAlone(_ strategy: StrategyName) throws {
    var first = options("a.sqlite")
    var second = options("b.sqlite")
    first.engine.strategy = strategy
    second.engine.strategy = strategy
    let hasNoTiles = try record(first).summary.tiles == 0
    _ = try record(second)
    for query in [
      "SELECT * FROM event", "SELECT * FROM token", "SELECT * FROM buffer",
      "SELECT id, pass, name, kind, inputs, rows, cols, first_step, last_step, sum, min, max, rms"
        + " FROM op",
      "SELECT id, weight_tile, type, bytes, used_step, freed_step, in_buffer FROM tile",
      "SELECT * FROM weight_tile", "SELECT * FROM kv_append", "SELECT * FROM tensor",
      "SELECT step, tile, tensor, m, k, n, flops FROM matmul",
      "SELECT key, value FROM meta WHERE key NOT IN ('recorded_at', 'run_id')",
    ] {
      let rows = try rows(query, first.output)
      #expect(!rows.isEmpty || hasNoTiles && query.contains("tile"), "\(query)")
      #expect(try self.rows(query, second.output) == rows, "\(query)")
    }
  }

  @Test func keepsWithinItsBytes() throws {
    let report = try record(options(count: 16))
    let path = report.trace
    #expect(report.summary.fileBytes / report.summary.tiles <= 200)
    #expect(try number("SELECT count(*) FROM value", path) == 0)
  }

  @Test func capturesWhatIsAskedFor() throws {
    var options = options("none.sqlite", count: 1)
    options.capture = .none
    _ = try record(options)
    #expect(try number("SELECT count(*) FROM op WHERE sum IS NOT NULL", options.output) == 0)
    options = self.options("values.sqlite", count: 1)
    options.capture = .values
    _ = try record(options)
    let path = options.output
    #expect(
      try number("SELECT count(*) FROM value", path)
        == number("SELECT count(*) FROM op WHERE kind <> 'kv_append'", path))
    #expect(
      try number(
        """
        SELECT count(*) FROM value JOIN op ON op.id = value.op
        WHERE length(value.data) <> 4 * op.rows * op.cols
        """, path) == 0)
  }

  @Test func promptInPiecesGivesTheSameTokens() throws {
    var options = options("pieces.sqlite", count: 8)
    options.prompts = ["Once upon a time, there was a little"]
    let whole = try record(options)
    options.ubatch = 3
    let pieces = try record(options)
    #expect(pieces.generation.sequences[0].tokens == whole.generation.sequences[0].tokens)
    #expect(pieces.summary.passes > whole.summary.passes)
    #expect(pieces.generation.sequences[0].tokens.count == 8)
  }

  @Test func interruptedRunKeepsItsFinishedPasses() throws {
    let options = options("interrupted.sqlite", count: 50)
    var passes = 0
    let report = try record(options, isCancelled: { passes >= 3 }, progress: { _ in passes += 1 })
    #expect(report.isInterrupted)
    #expect(report.summary.passes == 3)
    #expect(try number("SELECT count(*) FROM pass", options.output) == 3)
    #expect(
      try rows("SELECT value FROM meta WHERE key = 'status'", options.output)
        == [[.text("interrupted")]])
    #expect(
      try number("SELECT max(step) FROM event", options.output)
        == number("SELECT max(last_step) FROM pass", options.output))
  }

  @Test(
    arguments: [
      (InferenceError.interrupted, "interrupted", nil), (.noThreads(3), "error", "start 3 threads"),
    ] as [(InferenceError, String, String?)])
  func theStatusTellsWhatEndedTheRun(error: InferenceError, status: String, said: String?) throws {
    let recorder = try TraceRecorder(
      path: folder.file(), header: TraceHeader(meta: [:], tensors: []), capture: .none)
    _ = try recorder.finish(after: error)
    let meta = try Trace(path: folder.file()).meta()
    #expect(meta["status"] == status)
    #expect(meta["error"]?.contains(said ?? "") == (said == nil ? nil : true))
  }

  @Test func interruptedBeforeItsFirstPassLeavesNothing() throws {
    let options = options("nothing.sqlite")
    let report = try record(options, isCancelled: { true })
    #expect(report.summary.passes == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test func promptOnlyRunsOnePass() throws {
    let options = options(count: 0)
    let report = try record(options)
    #expect(report.summary.passes == 1)
    #expect(report.generation.sequences[0].tokens.isEmpty)
    // The token that would follow is known, with the likeliest others.
    #expect(try number("SELECT count(*) FROM token WHERE is_prompt = 0", options.output) == 1)
  }

  @Test func refusesWhatItCannotDo() throws {
    var options = options()
    options.prompts = [""]
    #expect(throws: InferenceError.self) { try record(options) }
    options.prompts = [String(repeating: "the little fox ", count: 400)]
    #expect { try record(options) } throws: { "\($0)".contains("context is 512 tokens") }
    options.prompts = ["Once"]
    options.model = "no-such-model"
    #expect { try record(options) } throws: { "\($0)".contains("no-such-model") }
    options.model = nil
    options.output = folder.path
    #expect(throws: TraceError.self) { try record(options) }
    let text = folder.url.appendingPathComponent("letter.txt")
    try "dear reader".write(to: text, atomically: true, encoding: .utf8)
    options.output = text.path
    #expect(throws: TraceError.self) { try record(options) }
    #expect(try String(contentsOf: text, encoding: .utf8) == "dear reader")
  }

  @Test func failedRunLeavesTheOlderTraceAlone() throws {
    var options = options()
    let report = try record(options)
    options.model = "no-such-model"
    #expect(throws: (any Error).self) { try record(options) }
    #expect(try Trace(path: options.output).passCount() == report.summary.passes)
  }
}
