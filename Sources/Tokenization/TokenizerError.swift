import ModelFiles

/// What can be wrong with the tokenizer that a model file describes. Each case carries the file and
/// the place in it; its `description` is one sentence for a person.
public enum TokenizerError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A key is missing or of another type.
  case metadata(GGUFError)
  /// `tokenizer.ggml.model` names a kind of tokenizer that nibble has not.
  case unsupportedModel(path: String, found: String)
  /// `tokenizer.ggml.pre` names a pre-tokenizer that nibble has not.
  case unsupportedPreTokenizer(path: String, found: String)
  /// An array has another length than the list of tokens, or the list of tokens is empty.
  case wrongCount(path: String, key: String, expected: String, found: Int)
  /// Two tokens are the same bytes.
  case duplicateToken(path: String, piece: String, first: Int, second: Int)
  /// A merge is not two pieces with a space between them.
  case malformedMerge(path: String, index: Int, merge: String)
  /// A merge takes or makes a piece that is no token.
  case unknownPiece(path: String, index: Int, merge: String, piece: String)
  /// A score is not a number.
  case invalidScore(path: String, id: Int)
  /// A byte token is not written `<0x0A>`.
  case invalidByteToken(path: String, id: Int, piece: String)
  /// A special token's id is none of the vocabulary's.
  case idOutOfRange(path: String, key: String, id: Int, count: Int)
  /// A token is to be added to every text, and the file does not say which.
  case missingID(path: String, key: String, neededBy: String)

  public var description: String {
    switch self {
    case .metadata(let error):
      error.description
    case .unsupportedModel(let path, let found):
      "\(path): has a tokenizer of kind '\(found)' (tokenizer.ggml.model), and nibble has gpt2 "
        + "(byte-level BPE) and llama (SentencePiece)."
    case .unsupportedPreTokenizer(let path, let found):
      "\(path): wants the pre-tokenizer '\(found)' (tokenizer.ggml.pre), which nibble has not; "
        + "it has \(PreTokenizer.wellKnownNames.joined(separator: ", ")) and others that cut as "
        + "they do."
    case .wrongCount(let path, let key, let expected, let found):
      "\(path): metadata key \(key) should have \(expected), not \(found)."
    case .duplicateToken(let path, let piece, let first, let second):
      "\(path): tokens \(first) and \(second) are both '\(piece)', and each should be there once."
    case .malformedMerge(let path, let index, let merge):
      "\(path): merge \(index) in tokenizer.ggml.merges should be two pieces with a space between "
        + "them, not '\(merge)'."
    case .unknownPiece(let path, let index, let merge, let piece):
      "\(path): merge \(index) in tokenizer.ggml.merges, '\(merge)', needs the piece '\(piece)', "
        + "which is no token of this file."
    case .invalidScore(let path, let id):
      "\(path): the score of token \(id) in tokenizer.ggml.scores is not a number."
    case .invalidByteToken(let path, let id, let piece):
      "\(path): token \(id) is marked as a byte, so it should look like <0x0A>, not '\(piece)'."
    case .idOutOfRange(let path, let key, let id, let count):
      "\(path): metadata key \(key) is \(id), and the file's tokens go from 0 to \(count - 1)."
    case .missingID(let path, let key, let neededBy):
      "\(path): has no metadata key \(key), which \(neededBy) needs."
    }
  }
}
