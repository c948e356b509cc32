import Basics
import Testing

/// Boxes and aligned Markdown are compared with sqlite3's by `TableFormatterTests`.
@Suite struct TableTests {
  @Test func columnsAreAsWideAsTheirWidestCell() {
    var table = Table([("name", .left), ("bytes", .right), ("mid", .centre), ("", .left)])
    table.add("日本", "1", "abcdef", "")
    table.add(["b", "1024", "é", "note"])
    #expect(
      table.lines() == [
        "name  bytes   mid",
        "日本      1  abcdef",
        "b      1024    é     note",
      ])
    #expect(table.width == 4 + 5 + 6 + 4 + 3 * 2)
  }

  @Test func aTableWithoutTitlesHasNoHeading() {
    var table = Table([("", .right), ("", .left)], atLeast: [3])
    #expect(table.lines().isEmpty)
    table.add("1", "a")
    #expect(table.lines() == ["  1  a"])
  }

  @Test func whatIsTooWideIsCut() {
    var table = Table([("n", .right), ("what", .left), ("alive", .right)])
    table.add("1", "a long description of it", "10 B")
    #expect(
      table.lines(width: 24, flexible: 1) == [
        "n  what            alive",
        "1  a long descri…   10 B",
      ])
    // It is not cut below eight columns; then the line is.
    #expect(table.lines(width: 12, unicode: false, flexible: 1)[1] == "1  a long ~~")
    #expect(table.lines(width: 10)[1] == "1  a long…")
  }

  /// The widths stay once something was taken; what is wider stands out.
  @Test func aLongTableIsTakenInPieces() {
    var table = Table([("a", .left), ("b", .left)], atLeast: [3])
    #expect(table.take() == ["a    b"])
    #expect(table.isFull)
    table.add("12345", "x")
    table.add("1", "y")
    #expect(table.take() == ["12345  x", "1    y"])
    #expect(table.finish().isEmpty)
  }

  @Test func rowsOfABoxMayTakeSeveralLines() {
    var table = Table([("t", .left), ("n", .right)], style: .box)
    table.add("a\tb", "1")
    table.add("one\r\ntwo\n", "2")
    #expect(
      table.finish().joined(separator: "\n") == """
        ┌───────────┬───┐
        │     t     │ n │
        ├───────────┼───┤
        │ a       b │ 1 │
        ├───────────┼───┤
        │ one       │ 2 │
        │ two       │   │
        └───────────┴───┘
        """)
  }

  @Test func markdownOfGitHub() {
    #expect(
      Table.markdown([("name", .left), ("n", .right)], [["a|b", "1"], ["|\u{301}", ""]]) == [
        "| name | n |", "| --- | ---: |", "| a\\|b | 1 |", "| \\|\u{301} |  |",
      ])
  }
}
