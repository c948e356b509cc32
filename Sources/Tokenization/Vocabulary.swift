/// A tokenizer as a model file describes it: read, and not yet checked.
struct Vocabulary: Sendable {
  /// The file, for errors.
  var path = ""
  /// `gpt2` or `llama`.
  var model: String
  /// Which ``PreTokenizer`` a `gpt2` model wants.
  var preTokenizer: String?
  /// The pieces' bytes; the index is the id. In a `gpt2` model they are in ``ByteAlphabet``.
  var tokens: ByteStrings
  /// For SentencePiece: the higher, the earlier a piece is made.
  var scores: [Float]?
  /// ``TokenKind`` codes.
  var kinds: [Int]?
  /// For BPE: "left right", the first one merged first.
  var merges: ByteStrings?
  /// Ids of special tokens, where the file gives them.
  var ids: [SpecialID: Int] = [:]
  /// Whether the begin-of-sequence token goes before a text, where the file says.
  var addsBOS: Bool?
  /// Whether the end-of-sequence token goes after a text, where the file says.
  var addsEOS: Bool?
  /// For SentencePiece: whether a space goes before a text, where the file says.
  var addsSpacePrefix: Bool?
  /// `general.name`: some models' special tokens swallow the space around them.
  var modelName = ""
  /// `general.architecture`, for the same reason.
  var architecture = ""
}

/// What a token is; raw values are the codes of `tokenizer.ggml.token_type`.
enum TokenKind: Int, Sendable {
  case undefined = 0
  case normal, unknown, control, userDefined, unused, byte
}

/// Special tokens that a file can name by id.
enum SpecialID: CaseIterable, Sendable {
  case bos, eos, endOfTurn, endOfMessage, unknown
  case fimPrefix, fimSuffix, fimMiddle, fimPadding, fimRepository, fimSeparator

  /// The keys that give it, the last one winning: those of fill-in-the-middle have old names too.
  var keys: [String] {
    let names: [String]
    switch self {
    case .bos: names = ["bos"]
    case .eos: names = ["eos"]
    case .endOfTurn: names = ["eot"]
    case .endOfMessage: names = ["eom"]
    case .unknown: names = ["unknown"]
    case .fimPrefix: names = ["fim_pre", "prefix"]
    case .fimSuffix: names = ["fim_suf", "suffix"]
    case .fimMiddle: names = ["fim_mid", "middle"]
    case .fimPadding: names = ["fim_pad"]
    case .fimRepository: names = ["fim_rep"]
    case .fimSeparator: names = ["fim_sep"]
    }
    return names.map { "tokenizer.ggml.\($0)_token_id" }
  }
}
