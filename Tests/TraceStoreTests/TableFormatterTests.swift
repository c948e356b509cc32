import Foundation
import Testing

@testable import TraceStore

/// Our tables against those of sqlite3's shell, on the same trace and query.
@Suite struct TableFormatterTests {
  private static let queries = [
    "SELECT * FROM op LIMIT 20", "SELECT * FROM peak_by_category", "SELECT * FROM tensor",
    "SELECT * FROM token", "SELECT 1 AS a WHERE 0", "SELECT NULL AS n, '' AS e, 'x' AS x",
    "SELECT 'a\nb' AS lines, 1 AS n UNION ALL SELECT 'c', 2 UNION ALL SELECT 'd' || char(10), 3",
    "SELECT 'tab\tbed' AS t, 'cr' || char(13, 10) || 'lf' AS c",
    "SELECT 'a,b' AS \"with, comma\", 'say \"hi\"' AS q, 'it''s' AS s, ' ' AS space",
    "SELECT 1e300, 0.1, 1.0, -2.5e-7, 100000000000000000000.0, 9e999, -9e999, 3.0e15, 1.0/3",
    "SELECT 9223372036854775807 AS big, -9223372036854775808 AS small",
    "SELECT x'414243' AS blob, x'' AS empty, '\\path' AS back, 'a|b' AS bar",
    "SELECT 'déjà' AS accents, 'naïve' AS n", "SELECT 'wide' AS a, 'x' AS wider",
    "SELECT 1 AS first; SELECT 2 AS second, 3 AS third",
  ]

  @Test(
    arguments: zip(
      [TableFormat.box, .csv, .json, .markdown],
      [["-box"], ["-csv", "-header"], ["-json"], ["-markdown"]]))
  func sameAsTheShell(format: TableFormat, options: [String]) throws {
    let folder = try ScratchFolder()
    try record(to: folder.file())
    let trace = try Trace(path: folder.file())
    for query in Self.queries {
      var ours = ""
      try trace.run(query, format: format) { ours += $0 }
      let theirs = try sqlite3(folder.file(), query, options: options)
      #expect(ours == theirs, "\(query)")
    }
  }

  @Test func controlCharactersDoNotReachTheTerminal() throws {
    let folder = try ScratchFolder()
    try record(to: folder.file())
    for format in [TableFormat.box, .markdown, .json] {
      var text = ""
      try Trace(path: folder.file()).run(
        "SELECT 'a' || char(27) || '[2J' || char(7) AS t, char(27) AS \"\u{1B}[31m\"",
        format: format
      ) { text += $0 }
      #expect(text.contains("[2J"))
      #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 || $0 == "\n" })
    }
  }

  @Test func wideCharactersAlignOnATerminal() throws {
    let folder = try ScratchFolder()
    try record(to: folder.file())
    var box = ""
    try Trace(path: folder.file()).run(
      "SELECT '你好' AS t, 1 AS n UNION ALL SELECT '🙂', 2 UNION ALL SELECT 'e\u{301}a', 3",
      format: .box
    ) { box += $0 }
    #expect(
      box == """
        ┌──────┬───┐
        │  t   │ n │
        ├──────┼───┤
        │ 你好 │ 1 │
        │ 🙂   │ 2 │
        │ e\u{301}a   │ 3 │
        └──────┴───┘

        """)
  }

  @Test func csvAndJSONStream() throws {
    let folder = try ScratchFolder()
    try record(to: folder.file())
    for format in [TableFormat.csv, .json] {
      var pieces = 0
      try Trace(path: folder.file()).run("SELECT * FROM event LIMIT 50", format: format) { _ in
        pieces += 1
      }
      #expect(pieces >= 50)
    }
  }

  @Test(arguments: [
    ("", 0), ("abc", 3), ("é", 1), ("e\u{301}", 1), ("你好", 4), ("ｆｕｌｌ", 8), ("🙂", 2),
    ("👨‍👩‍👧", 2), ("❤️", 2), ("한글", 4), ("\u{200B}", 0), ("\u{1B}", 0), ("─│", 2), ("Ω", 1),
  ])
  func widthOnATerminal(text: String, width: Int) {
    #expect(displayWidth(text) == width)
  }
}
