import Testing

@testable import Tokenization

@Suite struct SentencePieceEncoderTests {
  @Test func highestScoreFirst() throws {
    let tokenizer = try Tokenizer(
      Fixtures.sentencePieceVocabulary([
        "▁": -9, "a": -9, "b": -9, "c": -9, "ab": -2, "bc": -1, "cc": -1,
      ]))
    #expect(tokenizer.pieces(of: "abc") == [" ", "a", "bc"])
    #expect(tokenizer.pieces(of: "ab") == [" ", "ab"])
    #expect(tokenizer.pieces(of: "ccc") == [" ", "cc", "c"])  // of equals, the leftmost
  }

  @Test func charactersWithoutPieceBecomeBytes() throws {
    let tokenizer = try Tokenizer(Fixtures.sentencePieceVocabulary(["▁": -1]))
    #expect(tokenizer.encode("é\n\0") == [1, 259, 3 + 0xc3, 3 + 0xa9, 3 + 0x0a, 3])
    #expect(tokenizer.decode(tokenizer.encode("é\n\0 中")) == "é\n\0 中")
  }

  @Test func bytesWithoutPieceAreUnknown() throws {
    var vocabulary = Fixtures.sentencePieceVocabulary([:])
    vocabulary.tokens = ByteStrings(["<unk>", "<s>", "</s>", "▁", "a"])
    vocabulary.kinds = [2, 3, 3, 1, 1]
    vocabulary.scores = [0, 0, 0, -1, -2]
    #expect(try Tokenizer(vocabulary).encode("aé") == [1, 3, 4, 0, 0])
  }

  @Test func spaceBeforeTexts() throws {
    var vocabulary = Fixtures.sentencePieceVocabulary(["▁": -1, "x": -2, "▁x": 0])
    let x = 260
    let withSpace = 261
    #expect(try Tokenizer(vocabulary).encode("x") == [1, withSpace])
    #expect(try Tokenizer(vocabulary).encode("x</s>x") == [1, withSpace, 2, withSpace])
    #expect(try Tokenizer(vocabulary).encode("") == [1])
    #expect(try Tokenizer(vocabulary).encode("", addSpecial: false) == [])
    vocabulary.addsSpacePrefix = false
    vocabulary.addsBOS = false
    vocabulary.addsEOS = true
    #expect(try Tokenizer(vocabulary).encode("x</s>x") == [x, 2, x, 2])
    #expect(try Tokenizer(vocabulary).encode("x", addSpecial: false) == [x])
  }

  /// Cutting the text before spaces must not change anything: with one piece that spans words, which
  /// no text makes, it is not done.
  @Test func wordByWordIsTheSame() throws {
    var spanning = try Fixtures.vocabulary("spm")
    spanning.tokens.append("\u{1}▁\u{2}".utf8)
    spanning.scores?.append(-3000)
    spanning.kinds?.append(1)
    let whole = try Tokenizer(spanning)
    let byWord = try Tokenizer(Fixtures.vocabulary("spm"))
    for text in try Fixtures.json("texts.json", as: [String].self) {
      #expect(whole.encode(text) == byWord.encode(text))
    }
  }
}
