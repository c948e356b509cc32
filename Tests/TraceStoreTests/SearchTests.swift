import Foundation
import TestSupport
import Testing

@testable import TraceStore

/// Searches against what the sqlite3 shell finds by going through everything.
@Suite struct SearchTests {
  let folder: ScratchFolder
  let trace: Trace

  init() throws {
    folder = try ScratchFolder()
    try record(to: folder.file())
    trace = try Trace(path: folder.file())
  }

  /// The steps that a query of the shell gives.
  func steps(_ query: String) throws -> [Int] {
    try sqlite3(folder.file(), query).split(separator: "\n").compactMap { Int($0) }
  }

  /// Some ranges of steps, long and short.
  func ranges() throws -> [(from: Int, to: Int)] {
    let last = try trace.eventCount()
    return stride(from: 1, through: last, by: max(1, last / 13)).flatMap { from in
      [0, 1, 7, last / 9, last / 3, last].map { (from, min(last, from + $0)) }
    }
  }

  /// Over ranges in both directions, a search finds the nearest of all steps.
  func expect(
    _ expected: [Int], of search: TraceSearch, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    for (from, to) in try ranges() {
      let inside = expected.filter { (from...to).contains($0) }
      #expect(
        try trace.firstStep(of: search, in: from...to, backwards: false) == inside.first,
        "\(from)...\(to)", sourceLocation: sourceLocation)
      #expect(
        try trace.firstStep(of: search, in: from...to, backwards: true) == inside.last,
        "\(from)...\(to)", sourceLocation: sourceLocation)
    }
  }

  private static let opOfStep =
    "SELECT e.step FROM event AS e LEFT JOIN op AS o ON o.id = e.op LEFT JOIN pass AS p ON p.id = o.pass"

  private static let conditions: [(expression: String, query: String)] = [
    ("tile.bytes > 500", "SELECT id FROM tile WHERE bytes > 500"),
    (
      "tile.rows = 8 AND op.layer = 1",
      "SELECT t.id FROM tile AS t JOIN weight_tile AS w ON w.id = t.weight_tile "
        + "JOIN event AS e ON e.step = t.id JOIN op AS o ON o.id = e.op "
        + "WHERE w.rows = 8 AND o.layer = 1"
    ),
    (
      "tile.tensor LIKE '%ffn_down%' AND mem.live > 0",
      "SELECT t.id FROM tile AS t JOIN weight_tile AS w ON w.id = t.weight_tile "
        + "JOIN tensor AS s ON s.id = w.tensor WHERE s.name LIKE '%ffn_down%'"
    ),
    ("matmul.flops > 1000", "SELECT step FROM matmul WHERE flops > 1000"),
    (
      "matmul.n = 8 AND tile.bytes > 500",
      "SELECT step FROM matmul AS m JOIN tile AS t ON t.id = m.tile "
        + "WHERE m.n = 8 AND t.bytes > 500"
    ),
    (
      "tensor.role = 'attn_q' AND matmul.m > 0",
      "SELECT step FROM matmul AS m JOIN tensor AS s ON s.id = m.tensor WHERE s.role = 'attn_q'"
    ),
    ("kv.position = 3", "SELECT step FROM kv_append WHERE position = 3"),
    ("op.kind = 'rms_norm'", "SELECT last_step FROM op WHERE kind = 'rms_norm'"),
    (
      "op.duration_ns >= 0ns AND pass.kind = 'decode'",
      "SELECT o.last_step FROM op AS o JOIN pass AS p ON p.id = o.pass WHERE p.kind = 'decode'"
    ),
    (
      "tensor.role = 'ffn_up'",
      "SELECT o.last_step FROM op AS o JOIN tensor AS s ON s.id = o.tensor "
        + "WHERE s.role = 'ffn_up'"
    ),
    ("pass.tokens > 1", "SELECT first_step FROM pass WHERE tokens > 1"),
    (
      "token.position >= 5",
      "SELECT first_step FROM pass WHERE first_position + tokens - 1 >= 5"
    ),
    ("event.kind = 'free'", "SELECT step FROM event WHERE kind = 'free'"),
    (
      "event.kind IN ('free', 'multiply') AND tile.rows = 8",
      "SELECT step FROM matmul AS m JOIN tile AS t ON t.id = m.tile "
        + "JOIN weight_tile AS w ON w.id = t.weight_tile WHERE w.rows = 8 "
        + "UNION SELECT t.freed_step FROM tile AS t "
        + "JOIN weight_tile AS w ON w.id = t.weight_tile WHERE w.rows = 8 ORDER BY 1"
    ),
    (
      "mem.weights_dequantized > 0B",
      "SELECT step FROM event WHERE weights_dequantized > 0"
    ),
    (
      "mem.live > 1KiB AND event.op = 'ffn_up-0'",
      "SELECT e.step FROM event AS e JOIN op AS o ON o.id = e.op WHERE o.name = 'ffn_up-0'"
    ),
    (
      "event.step % 7 = 0 AND mem.live > 1KiB AND event.kind != 'free'",
      "SELECT step FROM memory_timeline WHERE step % 7 = 0 AND total > 1024 AND kind != 'free'"
    ),
    (
      "event.kind = 'append' OR (mem.weights_dequantized > 500 AND NOT event.step % 2)",
      "SELECT step FROM event WHERE kind = 'append' OR (weights_dequantized > 500 AND step % 2 = 0)"
    ),
    (
      "NOT (mem.weights_dequantized > 500 OR event.kind = 'free') AND event.step > 9",
      "SELECT step FROM event WHERE weights_dequantized <= 500 AND kind != 'free' AND step > 9"
    ),
    (
      "event.step BETWEEN 20 AND 90 AND mem.activations BETWEEN 1 AND 1MiB",
      "SELECT step FROM event WHERE step BETWEEN 20 AND 90 AND activations BETWEEN 1 AND 1048576"
    ),
    (
      "CASE WHEN event.kind = 'free' AND mem.live > 1 THEN 1 END AND event.thread = 0",
      "SELECT step FROM memory_timeline WHERE kind = 'free' AND total > 1"
    ),
    (
      "pass.kind = 'decode' AND event.kind = 'alloc'",
      "\(opOfStep) WHERE p.kind = 'decode' AND e.kind = 'alloc'"
    ),
    (
      "pass.kind IS NULL AND event.kind = 'alloc'",
      "\(opOfStep) WHERE p.kind IS NULL AND e.kind = 'alloc'"
    ),
    (
      "token.position = 5 AND event.kind = 'multiply'",
      "\(opOfStep) WHERE p.first_position + p.tokens - 1 = 5 AND e.kind = 'multiply'"
    ),
    (
      "event.bytes > 600",
      "SELECT allocated_step FROM buffer WHERE bytes > 600 "
        + "UNION SELECT freed_step FROM buffer WHERE bytes > 600 ORDER BY 1"
    ),
    (
      "event.category = 'activations' AND event.kind = 'free'",
      "SELECT freed_step FROM buffer WHERE category = 'activations' ORDER BY 1"
    ),
    (
      "event.category = 'weights_dequantized' AND event.bytes > 1 AND mem.live > 1",
      "SELECT allocated_step FROM buffer WHERE category = 'weights_dequantized' "
        + "UNION SELECT freed_step FROM buffer WHERE category = 'weights_dequantized' ORDER BY 1"
    ),
    (
      "event.buffer LIKE '%ffn_up%rows 8..<%'",
      "SELECT allocated_step FROM buffer WHERE name LIKE '%ffn_up%rows 8..<%' "
        + "UNION SELECT freed_step FROM buffer WHERE name LIKE '%ffn_up%rows 8..<%' ORDER BY 1"
    ),
    (
      "peak > 2000",
      "SELECT step FROM memory_timeline AS e WHERE "
        + "(SELECT max(total) FROM _memory WHERE id <= e.step) > 2000"
    ),
    (
      "peak = mem.live AND event.kind = 'alloc'",
      "SELECT step FROM memory_timeline AS e WHERE kind = 'alloc' AND "
        + "(SELECT max(total) FROM _memory WHERE id <= e.step) = total"
    ),
    (
      "peak > 2000 AND tile.rows = 8",
      "SELECT t.id FROM tile AS t JOIN weight_tile AS w ON w.id = t.weight_tile WHERE w.rows = 8 "
        + "AND (SELECT max(total) FROM _memory WHERE id <= t.id) > 2000"
    ),
    (
      "kv.bytes > 1000 AND event.step > 1",
      "SELECT step FROM event AS e WHERE step > 1 AND (SELECT cache_bytes FROM kv_append AS k "
        + "WHERE k.step <= e.step ORDER BY k.step DESC LIMIT 1) > 1000"
    ),
    (
      "kv.bytes * 2 > tile.bytes",
      "SELECT e.step FROM event AS e JOIN tile AS t ON t.id = e.buffer WHERE 2 * (SELECT "
        + "cache_bytes FROM kv_append AS k WHERE k.step <= e.step ORDER BY k.step DESC LIMIT 1) "
        + "> t.bytes"
    ),
    (
      "tile.rows < 8 OR kv.bytes = 0",
      "SELECT e.step FROM event AS e LEFT JOIN tile AS t ON t.id = e.buffer "
        + "LEFT JOIN weight_tile AS w ON w.id = t.weight_tile WHERE w.rows < 8 "
        + "OR e.step < (SELECT min(step) FROM kv_append)"
    ),
    (
      "tile.first_row + tile.packed_bytes > matmul.first_row + 8 AND event.step % 3 = 0",
      "SELECT m.step FROM matmul AS m JOIN tile AS t ON t.id = m.tile JOIN weight_tile AS w "
        + "ON w.id = t.weight_tile WHERE w.packed_bytes > 8 AND m.step % 3 = 0"
    ),
    (
      "token.text || token.position > 'a' AND mem.live > token.id",
      "SELECT e.step FROM event AS e JOIN pass AS p ON e.step BETWEEN p.first_step AND p.last_step "
        + "JOIN token AS c ON c.pass = p.id AND c.position = p.first_position + p.tokens - 1 "
        + "WHERE c.text || c.position > 'a' AND e.live > c.id"
    ),
  ]

  @Test(arguments: conditions)
  func conditionsHoldWhereTheShellSaysSo(expression: String, query: String) throws {
    let condition = try SearchExpression(expression)
    try trace.check(condition)
    let expected = try steps(query)
    #expect(!expected.isEmpty)
    try expect(expected, of: TraceSearch(scope: .everywhere, condition: condition))
  }

  private static let withinOperations: [(expression: String?, query: String)] = [
    (nil, "SELECT first_step FROM op WHERE kind = 'mul_mat'"),
    ("op.rows > 0", "SELECT last_step FROM op WHERE kind = 'mul_mat'"),
    (
      "pass.kind = 'decode'",
      "SELECT o.first_step FROM op AS o JOIN pass AS p ON p.id = o.pass "
        + "WHERE o.kind = 'mul_mat' AND p.kind = 'decode'"
    ),
    (
      "tile.bytes > 500",
      "SELECT t.id FROM tile AS t JOIN event AS e ON e.step = t.id JOIN op AS o ON o.id = e.op "
        + "WHERE o.kind = 'mul_mat' AND t.bytes > 500"
    ),
    (
      "event.kind = 'free'",
      "SELECT e.step FROM event AS e JOIN op AS o ON o.id = e.op "
        + "WHERE o.kind = 'mul_mat' AND e.kind = 'free'"
    ),
    (
      "peak > 2000 AND event.kind = 'free'",
      "SELECT e.step FROM event AS e JOIN op AS o ON o.id = e.op WHERE o.kind = 'mul_mat' "
        + "AND e.kind = 'free' AND (SELECT max(total) FROM _memory WHERE id <= e.step) > 2000"
    ),
    (
      "mem.weights_dequantized = 0",
      "SELECT e.step FROM event AS e JOIN op AS o ON o.id = e.op "
        + "WHERE o.kind = 'mul_mat' AND e.weights_dequantized = 0"
    ),
  ]

  @Test(arguments: withinOperations)
  func conditionsWithinOperations(expression: String?, query: String) throws {
    let nodes = try trace.nodes().filter { $0.kind == "mul_mat" }.map(\.id)
    let condition = try expression.map { try SearchExpression($0) }
    let expected = try steps(query)
    #expect(!expected.isEmpty)
    try expect(expected, of: TraceSearch(scope: .nodes(nodes), condition: condition))
  }

  @Test func rangesAreSearchedOneAfterTheOther() throws {
    let passes = try trace.passes().map(\.steps)
    let ranges = [passes[1], passes[3]]
    try expect(
      ranges.map(\.lowerBound), of: TraceSearch(scope: .ranges(ranges), condition: nil))
    let frees = try steps("SELECT step FROM event WHERE kind = 'free'")
    try expect(
      frees.filter { step in ranges.contains { $0.contains(step) } },
      of: TraceSearch(
        scope: .ranges(ranges), condition: try SearchExpression("event.kind = 'free'")))
  }

  /// A search by several threads opens a connection for each, and may find another file.
  @Test func aTraceThatWasReplaced() throws {
    let search = TraceSearch(
      scope: .everywhere, condition: try SearchExpression("event.step = 70"))
    let last = try trace.eventCount()
    #expect(try trace.firstStep(of: search, in: 1...last, backwards: false) == 70)
    try record(to: folder.file("other.sqlite"))
    #expect(rename(folder.file("other.sqlite"), folder.file()) == 0)
    #expect(try trace.firstStep(of: search, in: 1...last, backwards: false) == 70)
    #expect {
      try trace.openSession()
    } throws: { error in
      "\(error)".contains("was replaced or deleted since it was opened")
    }
  }

  /// Steps are cut into parts that follow each other from where the search begins, as many as there
  /// are threads or as are worth one.
  @Test(arguments: [
    (10, "mem.live > 1", 1), (3 * SearchQuery.fewest, "mem.live > 1", 3),
    (9 * SearchQuery.fewest + 7, "mem.live > 1", 4), (2 * SearchQuery.fewest, "tile.rows > 1", 2),
  ])
  func partsOfASearch(count: Int, condition: String, parts: Int) throws {
    let query = SearchQuery(try SearchExpression(condition), scope: .everywhere)
    let forwards = query.parts(of: 5...count + 4, atMost: 4, backwards: false)
    #expect(forwards.count == parts)
    #expect(forwards.flatMap(Array.init) == Array(5...count + 4))
    #expect(
      query.parts(of: 5...count + 4, atMost: 4, backwards: true) == forwards.reversed())
  }

  /// Of what several threads find, the first counts in the order of the search.
  @Test(arguments: [false, true]) func theFirstOfSeveralPartsCounts(backwards: Bool) throws {
    let last = try trace.eventCount()
    let parts = [1...last / 3, last / 3 + 1...last / 2, last / 2 + 1...last]
    for (text, column) in [
      ("event.kind = 'free'", "kind = 'free'"), ("event.step > 7", "step > 7"),
    ] {
      let query = SearchQuery(try SearchExpression(text), scope: .everywhere)
      let searches = try (backwards ? parts.reversed() : parts).map { steps in
        SearchPart(
          session: try trace.openSession(),
          sql: query.sql(
            selectingValue: false, where: .holds, steps: steps, ops: nil, backwards: backwards))
      }
      let found = try steps("SELECT step FROM event WHERE \(column) ORDER BY step")
      let expected = try #require(backwards ? found.last : found.first)
      #expect(try SearchPart.firstRow(of: searches)?.step == expected)
    }
  }

  /// No search sorts or reads more than the steps that it looks at: whatever the length of the
  /// trace, it ends at the first step that is found.
  @Test(arguments: [
    "event.kind = 'free'", "mem.live > 1", "tile.rows > 1", "matmul.m > 1", "kv.bytes > 1",
    "op.rows > 1", "pass.tokens > 1", "token.position > 1", "op.layer = 1 AND tile.rows = 8",
    "event.kind = 'free' AND mem.live > 1 AND token.position > 1", "event.bytes > 1", "peak > 1",
    "mem.live > event.step OR event.buffer = 'x'", "pass.kind = 'decode' AND tile.rows > 1",
    "event.step > 1 AND tile.rows > 1", "event.step > 1 AND matmul.m > 1",
  ])
  func noSearchSorts(text: String) throws {
    let expression = try SearchExpression(text)
    for scope in [SearchScope.everywhere, .nodes([1, 2])] {
      for backwards in [false, true] {
        let query = SearchQuery(expression, scope: scope)
        let sql = query.sql(
          selectingValue: false, where: .holds, steps: 1...100,
          ops: query.readsOps ? 1...9 : nil, backwards: backwards)
        let plan = try trace.rows("EXPLAIN QUERY PLAN " + sql).map { $0.last?.text ?? "" }
        #expect(!plan.contains { $0.contains("TEMP B-TREE") }, "\(sql)\n\(plan)")
        let scanned = plan.compactMap { $0.wholeMatch(of: /SCAN ([etxbako])\b.*/)?.1 }
        #expect(scanned.isEmpty, "\(sql)\n\(plan)")
      }
    }
  }
}
