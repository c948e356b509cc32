import Testing

@testable import Tokenization

@Suite struct PreTokenizerTests {
  /// What each pattern makes of a text, by its regular expression.
  static let cases: [(name: String, text: String, words: [String])] = [
    ("gpt-2", "I'm 42 'S!", ["I", "'m", " 42", " '", "S", "!"]),
    ("gpt-2", "a  b\n\n", ["a", " ", " b", "\n\n"]),
    ("gpt-2", "x \t\n y", ["x", " \t\n", " y"]),
    ("gpt-2", "don't'll're", ["don", "'t", "'ll", "'re"]),
    ("smollm", "a  12b 3", ["a", "  ", "1", "2", "b", " ", "3"]),
    ("smollm", "½Ⅷ٣", ["½", "Ⅷ", "٣"]),
    ("default", "x  (1234) $5", ["x", "  ", "(", "123", "4", ")", " ", "$", "5"]),
    ("default", "a `b` 1２345", ["a", " `", "b", "`", " ", "1２", "345"]),
    ("default", "it's", ["it", "'", "s"]),
    ("llama-bpe", "I'M 12345 x", ["I", "'M", " ", "123", "45", " x"]),
    ("llama-bpe", "(foo) \n\n bar!\r\n", ["(foo", ")", " \n\n", " bar", "!\r\n"]),
    ("llama-bpe", "a   b \t", ["a", "  ", " b", " \t"]),
    ("llama-bpe", "\nx\u{301}y", ["\n", "x", "\u{301}y"]),
    ("qwen2", "abc123", ["abc", "1", "2", "3"]),
    ("qwen2", "'ſ", ["'ſ"]),
  ]

  @Test(arguments: cases) func words(name: String, text: String, words: [String]) throws {
    #expect(try self.words(of: text, with: name) == words)
  }

  @Test(arguments: ["default", "gpt-2", "smollm", "llama-bpe", "qwen2"])
  func wordsTogetherAreTheText(name: String) throws {
    for text in try Fixtures.json("texts.json", as: [String].self) {
      let words = try self.words(of: text, with: name)
      #expect(words.allSatisfy { !$0.isEmpty })
      #expect(Array(words.joined().utf8) == Array(text.utf8))
    }
  }

  /// Names that llama.cpp maps to one pattern.
  @Test(arguments: [
    ("starcoder", "smollm"), ("refact", "smollm"), ("mpt", "gpt-2"), ("phi-2", "gpt-2"),
    ("olmo", "gpt-2"), ("deepseek-r1-qwen", "qwen2"), ("stablelm2", "qwen2"),
    ("llama3", "llama-bpe"), ("llama-v3", "llama-bpe"), ("dbrx", "llama-bpe"),
    ("glm4", "llama-bpe"), ("", "default"),
  ])
  func aliases(alias: String, name: String) throws {
    for text in try Fixtures.json("texts.json", as: [String].self) {
      #expect(try words(of: text, with: alias) == words(of: text, with: name))
    }
  }

  @Test func switches() throws {
    for name in ["llama-bpe", "llama3", "llama-v3"] {
      let preTokenizer = try #require(PreTokenizer(named: name))
      #expect(preTokenizer.ignoresMerges && preTokenizer.addsBOS)
    }
    for name in ["gpt-2", "smollm", "qwen2", "default", "dbrx"] {
      let preTokenizer = try #require(PreTokenizer(named: name))
      #expect(!preTokenizer.ignoresMerges && !preTokenizer.addsBOS)
    }
    #expect(PreTokenizer(named: "glm4")?.defaultBOS == nil)
    #expect(PreTokenizer(named: nil)?.defaultBOS == 11)
    #expect(PreTokenizer(named: "tekken") == nil)
  }

  @Test func namesToMentionAreKnown() {
    for name in PreTokenizer.wellKnownNames { #expect(PreTokenizer(named: name) != nil) }
  }

  @Test func classes() {
    let expected: KeyValuePairs<Unicode.Scalar, ScalarClass> = [
      "a": .letter, "ß": .letter, "中": .letter, "ʰ": .letter, "1": .number, "½": .number,
      "Ⅷ": .number, "٣": .number, " ": .whitespace, "\n": .whitespace, "\u{85}": .whitespace,
      "\u{a0}": .whitespace, "\u{3000}": .whitespace, "\u{200b}": .other, "\u{1c}": .other,
      "!": .punctuation, "_": .punctuation, "。": .punctuation, "$": .other, "`": .other,
      "\u{301}": .other, "😀": .other, "\u{e000}": .other, "\0": .other,
      "\u{31350}": .letter,  // Unicode 15.0
      "\u{2ebf0}": .letter,  // 15.1
      "\u{1c89}": .other,  // a letter since 16.0
      "\u{10d40}": .other,  // a number since 16.0
      "\u{323b0}": .other,  // a letter since 17.0
    ]
    for (scalar, kind) in expected {
      #expect(ScalarClass(scalar) == kind, "U+\(String(scalar.value, radix: 16))")
    }
  }

  private func words(of text: String, with name: String) throws -> [String] {
    let preTokenizer = try #require(PreTokenizer(named: name))
    let bytes = Array(text.utf8)
    let scanned = bytes.withUnsafeBufferPointer { ScannedText($0) }
    var words: [String] = []
    preTokenizer.forEachWord(in: scanned) { word in
      let range = scanned.offsets[word.lowerBound]..<scanned.offsets[word.upperBound]
      words.append(String(decoding: bytes[range], as: UTF8.self))
    }
    return words
  }
}
