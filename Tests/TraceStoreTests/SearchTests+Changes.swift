import Testing

@testable import TraceStore

// Changes of an expression, and its values.
extension SearchTests {
  private static let changes: [(expression: String, query: String)] = [
    ("kv.bytes", "SELECT step FROM kv_append ORDER BY step"),
    (
      "mem.weights_dequantized > 0",
      "SELECT step FROM (SELECT step, weights_dequantized > 0 AS now, "
        + "lag(weights_dequantized > 0, 1, 0) OVER (ORDER BY step) AS before FROM event) "
        + "WHERE now IS NOT before"
    ),
    (
      "event.kind",
      "SELECT step FROM (SELECT step, kind AS now, lag(kind) OVER (ORDER BY step) AS before "
        + "FROM event) WHERE now IS NOT before"
    ),
    (
      "tile.bytes",
      "SELECT id FROM (SELECT id, bytes AS now, lag(bytes) OVER (ORDER BY id) AS before "
        + "FROM tile) WHERE now IS NOT before"
    ),
    (
      "mem.weights_dequantized > 0 AND event.kind = 'multiply'",
      "SELECT step FROM (SELECT step, now, lag(now, 1, 0) OVER (ORDER BY step) AS before FROM "
        + "(SELECT step, weights_dequantized > 0 AND kind = 'multiply' AS now FROM event)) "
        + "WHERE now IS NOT before"
    ),
    (
      "event.bytes",
      "SELECT step FROM (SELECT step, now, lag(now, 1, 0) OVER (ORDER BY step) AS before FROM "
        + "(SELECT e.step, coalesce((SELECT bytes FROM buffer WHERE allocated_step = e.step "
        + "OR freed_step = e.step), 0) AS now FROM event AS e)) WHERE now IS NOT before"
    ),
    (
      "peak",
      "SELECT step FROM (SELECT step, peak, lag(peak) OVER (ORDER BY step) AS before FROM "
        + "(SELECT step, max(total) OVER (ORDER BY step) AS peak FROM memory_timeline)) "
        + "WHERE peak IS NOT before"
    ),
  ]

  @Test(arguments: changes)
  func changesAreWhereTheShellSaysSo(expression: String, query: String) throws {
    let watched = try SearchExpression(expression)
    try trace.check(watched)
    let expected = try steps(query)
    #expect(expected.count > 1)
    for (from, to) in try ranges() {
      let inside = expected.filter { (from...to).contains($0) }
      #expect(
        try trace.firstChange(of: watched, in: from...to, backwards: false) == inside.first,
        "\(from)...\(to)")
      #expect(
        try trace.firstChange(of: watched, in: from...to, backwards: true) == inside.last,
        "\(from)...\(to)")
    }
  }

  @Test func valuesAreThoseOfTheLastThing() throws {
    let bytes = try SearchExpression("kv.bytes")
    let appends = try steps("SELECT step FROM kv_append ORDER BY step")
    #expect(try trace.value(of: bytes, at: appends[0] - 1) == .null)
    let shell = try sqlite3(
      folder.file(), "SELECT cache_bytes FROM kv_append WHERE step = \(appends[1])")
    #expect(
      try trace.value(of: bytes, at: appends[2] - 1).text
        == shell.split(separator: "\n").first.map(String.init))
  }
}
