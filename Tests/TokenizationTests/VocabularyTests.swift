import Foundation
import ModelFiles
import TestSupport
import Testing

@testable import Tokenization

/// What is wrong with a file is said in one sentence, and nothing crashes.
@Suite struct VocabularyTests {
  struct Fault: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let expected: TokenizerError
    let make: @Sendable (inout Vocabulary) -> Void
  }

  static let bytePairFaults = [
    Fault(
      testDescription: "another kind of tokenizer",
      expected: .unsupportedModel(path: "m.gguf", found: "bert")
    ) { $0.model = "bert" },
    Fault(
      testDescription: "another pre-tokenizer",
      expected: .unsupportedPreTokenizer(path: "m.gguf", found: "tekken")
    ) { $0.preTokenizer = "tekken" },
    Fault(
      testDescription: "no tokens",
      expected: .wrongCount(
        path: "m.gguf", key: "tokenizer.ggml.tokens", expected: "at least one element", found: 0)
    ) { $0.tokens = ByteStrings() },
    Fault(
      testDescription: "too few kinds",
      expected: .wrongCount(
        path: "m.gguf", key: "tokenizer.ggml.token_type",
        expected: "258 elements, one for each token", found: 257)
    ) { $0.kinds = Array(repeating: 1, count: 257) },
    Fault(
      testDescription: "a token twice",
      expected: .duplicateToken(path: "m.gguf", piece: "th", first: 256, second: 258)
    ) { $0.tokens.append("th".utf8) },
    Fault(
      testDescription: "no merges",
      expected: .metadata(.missingKey(path: "m.gguf", key: "tokenizer.ggml.merges"))
    ) { $0.merges = nil },
    Fault(
      testDescription: "a merge of one piece",
      expected: .malformedMerge(path: "m.gguf", index: 0, merge: "th")
    ) { $0.merges = ByteStrings(["th"]) },
    Fault(
      testDescription: "a merge with nothing on its right",
      expected: .malformedMerge(path: "m.gguf", index: 1, merge: "th ")
    ) { $0.merges = ByteStrings(["t h", "th "]) },
    Fault(
      testDescription: "a merge with nothing on its left",
      expected: .malformedMerge(path: "m.gguf", index: 0, merge: " th")
    ) { $0.merges = ByteStrings([" th"]) },
    Fault(
      testDescription: "an empty merge",
      expected: .malformedMerge(path: "m.gguf", index: 0, merge: "")
    ) { $0.merges = ByteStrings([""]) },
    Fault(
      testDescription: "a merge of a piece that is no token",
      expected: .unknownPiece(path: "m.gguf", index: 0, merge: "zz h", piece: "zz")
    ) { $0.merges = ByteStrings(["zz h"]) },
    Fault(
      testDescription: "a merge into a piece that is no token",
      expected: .unknownPiece(path: "m.gguf", index: 0, merge: "h t", piece: "ht")
    ) { $0.merges = ByteStrings(["h t"]) },
    Fault(
      testDescription: "a byte token without byte",
      expected: .invalidByteToken(path: "m.gguf", id: 257, piece: "the")
    ) { $0.kinds = Array(repeating: 1, count: 257) + [6] },
    Fault(
      testDescription: "no token to begin with",
      expected: .missingID(
        path: "m.gguf", key: "tokenizer.ggml.bos_token_id",
        neededBy: "tokenizer.ggml.add_bos_token")
    ) {
      $0.preTokenizer = "glm4"
      $0.addsBOS = true
    },
  ]

  @Test(arguments: bytePairFaults) func bytePairFault(fault: Fault) throws {
    var vocabulary = Fixtures.bytePairVocabulary(merges: ["t h", "th e"])
    try expectThrown(fault, by: &vocabulary)
  }

  static let sentencePieceFaults = [
    Fault(
      testDescription: "no scores",
      expected: .metadata(.missingKey(path: "m.gguf", key: "tokenizer.ggml.scores"))
    ) { $0.scores = nil },
    Fault(
      testDescription: "too few scores",
      expected: .wrongCount(
        path: "m.gguf", key: "tokenizer.ggml.scores",
        expected: "260 elements, one for each token", found: 2)
    ) { $0.scores = [0, 0] },
    Fault(
      testDescription: "a score that is no number",
      expected: .invalidScore(path: "m.gguf", id: 259)
    ) { $0.scores?[259] = .nan },
    Fault(
      testDescription: "a byte token that is no number",
      expected: .invalidByteToken(path: "m.gguf", id: 260, piece: "<0x0G>")
    ) {
      $0.tokens.append("<0x0G>".utf8)
      $0.scores?.append(0)
      $0.kinds?.append(6)
    },
  ]

  @Test(arguments: sentencePieceFaults) func sentencePieceFault(fault: Fault) throws {
    var vocabulary = Fixtures.sentencePieceVocabulary(["▁": -1])
    try expectThrown(fault, by: &vocabulary)
  }

  private func expectThrown(_ fault: Fault, by vocabulary: inout Vocabulary) throws {
    _ = try Tokenizer(vocabulary)
    vocabulary.path = "m.gguf"
    fault.make(&vocabulary)
    let faulty = vocabulary
    let error = #expect(throws: TokenizerError.self) { try Tokenizer(faulty) }
    #expect(error == fault.expected)
    let sentence = "\(error.map(String.init(describing:)) ?? "")"
    #expect(sentence.hasPrefix("m.gguf: ") && sentence.hasSuffix("."))
    #expect(!sentence.contains("\n"))
  }

  @Test func longerArraysThanTokensAreFine() throws {
    var vocabulary = Fixtures.sentencePieceVocabulary(["▁": -1])
    vocabulary.scores?.append(0)
    vocabulary.kinds?.append(3)
    #expect(try Tokenizer(vocabulary).encode(" ").count == 3)
  }

  @Test func namelessTokensGetNames() throws {
    var vocabulary = Fixtures.bytePairVocabulary(merges: [])
    vocabulary.tokens.append("".utf8)
    vocabulary.tokens.append("".utf8)
    #expect(try Tokenizer(vocabulary).piece(257) == Array("[EMPTY_257]".utf8))
  }

  /// Bytes of whole files, changed at random: the result is a tokenizer or an error, and the
  /// tokenizer works.
  @Test(arguments: ["bpe", "spm"]) func corruptedFiles(name: String) throws {
    let bytes = try Data(contentsOf: Fixtures.url("\(name).gguf"))
    let folder = try ScratchFolder()
    let url = folder.url.appending(path: "m.gguf")
    var random = SeededGenerator(seed: 5)
    var (read, refused) = (0, 0)
    for round in 0..<1500 {
      var corrupted = bytes
      for _ in 0..<(round % 5 + 1) {
        // Half of the changes hit the first bytes, where the keys are.
        let limit = Bool.random(using: &random) ? 600 : corrupted.count
        let index = corrupted.startIndex + Int.random(in: 0..<limit, using: &random)
        corrupted[index] = UInt8.random(in: 0...255, using: &random)
      }
      try corrupted.write(to: url)
      do {
        let tokenizer = try Tokenizer(metadata: ModelFile(path: url.path).metadata)
        let ids = tokenizer.encode("<s>The gate, the lamp 12 été 👍<|im_end|>\n")
        #expect(ids.allSatisfy { $0 >= 0 && $0 < tokenizer.vocabularyCount })
        _ = tokenizer.decode(ids)
        read += 1
      } catch let error as TokenizerError {
        #expect(!error.description.isEmpty)
        refused += 1
      } catch is GGUFError {
        refused += 1
      }
    }
    #expect(read > 30 && refused > 100, "\(read) read, \(refused) refused")
  }

  @Test func errorsOfTheFileAreErrorsOfTheTokenizer() throws {
    let path = Fixtures.url("spm.gguf").path
    let bytes = try Data(contentsOf: URL(filePath: path))
    let folder = try ScratchFolder()
    func changed(_ old: String, _ new: String) throws -> GGUFMetadata {
      var bytes = bytes
      let range = try #require(bytes.range(of: Data(old.utf8)))
      bytes.replaceSubrange(range, with: Data(new.utf8))
      let url = folder.url.appending(path: "\(old).gguf")
      try bytes.write(to: url)
      return try ModelFile(path: url.path).metadata
    }
    let nameless = try changed("tokenizer.ggml.model", "tokenizer.ggml.modem")
    #expect(
      throws: TokenizerError.metadata(
        .missingKey(path: nameless.path, key: "tokenizer.ggml.model"))
    ) { try Tokenizer(metadata: nameless) }
    // A list of floats in place of the list of names.
    let swapped = try changed("tokenizer.ggml.scores", "tokenizer.ggml.merges")
    let error = #expect(throws: TokenizerError.self) { try Tokenizer(metadata: swapped) }
    guard case .metadata(.wrongValue(_, "tokenizer.ggml.merges", "an array of strings", _)) = error
    else { return #expect(Bool(false), "\(String(describing: error))") }
  }

  @Test func idsBeyondTheVocabulary() throws {
    let path = Fixtures.url("spm.gguf").path
    var bytes = try Data(contentsOf: URL(filePath: path))
    let key = try #require(bytes.range(of: Data("tokenizer.ggml.eos_token_id".utf8)))
    bytes[key.upperBound + 4 + 3] = 1  // after the type, the highest byte of the id
    let folder = try ScratchFolder()
    let url = folder.url.appending(path: "eos.gguf")
    try bytes.write(to: url)
    let metadata = try ModelFile(path: url.path).metadata
    let count = try Fixtures.vocabulary("spm").tokens.count
    #expect(
      throws: TokenizerError.idOutOfRange(
        path: url.path, key: "tokenizer.ggml.eos_token_id", id: 2 + 1 << 24, count: count)
    ) { try Tokenizer(metadata: metadata) }
  }
}
