import Testing

@testable import Tokenization

@Suite struct SpecialTokensTests {
  typealias Fragment = SpecialTokens.Fragment

  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let text: String
    let tokens: [(String, TokenAttributes)]
    let fragments: [Fragment]
  }

  static let cases = [
    Case(
      testDescription: "the longest of those that start together", text: "<a><b><a>x",
      tokens: [("<a>", .control), ("<a><b>", .control), ("x", .normal)],
      fragments: [.token(1), .token(0), .text(9..<10)]),
    Case(
      testDescription: "the longest even if it starts later", text: "abcd",
      tokens: [("ab", .control), ("bcd", .userDefined)],
      fragments: [.text(0..<1), .token(1)]),
    Case(
      testDescription: "of equal ones the lower id, from left to right", text: "bcabc",
      tokens: [("ab", .control), ("bc", .control)],
      fragments: [.token(1), .token(0), .text(4..<5)]),
    Case(
      testDescription: "one that overlaps itself", text: "aaaaa", tokens: [("aa", .unknown)],
      fragments: [.token(0), .token(0), .text(4..<5)]),
    Case(
      testDescription: "the whole text", text: "<a>", tokens: [("<a>", .control)],
      fragments: [.token(0)]),
    Case(testDescription: "no text", text: "", tokens: [("<a>", .control)], fragments: []),
    Case(
      testDescription: "the beginning of one", text: "<a<", tokens: [("<a>", .control)],
      fragments: [.text(0..<3)]),
    Case(
      testDescription: "whitespace before it is swallowed", text: "a \n<m> b",
      tokens: [("<m>", [.control, .stripsLeft])],
      fragments: [.text(0..<1), .token(0), .text(6..<8)]),
    Case(
      testDescription: "whitespace after it is swallowed", text: "a <m> \t\r\u{b}\u{c}<m>  ",
      tokens: [("<m>", [.control, .stripsRight])],
      fragments: [.text(0..<2), .token(0), .token(0)]),
    Case(
      testDescription: "nothing but whitespace before it", text: "  <m>",
      tokens: [("<m>", [.control, .stripsLeft])], fragments: [.token(0)]),
    Case(
      testDescription: "other whitespace than C's stays", text: "\u{a0}<m>\u{3000}",
      tokens: [("<m>", [.control, .stripsLeft, .stripsRight])],
      fragments: [.text(0..<2), .token(0), .text(5..<8)]),
  ]

  @Test(arguments: cases) func fragments(test: Case) {
    #expect(fragments(of: test.text, test.tokens) == test.fragments)
  }

  @Test func withoutParsingOnlyUserDefinedOnesCount() {
    let tokens: [(String, TokenAttributes)] = [
      ("<c>", .control), ("<u>", .userDefined), ("<?>", .unknown), ("<cu>", [.control, .normal]),
    ]
    #expect(
      fragments(of: "<c><u><?><cu>", tokens, parseSpecial: false)
        == [.text(0..<3), .token(1), .text(6..<13)])
    #expect(
      fragments(of: "<c><u><?><cu>", tokens)
        == [.token(0), .token(1), .token(2), .token(3)])
  }

  private func fragments(
    of text: String, _ tokens: [(String, TokenAttributes)], parseSpecial: Bool = true
  ) -> [Fragment] {
    let special = SpecialTokens(ByteStrings(tokens.map(\.0)), attributes: tokens.map(\.1))
    return Array(text.utf8).withUnsafeBufferPointer {
      special.fragments(of: $0, parseSpecial: parseSpecial)
    }
  }
}
