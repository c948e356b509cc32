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
}
