import Testing

@testable import Debugger

@Suite struct StyledTextTests {
  @Test func readsWhatTextStyleWrites() {
    for palette in [TextStyle.Palette.sixteen, .many] {
      let style = TextStyle(palette: palette)
      let text = style.paint("a", .bold) + "b" + style.paint("c", .memory(.kvCache), on: .error)
      let runs = StyledText(parsing: text).runs
      #expect(runs.map(\.text) == ["a", "b", "c"])
      #expect(runs.map(\.column) == [0, 1, 2])
      #expect(runs[0].pen.isBold && runs[1].pen == Pen())
      let expected = palette == .many ? (71, 167) : (2, 1)
      #expect(runs[2].pen.foreground == expected.0 && runs[2].pen.background == expected.1)
    }
  }

  /// What a token's text may hold must not reach the terminal.
  @Test(arguments: ["\u{1B}[2J", "\u{1B}]0;title\u{7}", "\r", "\u{1B}[31", "\u{9B}2J", "\u{8}"])
  func nothingButColoursGetsThrough(text: String) {
    let plain = StyledText(parsing: "a\(text)b").plain
    #expect(
      plain.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value) })
    #expect(plain.hasPrefix("a") && plain.hasSuffix("b"))
  }

  @Test func asciiStandsInWhereNothingElseCanBeShown() {
    let text = StyledText(parsing: "3 µs 日本 é", unicode: false)
    #expect(text.plain == "3 us ?? ?")
  }

  @Test(arguments: 1...12) func fitsAndBreaksAtAnyWidth(width: Int) {
    let text = StyledText(parsing: "ab\u{1B}[1m日本\u{1B}[0m\tcd")
    #expect(text.columns == 10)
    #expect(text.fitted(to: width).columns == width)
    let lines = text.broken(to: max(2, width))
    #expect(lines.map(\.plain).joined() == text.plain)
    for line in lines { #expect(line.columns <= max(2, width)) }
  }
}
