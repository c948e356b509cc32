import Foundation
import ModelFiles
import Testing

@testable import Tokenization

/// The ids are llama.cpp's: its answers, recorded, are the expectation.
@Suite struct LlamaCppTests {
  @Test(arguments: Variant.all) func idsOfTexts(variant: Variant) throws {
    try expectIDs(of: variant.tokenizer(), equal: "ids-\(variant.variant).json")
  }

  @Test func everyVariantIsTested() throws {
    let variants = Set(Variant.all.map(\.variant))
    for name in ["default", "gpt-2", "smollm", "qwen2", "llama-bpe"] {
      #expect(variants.contains("bpe-\(name)"))
    }
    #expect(variants.contains("spm"))
    #expect(try Fixtures.json("texts.json", as: [String].self).count >= 200)
  }

  /// On a machine without the model there is nothing to compare; CI must have it.
  @Test(
    .enabled(
      if: ProcessInfo.processInfo.environment["CI"] == "true"
        || FileManager.default.fileExists(atPath: SmolLM2.path),
      "scripts/fetch-smollm2 fetches the model"))
  func idsOfTextsWithSmolLM2() throws {
    try #require(
      FileManager.default.fileExists(atPath: SmolLM2.path),
      "\(SmolLM2.path) is missing: scripts/fetch-smollm2 fetches it")
    let tokenizer = try Tokenizer(metadata: ModelFile(path: SmolLM2.path).metadata)
    try expectIDs(of: tokenizer, equal: "ids-smollm2.json")
    #expect(tokenizer.vocabularyCount == 49152)
    #expect(tokenizer.bosID == 1)
    #expect(tokenizer.eosID == 2)
    #expect(tokenizer.isEndOfGeneration(2))
    #expect(!tokenizer.isEndOfGeneration(1))
  }

  /// Every scalar of the planes in use, between letters, digits and spaces: whatever version of
  /// Unicode the Swift runtime has.
  @Test func idsOfEveryScalar() throws {
    struct Expectation: Decodable {
      let pre: String
      let hashes: [String]
    }
    let firsts =
      Array(stride(from: 0, to: 0x40000, by: 4096) as StrideTo<UInt32>)
      + Array(stride(from: 0xE0000, to: 0xF0000, by: 4096) as StrideTo<UInt32>)
    for expectation in try Fixtures.json("scalars.json", as: [Expectation].self) {
      var vocabulary = try Fixtures.vocabulary("bpe")
      vocabulary.preTokenizer = expectation.pre
      let tokenizer = try Tokenizer(vocabulary)
      #expect(expectation.hashes.count == firsts.count)
      for (first, expected) in zip(firsts, expectation.hashes) {
        let hash = hashOfIDs(of: first..<first + 4096, with: tokenizer)
        #expect(
          hash == UInt64(expected, radix: 16),
          "\(expectation.pre): scalars from U+\(String(first, radix: 16))")
      }
    }
  }

  @Test(arguments: ["bpe", "spm"]) func piecesAndEnds(name: String) throws {
    let tokenizer = try Tokenizer(Fixtures.vocabulary(name))
    let expected = try Fixtures.json("pieces-\(name).json", as: [[String]].self)
    #expect(expected.count == tokenizer.vocabularyCount)
    for (id, row) in expected.enumerated() {
      let piece = tokenizer.piece(id)
      #expect(tokenizer.isEndOfGeneration(id) == (row[1] == "1"), "token \(id)")
      // Where a piece has characters outside the byte alphabet, llama.cpp writes [UNK_BYTE_0x…].
      if String(decoding: piece, as: UTF8.self) == "plain▁text" { continue }
      #expect(piece.map { hex($0) }.joined() == row[0], "token \(id)")
    }
  }

  private func expectIDs(of tokenizer: Tokenizer, equal fixture: String) throws {
    let texts = try Fixtures.json("texts.json", as: [String].self)
    let expected = try Fixtures.json(fixture, as: [[Int]].self)
    #expect(texts.count == expected.count)
    for (index, (text, ids)) in zip(texts, expected).enumerated() {
      let found = tokenizer.encode(
        text, addSpecial: index % 2 == 0, parseSpecial: index % 5 != 4)
      #expect(found == ids, "text \(index): \(text.debugDescription)")
    }
  }

  /// FNV-1a over the ids of texts of 256 scalars each.
  private func hashOfIDs(of scalars: Range<UInt32>, with tokenizer: Tokenizer) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for first in stride(from: scalars.lowerBound, to: scalars.upperBound, by: 256) {
      var text = ""
      for scalar in (first..<first + 256).compactMap(Unicode.Scalar.init) {
        text += "a\(scalar)1\(scalar) \(scalar)"
      }
      for id in tokenizer.encode(text, addSpecial: false, parseSpecial: false) {
        hash = (hash ^ UInt64(id)) &* 0x100_0000_01b3
      }
    }
    return hash
  }

  private func hex(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }
}

/// The real model, where scripts/fetch-smollm2 puts it.
enum SmolLM2 {
  static var path: String {
    let environment = ProcessInfo.processInfo.environment
    let folder =
      environment["NIBBLE_MODELS"] ?? (environment["HOME"] ?? "") + "/.cache/nibble/models"
    return folder + "/SmolLM2-135M-Instruct.Q4_1.gguf"
  }
}
