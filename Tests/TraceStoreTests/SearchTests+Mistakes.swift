import Testing

@testable import TraceStore

// What is no expression, and what is one though it looks otherwise.
extension SearchTests {
  /// The text, the byte of the error, and a part of what is said.
  private static let mistakes: [(text: String, offset: Int, part: String)] = [
    ("tile.nothing > 1", 5, "tile has no \"nothing\""), ("", 0, "no expression"),
    ("tile.rows > > 1", 12, "syntax error"), ("mem.live > 5Mib2", 11, "5Mib is no number"),
    ("(mem.live", 9, "not closed"), ("mem.live) > 1", 8, "nothing that this"),
    ("mem.live > 1; DROP TABLE x", 12, "no place"), ("mem.live > 1 -- x", 13, "no place"),
    ("kind = 'free'", 0, "is event.kind meant?"), ("tile > 1", 0, "which of its columns"),
    ("event.kind = 'free", 13, "not closed"), ("nosuch(mem.live)", 0, "no such function"),
    ("1 = 1", 0, "nothing that changes"), ("mem.live IN (SELECT 1)", 13, "no \"SELECT\""),
    ("load_extension(event.kind)", 0, "not authorized"), ("count(tile.rows) > 1", 0, "misuse"),
    ("mem.live > 64MiB AND kv.bytes >", 31, "missing at the end"),
    ("tile.rows = ?", 12, "no place"), ("1 +", 3, "missing at the end"),
    ("mem.live >", 10, "missing at the end"), ("mem.live BETWEEN 1", 18, "missing at the end"),
    ("event.kind = 'free' AND AND mem.live > 1", 24, "near \"AND\""),
    ("mem.live > 1 AND event.kind = 1 2", 32, "near \"2\""),
    ("event.kind = 'kv_append'", 13, "never 'kv_append'; it is 'dequantize'"),
    ("event.kind = 3", 13, "never '3'"), ("mem.live > 1 and op.kind = 'MUL_MAT'", 27, "'mul_mat'"),
    ("event.kind IN ('free', 'multply')", 23, "never 'multply'"),
    ("event.category is not 'kv'", 22, "'kv_cache'"), ("tile.type = 'F16'", 12, "is 'f16' meant?"),
    ("mem.live > '64MiB'", 11, "mem.live is a number, and '64MiB' a text"),
    ("event.buffer = 3", 15, "event.buffer is a text, and 3 a number"),
    ("mem.live > 1 and token.text > 7", 30, "quotes: '7'"), ("op.name < 4", 10, "is a text"),
    ("tile.rows = 1 OR tile.value_max <= 'x'", 35, "without quotes"),
    ("op.name <> 'ffn_up'", 11, "it is one of"), ("tensor.role == 'attn'", 15, "attn_q"),
  ]

  @Test(arguments: mistakes)
  func mistakesAreToldWithTheirPlace(text: String, offset: Int, part: String) throws {
    do {
      try trace.check(try SearchExpression(text))
      Issue.record("\(text) was taken")
    } catch TraceError.sql(let message, let query, let place) {
      #expect(query == text)
      #expect(message.contains(part), "\(message)")
      #expect(place == offset, "\(message)")
    }
  }

  @Test(arguments: [
    ("MEM.LIVE > 64mib", "mem.live > 64MiB"), ("mem.live > 64 MiB", "mem.live > 64MiB"),
    ("Op.Duration_NS>5  MS AND tile.rows=8", "op.duration_ns>5ms AND tile.rows=8"),
    ("PEAK > 1 gb", "peak > 1GB"), ("mem.live > 8 AND tile.rows > 1", "mem.live>8 AND tile.rows>1"),
  ])
  func capitalsAndSpacesBeforeUnitsMeanTheSame(text: String, plain: String) throws {
    func sql(_ text: String) throws -> String {
      try SearchExpression(text).sql.filter { $0 != " " }
    }
    #expect(try sql(text) == sql(plain))
    try trace.check(try SearchExpression(text))
  }

  /// What may be true, whatever names there are.
  @Test(arguments: [
    "event.kind LIKE 'FR%'", "event.kind = 'FREE' COLLATE NOCASE", "lower(op.kind) = 'Mul_Mat'",
    "'a' || event.kind = 'afree'", "event.kind = 'fr' || 'ee'", "op.kind > 'MUL_MAT'",
    "event.kind IN ('free', lower('FREE'))", "event.kind IS NULL", "op.name = event.op",
  ])
  func namesThatAreNoConstantsAreTaken(text: String) throws {
    try trace.check(try SearchExpression(text))
  }
}
