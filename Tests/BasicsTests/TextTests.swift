import Basics
import Testing

@Suite struct TextTests {
  @Test(arguments: [
    ("abc", 3), ("日本", 4), ("🙂", 2), ("é", 1), ("e\u{301}", 1), ("한국", 4), ("", 0),
    ("a\u{200B}b", 2),
    ("👨‍👩‍👧", 2), ("❤️", 2), ("½", 1),
  ])
  func widthIsThatOfATerminal(text: String, columns: Int) {
    #expect(displayWidth(text) == columns)
  }

  @Test(arguments: [
    ("fox", "\"fox\""), ("\n\t", "\"\\n\\t\""), ("a\"b\\", "\"a\\\"b\\\\\""),
    ("\u{1B}[31m", "\"\\x1b[31m\""),
    ("日本", "\"日本\""),
  ])
  func quotedTextHidesNothing(text: String, quote: String) {
    #expect(quoted(text) == quote)
  }

  @Test func truncationKeepsTheWidth() {
    #expect(truncated("abcdef", to: 4) == "abc…")
    #expect(truncated("日本語", to: 4) == "日…")
    #expect(truncated("abcd", to: 4) == "abcd")
    #expect(truncated("abcdef", to: 4, unicode: false) == "abc~")
  }

  @Test func wrappingKeepsWordsAndWidth() {
    let text = "one two three four five six seven"
    for width in 5...40 {
      let lines = wrapped(text, to: width, indent: " ")
      #expect(lines.allSatisfy { displayWidth($0) <= max(width, 6) })
      let words = lines.flatMap { $0.split(separator: " ") }
      #expect(words.joined(separator: " ") == text)
    }
    #expect(wrapped("", to: 10).isEmpty)
  }

  /// What Python's textwrap makes of it.
  @Test func linesAreThoseOfTextwrap() {
    let text =
      "The packed weights stay in memory as int4, and each tile is dequantized to float16 just "
      + "before it is multiplied, then freed again."
    #expect(
      wrapped(text, to: 24) == [
        "The packed weights stay", "in memory as int4, and", "each tile is dequantized",
        "to float16 just before", "it is multiplied, then", "freed again.",
      ])
    #expect(
      wrapped(text, to: 40) == [
        "The packed weights stay in memory as", "int4, and each tile is dequantized to",
        "float16 just before it is multiplied,", "then freed again.",
      ])
  }

  /// Wide characters need no space between them, and no line begins or ends with the wrong mark.
  @Test func wideCharactersBreakWherePunctuationAllows() {
    let text = "为什么 int4 模型（反量化为 float16）不会撑爆内存？因为反量化是按需的、局部的、“临时的”。"
    for width in 9...40 {
      let lines = wrapped(text, to: width)
      #expect(lines.allSatisfy { displayWidth($0) <= width }, "\(width): \(lines)")
      #expect(lines.allSatisfy { !"）？、”。".contains($0.first ?? "。") }, "\(lines)")
      #expect(lines.allSatisfy { !"（“".contains($0.last ?? "（") }, "\(lines)")
      #expect(lines.joined().filter { $0 != " " } == text.filter { $0 != " " })
    }
    #expect(wrapped("abc \"你好世界\"", to: 9) == ["abc \"你好", "世界\""])
  }

  @Test func spacesAndLineFeedsStay() {
    #expect(wrapped("a  b   c", to: 4) == ["a  b", "c"])
    #expect(wrapped("  a b c", to: 5, indent: "    ") == ["  a b", "    c"])
    #expect(wrapped("one two\n\nthree", to: 5) == ["one", "two", "", "three"])
    #expect(wrapped(" ", to: 5).isEmpty)
  }

  /// A path can be copied; a cell is cut.
  @Test func longWordsStayWholeUnlessTheyAreToBeCut() {
    let text = "in /a/long/path it is"
    #expect(wrapped(text, to: 6) == ["in", "/a/long/path", "it is"])
    let characters = Array(text)
    let cut = lineRanges(of: characters, first: 6, others: 6, cutsWords: true)
    #expect(cut.map { String(characters[$0]) } == ["in", "/a/lon", "g/path", "it is"])
  }

  @Test func paddingCountsColumns() {
    #expect(padded("日本", to: 6) == "日本  ")
    #expect(padded("日本", to: 6, .right) == "  日本")
    #expect(padded("a", to: 4, .centre) == " a  ")
    #expect(padded("abc", to: 2) == "abc")
    #expect(["a", "b", "c"].prefixed(first: "- ", others: "  ") == ["- a", "  b", "  c"])
  }

  @Test func trimming() {
    #expect(" \t a b \n".trimmingSpaces() == "a b")
    #expect(" a\t ".trimmingTrailingSpaces() == " a\t")
    #expect("  ".trimmingTrailingSpaces().isEmpty && "".trimmingSpaces().isEmpty)
  }

  @Test func whatIsEscapedStaysOnItsLine() {
    #expect(escaped("a\n\t\"\\\u{1B}\u{202E}") == "a\\n\\t\"\\\\x1b\\u{202e}")
  }

  @Test func textOfATraceActsOnNothing() {
    #expect(visible("a\u{1B}\u{202E}b\u{2028}") == "a\\x1b\\u{202e}b\\u{2028}")
    #expect(quoted("\u{2067}\n\"\\") == #""\u{2067}\n\"\\""#)
    #expect(markup("<b>&\"\0\u{FFFF}") == "&lt;b&gt;&amp;&quot;\\x00\u{FFFD}")
  }
}
