import Foundation
import Inference
import TestSupport
import Testing

@testable import Debugger
@testable import TraceStore

/// Searches that read ahead stop where those do that look at one event after the other.
@Suite struct ReadingAheadTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private static let conditions = [
    "event.bytes > 3000", "event.bytes IS NULL", "event.category = 'weights_dequantized'",
    "event.buffer LIKE '%ffn_down%'", "event.buffer IS NULL AND event.step % 3 = 0",
    "tile.value_max > 0.4 AND event.step % 2 = 0", "tile.rows IS NULL OR event.step % 2 = 0",
    "event.kind = 'free' AND tile.tensor LIKE '%attn%'",
    "NOT (tile.rows > 7) AND event.kind = 'free'",
    "event.kind = 'multiply' AND tile.first_row > 7", "event.step > 5 AND matmul.flops > 50000",
    "matmul.m IS NULL AND event.step % 5 = 0", "event.kind != 'alloc' AND tile.in_buffer > 0",
    "tile.freed_step - tile.id > 5 AND event.thread = 0",
    "event.live > 1 OR event.category = 'kv_cache'",
    "event.bytes * 50 > mem.live", "event.bytes > tile.bytes OR event.bytes = kv.bytes",
    "tile.used_step > event.step", "tile.freed_step = event.step AND event.bytes IS NULL",
    "tile.tensor LIKE '%down%' AND tile.bytes < mem.live - mem.weights",
    "tensor.bytes * 9 > mem.live - mem.weights", "tensor.rows + event.step > 500",
    "tensor.id IS NULL AND event.step % 2 = 0", "mem.activations > token.position * 1000",
    "token.text IS NULL OR event.step % 4 = 0",
    "pass.id = 2 AND event.kind = 'alloc'", "pass.last_step = event.step",
    "pass.first_step = event.step",
    "kv.position * 100 > tile.first_row + event.thread", "matmul.flops < event.step * 100",
    "mem.live - mem.kv_cache < peak - 1000", "kv.reserved > kv.bytes AND event.kind = 'free'",
  ]

  /// Every stop of each condition, over the whole trace and from its middle, by one and by three who
  /// search at once.
  @Test(arguments: [StrategyName.tiled, .scratch, .wholeModel, .perLayer])
  func nothingChanges(strategy: StrategyName) throws {
    try Tiny.record(to: folder.file(), count: 3) { $0.engine.strategy = strategy }
    let trace = try Trace(path: folder.file())
    let last = try trace.eventCount()
    for text in Self.conditions {
      let search = TraceSearch(scope: .everywhere, condition: try SearchExpression(text))
      func stops(
        _ few: Int, by searchers: Int = 1, from first: Int, backwards: Bool
      ) throws -> [Int] {
        (trace.fewEvents, trace.searchers) = (few, searchers)
        var (found, rest) = ([Int](), first...last)
        while found.count < 60,
          let step = try trace.firstStep(of: search, in: rest, backwards: backwards)
        {
          found.append(step)
          let (next, before) = (step + last / 40, step - last / 40)
          guard backwards ? before >= first : next <= last else { break }
          rest = backwards ? first...before : next...last
        }
        return found
      }
      for first in [1, last / 2] {
        for backwards in [false, true] {
          let one = try stops(.max / 4, from: first, backwards: backwards)
          #expect(try stops(0, from: first, backwards: backwards) == one, "\(text)")
          #expect(try stops(1, by: 3, from: first, backwards: backwards) == one, "\(text)")
        }
      }
    }
  }

  /// What searches ask at every step is what the views have, one event alone and many read at once.
  @Test(arguments: StrategyName.allCases)
  func lookUpsSayWhatTheViewsSay(strategy: StrategyName) throws {
    try Tiny.record(to: folder.file(), count: 2) { $0.engine.strategy = strategy }
    // A tile may lie in another buffer, which is freed at a step of its own.
    let plain = """
      SELECT e.step,
        CASE e.kind WHEN 'dequantize' THEN e.step WHEN 'multiply' THEN x.tile WHEN 'free' THEN f.id END,
        coalesce(
          (SELECT w.tensor FROM tile AS t JOIN weight_tile AS w ON w.id = t.weight_tile
            WHERE t.id = CASE e.kind WHEN 'dequantize' THEN e.step WHEN 'free' THEN f.id END),
          x.tensor, (SELECT tensor FROM op WHERE id = e.op)),
        coalesce(
          (SELECT bytes FROM buffer WHERE allocated_step = e.step),
          (SELECT bytes FROM buffer WHERE freed_step = e.step)),
        CASE e.kind WHEN 'free'
          THEN (SELECT id FROM buffer WHERE freed_step = e.step AND tile IS NULL) END,
        (SELECT id FROM pass WHERE e.step BETWEEN first_step AND last_step),
        e.live, e.kv_cache, max(e.live) OVER (ORDER BY e.step)
      FROM (
        SELECT *, weights + weights_dequantized + kv_cache + activations + workspace + logits AS live
        FROM event) AS e
      LEFT JOIN matmul AS x ON x.step = e.step LEFT JOIN tile AS f ON f.freed_step = e.step
      ORDER BY e.step
      """
    let lookUps = """
      SELECT step, _tile(step), _tensor(step), _bytes(step), _freed_allocation(step),
        _pass(step), _mem_live(memory), _mem_kv_cache(memory), _peak(step)
      FROM _event
      """
    let wanted = try Trace(path: folder.file()).queries().result(of: plain).rows
    let atOnce = try Trace(path: folder.file()).queries().result(of: lookUps + " ORDER BY step")
      .rows
    #expect(wanted.count > 200)
    for (row, other) in zip(wanted, atOnce) { #expect(row == other) }
    for step in stride(from: 1, through: wanted.count, by: 23) {
      let alone = try Trace(path: folder.file()).queries()
        .result(of: lookUps + " WHERE step = \(step)").rows
      #expect(alone == [wanted[step - 1]])
    }
  }

  /// What searches ask at every step, of steps that a trace has not, and of a damaged one.
  @Test func stepsThatAreNotThere() throws {
    try Tiny.record(to: folder.file(), count: 1)
    func answers() throws -> String {
      let output = CollectedOutput()
      let session = try DebuggerSession(
        trace: Trace(path: folder.file()), output: output, style: TextStyle())
      for step in ["0", "-1", "\(Int.max)", "-9223372036854775807 - 1", "1000000000000"] {
        for function in [
          "_tile", "_tensor", "_freed_allocation", "_append", "_bytes", "_pass",
        ] {
          try session.execute("sql SELECT \(function)(\(step)) IS NULL AS missing")
        }
        try session.execute("sql SELECT _peak(\(step))")
      }
      for condition in ["event.bytes > 1e11 AND event.step + tile.rows > 1", "kv.bytes + 1 < peak"]
      {
        try session.execute("break any if \(condition)")
        try session.execute("continue")
      }
      return output.text
    }
    #expect(try answers().matches(of: /missing/).count == 30)
    #expect(try !answers().contains(/missing\s+\W*0/))
    for damage in [
      "UPDATE pass SET first_step = 3000000000000 WHERE id = 2",
      "UPDATE pass SET first_step = -9223372036854775807 WHERE id = 1",
      "UPDATE _event SET step = 9223372036854775807 WHERE step = (SELECT max(step) FROM _event)",
    ] {
      let shell = try FinishedProgram(
        URL(fileURLWithPath: "/usr/bin/env"), ["sqlite3", folder.file(), damage], in: folder)
      #expect(shell.code == 0, "\(shell.errors)")
      do { _ = try answers() } catch let error as TraceError { #expect(!"\(error)".isEmpty) }
    }
  }
}
