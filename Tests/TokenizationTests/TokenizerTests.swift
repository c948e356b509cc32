import ModelFiles
import Testing

@testable import Tokenization

@Suite struct TokenizerTests {
  @Test func readsAFile() throws {
    let file = try ModelFile(path: Fixtures.url("bpe.gguf").path)
    let tokenizer = try Tokenizer(metadata: file.metadata)
    #expect(tokenizer.vocabularyCount == file.metadata["tokenizer.ggml.tokens"]?.arrayValue?.count)
    #expect(tokenizer.bosID == tokenizer.encode("<|endoftext|>").first)
  }

  @Test func defaultsWhereTheFileIsSilent() throws {
    let bytePair = try Tokenizer(Fixtures.bytePairVocabulary(merges: []))
    #expect((bytePair.bosID, bytePair.eosID) == (11, 11))
    #expect((bytePair.addsBOS, bytePair.addsEOS) == (false, false))
    #expect(bytePair.isEndOfGeneration(11))
    let llama3 = try Tokenizer(
      Fixtures.bytePairVocabulary(merges: [], preTokenizer: "llama-bpe"))
    #expect(llama3.addsBOS)
    let sentencePiece = try Tokenizer(Fixtures.sentencePieceVocabulary([:]))
    #expect((sentencePiece.bosID, sentencePiece.eosID) == (1, 2))
    #expect((sentencePiece.addsBOS, sentencePiece.addsEOS) == (true, false))
    #expect(sentencePiece.isEndOfGeneration(2))
    // llama.cpp's defaults beyond the vocabulary are none.
    var tiny = Fixtures.bytePairVocabulary(merges: [])
    tiny.tokens = ByteStrings(["a", "b"])
    #expect(try Tokenizer(tiny).bosID == nil)
    #expect(try Tokenizer(tiny).eosID == nil)
  }

  @Test func piecesOfSpecialTokens() throws {
    let tokenizer = try Tokenizer(Fixtures.vocabulary("spm"))
    let user = try #require(tokenizer.encode("<|user|>").last)
    #expect(tokenizer.piece(1) == Array("<s>".utf8))
    #expect(tokenizer.piece(1, special: false) == [])
    #expect(tokenizer.piece(0, special: false) == [])
    #expect(tokenizer.piece(user, special: false) == Array("<|user|>".utf8))
    #expect(tokenizer.piece(3 + 0xe2) == [0xe2])
    #expect(tokenizer.piece(-1) == [])
    #expect(tokenizer.piece(tokenizer.vocabularyCount) == [])
    #expect(tokenizer.piece(.max) == [])
    #expect(!tokenizer.isEndOfGeneration(.max))
  }

  @Test func charactersOutsideTheByteAlphabetStandForThemselves() throws {
    var vocabulary = Fixtures.bytePairVocabulary(merges: [])
    vocabulary.tokens.append("a▁Ġ".utf8)
    #expect(try Tokenizer(vocabulary).piece(256) == Array("a▁ ".utf8))
  }

  /// Text comes back as it went in: but for special tokens and bytes without piece.
  @Test(arguments: Variant.all) func decodingUndoesEncoding(variant: Variant) throws {
    let tokenizer = try variant.tokenizer()
    for text in try Fixtures.json("texts.json", as: [String].self) {
      let isBytePair = variant.vocabulary == "bpe"
      let vanishing = text.utf8.contains { isBytePair && ($0 == 0x01 || $0 == 0xf3) }
      let isSpecial = ["▁", "<", "[INST]"].contains { text.contains($0) }
      if vanishing || isSpecial { continue }
      let ids = tokenizer.encode(text, parseSpecial: false)
      let decoded = tokenizer.decode(ids)
      #expect(Array(decoded.utf8) == Array(text.utf8), "\(text.debugDescription)")
    }
  }

  @Test func decodingLeavesControlTokensAndTheSpaceBeforeTheTextOut() throws {
    let tokenizer = try Tokenizer(Fixtures.vocabulary("spm"))
    let ids = tokenizer.encode("the gate")
    #expect(ids.first == 1)
    #expect(tokenizer.decode(ids) == "the gate")
    // A continuation keeps its space.
    #expect(tokenizer.decode(Array(ids.dropFirst())) == " the gate")
    #expect(tokenizer.decode(tokenizer.encode("<|end|>x</s>")) == " x")
    #expect(tokenizer.decode([]) == "")
    #expect(tokenizer.decode([1]) == "")
  }
}
