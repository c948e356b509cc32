import TestSupport
import Testing

@testable import Tokenization

@Suite struct BytePairEncoderTests {
  @Test func earliestMergeFirst() throws {
    let tokenizer = try Tokenizer(
      Fixtures.bytePairVocabulary(merges: ["b c", "a b", "ab c", "d d"]))
    #expect(tokenizer.pieces(of: "abc") == ["a", "bc"])  // not "ab" "c", nor "abc"
    #expect(tokenizer.pieces(of: "ab") == ["ab"])
    #expect(tokenizer.pieces(of: "ddd") == ["dd", "d"])  // of equals, the leftmost
    #expect(tokenizer.pieces(of: "ddddd") == ["dd", "dd", "d"])
  }

  @Test func wholeWordsWhereMergesAreIgnored() throws {
    var vocabulary = Fixtures.bytePairVocabulary(merges: ["b c"], preTokenizer: "llama-bpe")
    vocabulary.tokens.append("Ġabc".utf8)
    vocabulary.addsBOS = false
    #expect(
      try Tokenizer(vocabulary).pieces(of: "x abc abcd") == ["x", " abc", " ", "a", "bc", "d"])
    vocabulary.preTokenizer = "dbrx"
    #expect(try Tokenizer(vocabulary).pieces(of: "x abc") == ["x", " ", "a", "bc"])
  }

  @Test func bytesWithoutPieceVanish() throws {
    var vocabulary = Fixtures.bytePairVocabulary(merges: [])
    vocabulary.tokens = ByteStrings(["a", "b", "c"])
    vocabulary.merges = ByteStrings([String]())
    #expect(try Tokenizer(vocabulary).encode("abxc é") == [0, 1, 2])
  }

  @Test func canonicallyEquivalentTextsDiffer() throws {
    let tokenizer = try Tokenizer(Fixtures.vocabulary("bpe"))
    let (composed, decomposed) = ("\u{e9}", "e\u{301}")
    #expect(composed == decomposed)  // to Swift
    #expect(tokenizer.encode(composed) != tokenizer.encode(decomposed))
    #expect(Array(tokenizer.decode(tokenizer.encode(composed)).utf8) == Array(composed.utf8))
    #expect(Array(tokenizer.decode(tokenizer.encode(decomposed)).utf8) == Array(decomposed.utf8))
  }

  @Test func byteAlphabet() {
    #expect(ByteAlphabet.characters.count == 256)
    #expect(Set(ByteAlphabet.characters).count == 256)
    for (byte, character) in ByteAlphabet.characters.enumerated() {
      let scalar = String(decoding: character, as: UTF8.self).unicodeScalars.first
      #expect(scalar.flatMap(ByteAlphabet.byte) == UInt8(byte))
    }
    #expect(ByteAlphabet.characters[0x20] == Array("Ġ".utf8))
    #expect(ByteAlphabet.characters[0x0a] == Array("Ċ".utf8))
    #expect(ByteAlphabet.byte(of: "▁") == nil)
    #expect(ByteAlphabet.byte(of: " ") == nil)
  }

  /// The heap against the definition: look at all pairs, merge the best, start again.
  @Test func randomMergesAgainstTheDefinition() throws {
    var random = SeededGenerator(seed: 7)
    for _ in 0..<60 {
      let letters = ["a", "b", "c", "d"]
      var pieces = letters
      var merges: [String] = []
      for _ in 0..<Int.random(in: 0...24, using: &random) {
        guard let left = pieces.randomElement(using: &random),
          let right = pieces.randomElement(using: &random), !pieces.contains(left + right)
        else { continue }
        pieces.append(left + right)
        merges.append("\(left) \(right)")
      }
      let tokenizer = try Tokenizer(Fixtures.bytePairVocabulary(merges: merges))
      for _ in 0..<20 {
        let word = (0..<Int.random(in: 0...40, using: &random)).map { _ in
          letters.randomElement(using: &random) ?? ""
        }
        #expect(tokenizer.pieces(of: word.joined()) == merged(word, by: merges), "\(merges)")
      }
    }
  }

  private func merged(_ word: [String], by merges: [String]) -> [String] {
    var word = word
    for _ in 0..<word.count {
      let candidates = word.indices.dropLast().compactMap { index in
        merges.firstIndex(of: "\(word[index]) \(word[index + 1])").map { (rank: $0, index) }
      }
      guard let best = candidates.min(by: <) else { break }
      word.replaceSubrange(best.1...best.1 + 1, with: [word[best.1] + word[best.1 + 1]])
    }
    return word
  }

  /// Long words take no longer by the byte: this would not end if they did.
  @Test(arguments: ["bpe", "spm", "spm-phrases"]) func longWords(name: String) throws {
    let tokenizer = try Tokenizer(Fixtures.vocabulary(name))
    var random = SeededGenerator(seed: 11)
    let letters = Array("etaoinshrdlu".unicodeScalars)
    var word = ""
    for _ in 0..<300_000 {
      word.unicodeScalars.append(letters.randomElement(using: &random) ?? "e")
    }
    for text in [word, String(repeating: "the", count: 100_000)] {
      let ids = tokenizer.encode(text, addSpecial: name != "bpe")
      #expect(ids.count < text.utf8.count)
      #expect(tokenizer.decode(ids) == text)
    }
  }
}
