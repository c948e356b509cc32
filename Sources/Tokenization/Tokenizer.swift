import ModelFiles

/// Turns text into token ids and back, as the model file's own metadata describe it, with the same
/// ids as llama.cpp.
///
/// Byte-level BPE (`tokenizer.ggml.model` = `gpt2`) and SentencePiece (`llama`).
public final class Tokenizer: Sendable {
  private enum Encoder: Sendable {
    case bytePair(BytePairEncoder)
    case sentencePiece(SentencePieceEncoder, addsSpacePrefix: Bool)
  }

  /// The token that marks the beginning of a text; llama.cpp's default where the file names none.
  public let bosID: Int?
  /// The token that ends a text; llama.cpp's default where the file names none.
  public let eosID: Int?
  /// Whether `encode` puts ``bosID`` first.
  public let addsBOS: Bool
  /// Whether `encode` puts ``eosID`` last.
  public let addsEOS: Bool
  private let pieces: PieceTable
  private let roles: TokenRoles
  private let specialTokens: SpecialTokens
  private let encoder: Encoder

  /// Reads the tokenizer of a model file.
  ///
  /// - Throws: ``TokenizerError`` if nibble has no such tokenizer, or the file's description of it
  ///   contradicts itself.
  public convenience init(metadata: GGUFMetadata) throws(TokenizerError) {
    try self.init(Vocabulary(metadata))
  }

  init(_ vocabulary: Vocabulary) throws(TokenizerError) {
    pieces = try vocabulary.checkedPieces()
    let count = vocabulary.tokens.count
    func id(_ special: SpecialID, default fallback: Int?) -> Int? {
      vocabulary.ids[special] ?? fallback.flatMap { $0 < count ? $0 : nil }
    }
    switch vocabulary.model {
    case "gpt2":
      guard let preTokenizer = PreTokenizer(named: vocabulary.preTokenizer) else {
        throw .unsupportedPreTokenizer(
          path: vocabulary.path, found: vocabulary.preTokenizer ?? "")
      }
      encoder = .bytePair(
        try BytePairEncoder(vocabulary, pieces: pieces, preTokenizer: preTokenizer))
      bosID = id(.bos, default: preTokenizer.defaultBOS)
      eosID = id(.eos, default: 11)
      addsBOS = vocabulary.addsBOS ?? preTokenizer.addsBOS
    case "llama":
      encoder = .sentencePiece(
        try SentencePieceEncoder(vocabulary, pieces: pieces, unknownID: id(.unknown, default: 0)),
        addsSpacePrefix: vocabulary.addsSpacePrefix ?? true)
      bosID = id(.bos, default: 1)
      eosID = id(.eos, default: 2)
      addsBOS = vocabulary.addsBOS ?? true
    default:
      throw .unsupportedModel(path: vocabulary.path, found: vocabulary.model)
    }
    addsEOS = vocabulary.addsEOS ?? false
    if addsBOS && bosID == nil {
      throw .missingID(
        path: vocabulary.path, key: SpecialID.bos.keys[0], neededBy: "tokenizer.ggml.add_bos_token")
    }
    if addsEOS && eosID == nil {
      throw .missingID(
        path: vocabulary.path, key: SpecialID.eos.keys[0], neededBy: "tokenizer.ggml.add_eos_token")
    }
    roles = TokenRoles(vocabulary, pieces: pieces, eosID: eosID)
    specialTokens = SpecialTokens(pieces.pieces, attributes: roles.attributes)
  }

  /// The number of tokens; ids are below it.
  public var vocabularyCount: Int { pieces.pieces.count }

  /// Whether a model that generates this token has finished: end of sequence, of turn, of message.
  public func isEndOfGeneration(_ id: Int) -> Bool { roles.endOfGeneration.contains(id) }

  /// The ids of a text.
  ///
  /// - Parameters:
  ///   - text: below 700 MB.
  ///   - addSpecial: whether to add the begin and end tokens that the model wants.
  ///   - parseSpecial: whether control tokens written in the text (`<|im_start|>`) become those
  ///     tokens; if not they are plain text. User-defined tokens are found either way.
  public func encode(
    _ text: String, addSpecial: Bool = true, parseSpecial: Bool = true
  ) -> [Int] {
    var ids: [Int] = []
    if addSpecial && addsBOS, let bosID { ids.append(bosID) }
    var text = text
    text.withUTF8 { bytes in
      var followsSpecial = true
      for fragment in specialTokens.fragments(of: bytes, parseSpecial: parseSpecial) {
        switch fragment {
        case .token(let id):
          ids.append(id)
          followsSpecial = true
        case .text(let range):
          let part = UnsafeBufferPointer(rebasing: bytes[range])
          switch encoder {
          case .bytePair(let encoder):
            encoder.encode(part, into: &ids)
          case .sentencePiece(let encoder, let addsSpacePrefix):
            encoder.encode(part, prefixed: addsSpacePrefix && followsSpecial, into: &ids)
          }
          followsSpecial = false
        }
      }
    }
    if addSpecial && addsEOS, let eosID { ids.append(eosID) }
    return ids
  }
}

extension Tokenizer {
  /// The bytes that a token stands for, which may be part of a character.
  ///
  /// Control and unknown tokens (`<|im_end|>`, `<unk>`) have their name where `special`, which is
  /// for showing tokens, and nothing where not, which is for putting text together. Unused tokens
  /// and ids beyond the vocabulary have no bytes.
  public func piece(_ id: Int, special: Bool = true) -> [UInt8] {
    guard (0..<vocabularyCount).contains(id) else { return [] }
    let attributes = roles.attributes[id]
    if !special && !attributes.isDisjoint(with: .hidden) { return [] }
    let piece = pieces.pieces[id]
    if !attributes.isDisjoint(with: .special) { return Array(piece) }
    if attributes.contains(.byte) {
      return TokenKind.byteValue(of: piece).map { [$0] } ?? []
    }
    guard attributes.contains(.normal) else { return [] }
    switch encoder {
    case .bytePair:
      return String(decoding: piece, as: UTF8.self).unicodeScalars.flatMap { scalar in
        ByteAlphabet.byte(of: scalar).map { [$0] } ?? Array(String(scalar).utf8)
      }
    case .sentencePiece:
      var bytes: [UInt8] = []
      var rest = piece
      while let first = rest.first {
        let isSpace = rest.starts(with: SentencePieceEncoder.space)
        bytes.append(isSpace ? 0x20 : first)
        rest = rest.dropFirst(isSpace ? SentencePieceEncoder.space.count : 1)
      }
      return bytes
    }
  }

  /// The text of the ids, control tokens left out; bytes that are no UTF-8 become U+FFFD.
  ///
  /// Where the ids begin with ``bosID`` and the model puts a space before every text, that space is
  /// left out too: this is the text that was encoded. llama.cpp's tidying of spaces before
  /// punctuation is not done: it would lose what the model wrote.
  public func decode(_ ids: [Int]) -> String {
    var decoder = makeStreamDecoder()
    var text = ""
    for id in ids { text += decoder.append(id) }
    return text + decoder.finish()
  }

  /// A decoder for ids that come one by one.
  public func makeStreamDecoder() -> StreamDecoder { StreamDecoder(self) }

  var addsSpacePrefix: Bool {
    if case .sentencePiece(_, let addsSpacePrefix) = encoder { addsSpacePrefix } else { false }
  }
}
