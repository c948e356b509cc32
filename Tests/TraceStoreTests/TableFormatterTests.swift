import Basics
import Foundation
import TestSupport
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
      [TableFormat.box, .csv, .json, .markdown, .line, .list],
      [["-box"], ["-csv", "-header"], ["-json"], ["-markdown"], ["-line"], ["-list", "-header"]]))
  func sameAsTheShell(format: TableFormat, options: [String]) throws {
    let folder = try ScratchFolder()
    try record(to: folder.file())
    let trace = try Trace(path: folder.file())
    // Of several lines, ours stand under each other; and a list begins with its names each time.
    // Ours have one line for a row of Markdown, whose bars are its own; blobs are bytes in JSON.
    let isLike: (String) -> Bool = { query in
      switch format {
      case .line, .markdown:
        !query.contains("char(") && !query.contains("\t") && !query.contains("\n")
          && !(format == .markdown && query.contains("a|b"))
      default: true
      }
    }
    for query in Self.queries where isLike(query) {
      var ours = ""
      try trace.run(query, format: format) { ours += $0 }
      let theirs = try sqlite3(folder.file(), query, options: options)
      #expect(ours == theirs, "\(query)")
    }
  }

  @Test func aCellOfMarkdownStaysInItsRow() throws {
    let folder = try ScratchFolder()
    try record(to: folder.file())
    var text = ""
    try Trace(path: folder.file()).run(
      "SELECT 'a|b' AS \"x|y\", 'one' || char(10) || 'two' || char(13, 10) || 'three' AS n",
      format: .markdown
    ) { text += $0 }
    #expect(
      text
        == """
        | x\\|y |          n          |
        |------|---------------------|
        | a\\|b | one<br>two<br>three |

        """)
  }

  /// A string of JSON for every value, which Foundation reads.
  @Test func jsonIsValidWhateverTheValueIs() throws {
    let folder = try ScratchFolder()
    try record(to: folder.file())
    let trace = try Trace(path: folder.file())
    let bytes = (0...255).map { UInt8($0) }
    let scalars = [0x1...0xD7FF, 0xE000...0x10FFF, 0x10FF00...0x10FFFF].joined()
      .compactMap { Unicode.Scalar($0).map(String.init) }.joined()
    var json = ""
    let session = try trace.queries()
    session.parameters = ["b": .blob(bytes), "t": .text(scalars)]
    try session.run("SELECT :b AS b, :t AS t, x'' AS \"\u{9B}\u{202E}\"", format: .json) {
      json += $0
    }
    let rows = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: String]]
    let row = try #require(rows?.first)
    #expect(row["b"].map { $0.unicodeScalars.map(\.value) } == bytes.map { UInt32($0) })
    #expect(row["t"].map { Array($0.utf8) } == Array(scalars.utf8))
    #expect(row["\u{9B}\u{202E}"] == "")
    #expect(json.unicodeScalars.allSatisfy { $0 == "\n" || visible(String($0)) == String($0) })
  }

  @Test func controlCharactersDoNotReachTheTerminal() throws {
    let folder = try ScratchFolder()
    try record(to: folder.file())
    for format in [TableFormat.box, .markdown, .json, .line, .bars] {
      var text = ""
      try Trace(path: folder.file()).run(
        "SELECT 'a' || char(27) || '[2J' || char(7, 127, 155, 8238) AS t, "
          + "char(27) AS \"\u{1B}[31m\", 1 AS \"n\u{9B}\"",
        format: format
      ) { text += $0 }
      #expect(text.contains("[2J"))
      #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || visible(String($0)) == String($0) })
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

  /// What is longer than what is kept is written as it comes, in the widths of its beginning.
  @Test func aLongTableIsWrittenAsItComes() throws {
    let folder = try ScratchFolder()
    try record(to: folder.file())
    var pieces: [String] = []
    var most = 0
    try Trace(path: folder.file()).run(
      "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT i FROM n",
      format: .box
    ) {
      pieces.append($0)
      most = max(most, $0.utf8.count)
    }
    #expect(pieces.count == 20_002 && most < 200)
    #expect(pieces[1] == "│ 1     │\n" && pieces[20_000] == "│ 20000 │\n")
    #expect(pieces[20_001] == "└───────┘\n")
  }

  @Test func aBoxThatIsTooWideIsWrittenAsLines() throws {
    let rows: [[SQLValue]] = [[.integer(1), .text("a\u{1B}b")], [.integer(2), .text("c")]]
    for (limit, expected) in [
      (18, "┌───────┬────────┐"), (17, " first = 1\nsecond = a\n"),
    ] {
      var text = ""
      let formatter = TableFormatter(.box, boxLimit: limit) { text += $0 }
      try formatter.begin(columns: ["first", "second"])
      for row in rows { try formatter.add(row) }
      try formatter.end()
      #expect(text.hasPrefix(expected), "\(text)")
      #expect(!text.contains("\u{1B}"))
    }
  }

  @Test func barsAndCurves() throws {
    #expect(BarTable.bar(0, room: 4) == "" && BarTable.bar(-1, room: 4) == "")
    #expect(BarTable.bar(1, room: 4) == "████" && BarTable.bar(2, room: 4) == "████")
    #expect(BarTable.bar(0.5, room: 3) == "█▌" && BarTable.bar(1e-9, room: 3) == "▏")
    var curves = Sparklines(columns: ["a", "name", "same"], width: 8)
    for value in 0..<20_000 { curves.add([.integer(value), .text("x"), .real(0.5)]) }
    #expect(
      curves.text == """
        a: 0 to 19999, 20000 rows
        ▁▂▃▄▅▆▇█
        same: 0.5 to 0.5, 20000 rows
        ▄▄▄▄▄▄▄▄

        """)
    var text = ""
    let formatter = TableFormatter(.bars) { text += $0 }
    try formatter.begin(columns: ["n"])
    for value in [SQLValue.real(.nan), .real(-1), .real(.infinity), .null] {
      try formatter.add([value])
    }
    try formatter.end()
    #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count == 6)
  }
}
