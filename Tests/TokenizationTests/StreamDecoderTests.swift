import TestSupport
import Testing

@testable import Tokenization

@Suite struct StreamDecoderTests {
  @Test(arguments: ["é", "中", "👍🏽", "👨‍👩‍👧‍👦", "नमस्ते", "e\u{301}", "\u{10ffff}"])
  func charactersWaitUntilTheyAreWhole(text: String) throws {
    let tokenizer = try Tokenizer(Fixtures.bytePairVocabulary(merges: []))
    var decoder = tokenizer.makeStreamDecoder()
    var parts: [String] = []
    for byte in text.utf8 { parts.append(decoder.append(Int(byte))) }  // an id is a byte here
    #expect(parts.filter { !$0.isEmpty }.count == text.unicodeScalars.count)
    #expect(parts.joined() == text)
    #expect(!parts.joined().contains("\u{fffd}"))
    #expect(decoder.finish() == "")
  }

  @Test func brokenCharactersAreReplaced() throws {
    let tokenizer = try Tokenizer(Fixtures.bytePairVocabulary(merges: []))
    var decoder = tokenizer.makeStreamDecoder()
    #expect(decoder.append(0xe4) == "")
    #expect(decoder.append(0xb8) == "")
    #expect(decoder.append(0x41) == "\u{fffd}A")
    #expect(decoder.append(0xff) == "\u{fffd}")
    #expect(decoder.append(0xf0) == "")
    #expect(decoder.finish() == "\u{fffd}")
    #expect(decoder.finish() == "")
  }

  /// Whatever the bytes, the parts together are the text that all bytes give at once.
  @Test func partsTogetherAreTheText() throws {
    let tokenizer = try Tokenizer(Fixtures.bytePairVocabulary(merges: []))
    let bytes: [UInt8] = [
      0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xdf, 0xe0, 0xe4, 0xed,
      0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff,
    ]
    var random = SeededGenerator(seed: 3)
    for _ in 0..<20_000 {
      let text = (0..<Int.random(in: 1...8, using: &random)).map { _ in
        bytes.randomElement(using: &random) ?? 0
      }
      var decoder = tokenizer.makeStreamDecoder()
      var parts: [String] = []
      for byte in text { parts.append(decoder.append(Int(byte))) }
      parts.append(decoder.finish())
      #expect(parts.joined() == String(decoding: text, as: UTF8.self), "\(text)")
      #expect(tokenizer.decode(text.map(Int.init)) == parts.joined())
    }
  }
}
