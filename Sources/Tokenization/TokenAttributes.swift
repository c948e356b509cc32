/// What a token is and how it is matched in a text.
struct TokenAttributes: OptionSet, Sendable {
  let rawValue: UInt8

  static let normal = TokenAttributes(rawValue: 1 << 0)
  static let unknown = TokenAttributes(rawValue: 1 << 1)
  static let control = TokenAttributes(rawValue: 1 << 2)
  static let userDefined = TokenAttributes(rawValue: 1 << 3)
  static let byte = TokenAttributes(rawValue: 1 << 4)
  /// Swallows the whitespace before it.
  static let stripsLeft = TokenAttributes(rawValue: 1 << 5)
  /// Swallows the whitespace after it.
  static let stripsRight = TokenAttributes(rawValue: 1 << 6)

  /// Looked for in texts before anything else.
  static let special: TokenAttributes = [.unknown, .control, .userDefined]
  /// No text of their own: left out when ids become text.
  static let hidden: TokenAttributes = [.unknown, .control]

  init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Unused tokens, and those of kinds unknown to nibble, have none.
  init(kind code: Int) {
    switch TokenKind(rawValue: code) {
    case .normal: self = .normal
    case .unknown: self = .unknown
    case .control: self = .control
    case .userDefined: self = .userDefined
    case .byte: self = .byte
    case .unused, .undefined, nil: self = []
    }
  }
}

/// The tokens' attributes and the tokens that end a generation. Files say this badly, so names count
/// too: the names and the rules are llama.cpp's (`llama_vocab::impl::load`).
struct TokenRoles: Sendable {
  private(set) var attributes: [TokenAttributes]
  private(set) var endOfGeneration: Set<Int> = []

  private let pieces: PieceTable

  /// - Parameter eosID: the end-of-sequence token, given or by default.
  init(_ vocabulary: Vocabulary, pieces: PieceTable, eosID: Int?) {
    self.pieces = pieces
    attributes =
      vocabulary.kinds.map { $0.prefix(vocabulary.tokens.count).map(TokenAttributes.init(kind:)) }
      ?? Array(repeating: .normal, count: vocabulary.tokens.count)

    var ids = vocabulary.ids
    for (special, names) in Self.names where ids[special] == nil {
      guard let id = names.compactMap({ pieces.id(of: $0) }).min() else { continue }
      ids[special] = id
      attributes[id].insert(.control)
    }
    for name in Self.endNames {
      guard let id = pieces.id(of: name) else { continue }
      endOfGeneration.insert(id)
      attributes[id].insert(.control)
    }
    for special: SpecialID in [
      .fimPadding, .fimRepository, .fimSeparator, .endOfTurn, .endOfMessage,
    ] {
      if let id = ids[special] { endOfGeneration.insert(id) }
    }
    if let eosID { endOfGeneration.insert(eosID) }
    correctKnownVocabularies()
    addStripping(vocabulary)
  }

  /// Exceptions, each by the presence of tokens that only those vocabularies have.
  private mutating func correctKnownVocabularies() {
    // gpt-oss (harmony): the frame of its messages is text.
    for name in ["<|channel|>", "<|message|>", "<|start|>", "<|constrain|>"] {
      if let id = pieces.id(of: name) { attributes[id] = .userDefined }
    }
    // harmony and Solar: <|end|> ends a message, not the turn.
    func ends(_ name: String) -> Bool {
      pieces.id(of: name).map(endOfGeneration.contains) ?? false
    }
    let calls = ends("<|call|>") || ends("<|calls|>")
    if let end = pieces.id(of: "<|end|>"), calls, ends("<|return|>") || ends("<|flush|>") {
      endOfGeneration.remove(end)
      attributes[end] = .userDefined
    }
    // Gemma 4 and PLaMo have a </s> that is plain text.
    if let id = pieces.id(of: "</s>"), ends("<|tool_response>") || ends("<|plamo:eos|>"),
      endOfGeneration.contains(id)
    {
      endOfGeneration.remove(id)
      attributes[id] = .normal
    }
  }

  private mutating func addStripping(_ vocabulary: Vocabulary) {
    let (name, pre) = (vocabulary.modelName.lowercased(), vocabulary.preTokenizer ?? "")
    let isJina = ["jina-v2-de", "jina-v2-es", "jina-v2-code"].contains { pre.contains($0) }
    let isBERT = ["nomic-bert-moe", "jina-bert-v3"].contains {
      vocabulary.architecture.contains($0)
    }
    if isJina || isBERT {
      if let id = pieces.id(of: "<mask>") { attributes[id].insert(.stripsLeft) }
    } else if name.contains("phi-3") || name.contains("phi3") {
      for id in attributes.indices where !attributes[id].isDisjoint(with: .special) {
        attributes[id].insert(.stripsRight)
      }
      if let id = pieces.id(of: "</s>") { attributes[id].insert(.stripsRight) }
      for name in ["<unk>", "<s>", "<|endoftext|>"] {
        if let id = pieces.id(of: name) { attributes[id].remove(.stripsRight) }
      }
    } else if name.contains("modern-bert") {
      if let id = pieces.id(of: "[MASK]") { attributes[id].insert(.stripsLeft) }
    }
  }
}

extension TokenRoles {
  /// Names by which a special token is known where the file gives no id. Of several that a
  /// vocabulary has, the lowest id counts.
  private static let names: [(SpecialID, [String])] = [
    (
      .endOfTurn,
      [
        "<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>",
        "<|end_of_text|>", "<EOT>", "_<EOT>", "[EOT]", "<｜end▁of▁sentence｜>",
        "<end_of_utterance>",
      ]
    ),
    (.endOfMessage, ["<|eom_id|>"]),
    (
      .fimPrefix,
      [
        "<|fim_prefix|>", "<fim-prefix>", "<fim_prefix>", "<｜fim▁begin｜>", "<PRE>", "▁<PRE>",
        "<|code_prefix|>", "<|prefix|>",
      ]
    ),
    (
      .fimSuffix,
      [
        "<|fim_suffix|>", "<fim-suffix>", "<fim_suffix>", "<｜fim▁hole｜>", "<SUF>", "▁<SUF>",
        "<|code_suffix|>", "<|suffix|>",
      ]
    ),
    (
      .fimMiddle,
      [
        "<|fim_middle|>", "<fim-middle>", "<fim_middle>", "<｜fim▁end｜>", "<MID>", "▁<MID>",
        "<|code_middle|>", "<|middle|>",
      ]
    ),
    (.fimPadding, ["<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]"]),
    (
      .fimRepository,
      ["<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>"]
    ),
    (.fimSeparator, ["<|file_sep|>"]),
  ]

  /// Tokens that end a generation wherever they are.
  private static let endNames = [
    "<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|flush|>", "<|calls|>",
    "<end_of_turn>", "<|endoftext|>", "</s>", "<|eom_id|>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]",
    "<|end_of_text|>", "<end_of_utterance>", "<eos>", "<turn|>", "<|tool_response>",
    "<｜end▁of▁sentence｜>", "[e~[",
  ]
}
