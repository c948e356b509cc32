import Foundation
import ModelFiles
import Testing

@testable import Tokenization

/// The files that scripts/fixtures/tokenization/make.py wrote.
enum Fixtures {
  static func url(_ name: String) -> URL {
    Bundle.module.bundleURL.appending(path: "Fixtures/\(name)")
  }

  static func json<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws
    -> Value
  {
    try JSONDecoder().decode(type, from: Data(contentsOf: url(name)))
  }

  /// One of the vocabularies, `bpe`, `spm` or `spm-phrases`.
  static func vocabulary(_ name: String) throws -> Vocabulary {
    try Vocabulary(ModelFile(path: url("\(name).gguf").path).metadata)
  }

  /// A byte-level BPE vocabulary of the 256 bytes and what these merges make.
  static func bytePairVocabulary(merges: [String], preTokenizer: String = "gpt-2") -> Vocabulary {
    let made = merges.map { $0.replacing(" ", with: "") }
    let alphabet = ByteAlphabet.characters.map { String(decoding: $0, as: UTF8.self) }
    return Vocabulary(
      model: "gpt2", preTokenizer: preTokenizer, tokens: ByteStrings(alphabet + made),
      merges: ByteStrings(merges))
  }

  /// A SentencePiece vocabulary of `<unk>`, `<s>`, `</s>`, the 256 bytes, and these pieces.
  static func sentencePieceVocabulary(_ pieces: KeyValuePairs<String, Float>) -> Vocabulary {
    let bytes = (0...255).map { SentencePieceEncoder.bytePiece($0) }
    return Vocabulary(
      model: "llama", tokens: ByteStrings(["<unk>", "<s>", "</s>"] + bytes + pieces.map(\.key)),
      scores: Array(repeating: 0, count: 259) + pieces.map(\.value),
      kinds: [2, 3, 3] + Array(repeating: 6, count: 256)
        + Array(repeating: 1, count: pieces.count))
  }
}

/// A vocabulary and what is changed in it.
struct Variant: Decodable, CustomTestStringConvertible {
  let variant: String
  let vocabulary: String
  var pre: String?
  var name: String?
  var addsBOS: Bool?
  var addsEOS: Bool?
  var addsSpacePrefix: Bool?

  private enum CodingKeys: String, CodingKey {
    case variant, vocabulary, pre, name
    case addsBOS = "add_bos"
    case addsEOS = "add_eos"
    case addsSpacePrefix = "add_space_prefix"
  }

  var testDescription: String { variant }

  static let all: [Variant] = (try? Fixtures.json("variants.json")) ?? []

  func tokenizer() throws -> Tokenizer {
    var vocabulary = try Fixtures.vocabulary(vocabulary)
    vocabulary.preTokenizer = pre ?? vocabulary.preTokenizer
    vocabulary.modelName = name ?? vocabulary.modelName
    vocabulary.addsBOS = addsBOS
    vocabulary.addsEOS = addsEOS
    vocabulary.addsSpacePrefix = addsSpacePrefix
    return try Tokenizer(vocabulary)
  }
}

extension Tokenizer {
  /// The pieces of a text, special tokens neither added nor parsed, as text.
  func pieces(of text: String) -> [String] {
    encode(text, addSpecial: false, parseSpecial: false).map {
      String(decoding: piece($0), as: UTF8.self)
    }
  }
}
