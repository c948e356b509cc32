import Basics
import Debugger
import Testing
import TraceStore

@testable import Lessons

@Suite struct ProseTests {
  static func lines(_ text: String, width: Int = 40, palette: TextStyle.Palette = .none) throws
    -> [String]
  {
    try ProseRenderer(
      style: TextStyle(width: width, palette: palette),
      fill: { Template.fill($0) { "<" + $0.written + ">" } }, block: { _, _, _ in nil }
    ).lines(text)
  }

  @Test func paragraphsAreWrapped() throws {
    let lines = try Self.lines("One two three\nfour five six seven eight nine.\n\nTen.")
    #expect(lines == ["One two three four five six seven eight", "nine.", "", "Ten."])
  }

  @Test func chineseIsWrappedBetweenCharacters() throws {
    let lines = try Self.lines("内存里发生的每一件事都会被记下来，\n包括 tile 的出现与消失。", width: 20)
    #expect(lines.allSatisfy { displayWidth($0) <= 20 })
    #expect(
      lines.joined() == "内存里发生的每一件事都会被记下来，包括 tile的出现与消失。"
        || lines.joined() == "内存里发生的每一件事都会被记下来，包括tile 的出现与消失。"
        || lines.joined() == "内存里发生的每一件事都会被记下来，包括 tile 的出现与消失。")
    #expect(!lines.contains { $0.hasPrefix("，") || $0.hasPrefix("。") })
  }

  @Test func marksBecomeLooks() throws {
    #expect(try Self.lines("a **b** *c* `d` [e](https://f.org)") == ["a b c `d` e (https://f.org)"])
    let painted = try Self.lines("a **b** `d`", palette: .many)
    #expect(painted == ["a \u{1B}[1mb\u{1B}[0m \u{1B}[36md\u{1B}[0m"])
    #expect(try Self.lines("2 * 3 * 4, a_b_c and \\*x\\*") == ["2 * 3 * 4, a_b_c and *x*"])
  }

  @Test func listsQuotationsAndTables() throws {
    let text = """
      - one
      - two and
        more
        1. inner

      > said

      | a | b |
      |---|---|
      | {{x|bytes}} | `p|q` |
      """
    #expect(
      try Self.lines(text) == [
        "  • one", "  • two and more", "    1. inner", "", "│ said", "",
        "a          b", "─────────  ─────", "<x|bytes>  `p|q`",
      ])
  }

  @Test func wideTablesAreWrappedIntoTheWidth() throws {
    let row =
      "| " + String(repeating: "word ", count: 12) + "| " + String(repeating: "内存", count: 20)
      + " |"
    let lines = try Self.lines(row + "\n|---|---|\n" + row, width: 40)
    #expect(lines.allSatisfy { displayWidth($0) <= 40 })
  }

  @Test func plainCodeStaysAsItIs() throws {
    #expect(try Self.lines("```\na  {{b}}\n```") == ["    a  {{b}}"])
  }

  @Test func whatFillsATemplateIsNoMarkdown() throws {
    let renderer = ProseRenderer(
      style: TextStyle(), fill: { Template.fill($0) { _ in "**x** `y`" } },
      block: { _, _, _ in nil })
    #expect(try renderer.lines("a {{b}}") == ["a **x** `y`"])
  }

  @Test func sections() throws {
    let prose = try Prose(
      """
      # A title

      ## one

      Text.

      ```
      # no heading
      ```

      ### hint

      First.

      ### hint

      Second.

      ### choice a

      The choice.

      The reason.

      In two paragraphs.

      ### after

      After.
      """, path: "en.md")
    let section = try #require(prose.section("one"))
    #expect(prose.title == "A title")
    #expect(section.text.text == "Text.\n\n```\n# no heading\n```")
    #expect(section.hints.map(\.text) == ["First.", "Second."])
    #expect(section.choices.first?.text.text == "The choice.")
    #expect(section.choices.first?.reason?.text == "The reason.\n\nIn two paragraphs.")
    #expect(section.after?.line == 29)
  }

  @Test(
    arguments: [
      ("## one\n\nText.", "has to come first"), ("# A\n\nText.", "before the first step"),
      ("# A\n# B", "second title"), ("# A\n## one\n## one", "two sections"),
      ("# A\n## one\n### question", "has no text"), ("# A\n## one\n### whatever\nx", "none of"),
      ("Text.", "before the first step"), ("", "needs a title"),
    ])
  func whatIsWrongIsSaidWithItsLine(_ text: String, _ problem: String) {
    #expect {
      try Prose(text, path: "en.md")
    } throws: {
      "\($0)".contains(problem) && "\($0)".hasPrefix("en.md")
    }
  }
}
