import Testing

@testable import Tokenization

/// Which tokens end a generation, and which are special by their name. Beside these rules, the
/// fixtures `pieces-….json` have llama.cpp's answer for whole vocabularies.
@Suite struct TokenRolesTests {
  @Test func namesMakeEndsAndControl() throws {
    let roles = try roles(["a", "<|im_end|>", "<|eot_id|>", "</s>", "<think>", "<|file_sep|>"])
    #expect(roles.endOfGeneration == [1, 2, 3, 5])
    #expect(roles.attributes[1] == [.normal, .control])
    #expect(roles.attributes[4] == .normal)
  }

  @Test func idsOfTheFileGoBeforeNames() throws {
    let roles = try roles(
      ["a", "b", "<reponame>", "<PAD>"], ids: [.endOfTurn: 0, .fimRepository: 1], eosID: 1)
    #expect(roles.endOfGeneration == [0, 1, 3])
    #expect(roles.attributes[2] == .normal)
    #expect(roles.attributes[3] == [.normal, .control])
  }

  @Test func harmonyEndsAtReturnAndNotAtEnd() throws {
    let roles = try roles(["<|end|>", "<|return|>", "<|call|>", "<|channel|>"])
    #expect(roles.endOfGeneration == [1, 2])
    #expect(roles.attributes[0] == .userDefined)
    #expect(roles.attributes[3] == .userDefined)
    #expect(try self.roles(["<|end|>", "<|return|>"]).endOfGeneration == [0, 1])
  }

  @Test func gemma4HasAPlainS() throws {
    let roles = try roles(["</s>", "<|tool_response>"])
    #expect(roles.endOfGeneration == [1])
    #expect(roles.attributes[0] == .normal)
  }

  @Test func kinds() {
    #expect(
      (0...7).map(TokenAttributes.init(kind:))
        == [[], .normal, .unknown, .control, .userDefined, [], .byte, []])
    #expect(TokenAttributes(kind: -1) == [])
  }

  private func roles(_ names: [String], ids: [SpecialID: Int] = [:], eosID: Int? = nil) throws
    -> TokenRoles
  {
    let vocabulary = Vocabulary(model: "gpt2", tokens: ByteStrings(names), ids: ids)
    return TokenRoles(vocabulary, pieces: try PieceTable(vocabulary.tokens), eosID: eosID)
  }
}
