/// SentencePiece's BPE: no words; neighbours that together are a piece merge, highest score first.
/// A space is written "▁" (U+2581), and characters without a piece become bytes, `<0xE2>`.
///
/// Sources: Kudo and Richardson, https://arxiv.org/abs/1808.06226; llama.cpp's order of merges.
struct SentencePieceEncoder: Sendable {
  private let pieces: PieceTable
  /// The rank of each piece: the higher its score, the lower.
  private let orders: [UInt32]
  /// Whether no piece has a "▁" after another character. Then no merge spans the end of a word, and
  /// words can be merged one by one, which is the same and faster.
  private let spacesComeFirst: Bool
  /// The piece of each byte; the unknown token for a byte without one.
  private let bytePieces: [Int]

  static let space: [UInt8] = Array("▁".utf8)

  /// - Throws: a file without scores, or a score that is no number.
  init(_ vocabulary: Vocabulary, pieces: PieceTable, unknownID: Int?) throws(TokenizerError) {
    self.pieces = pieces
    guard let scores = vocabulary.scores else {
      throw .metadata(.missingKey(path: vocabulary.path, key: "tokenizer.ggml.scores"))
    }
    if let index = scores.firstIndex(where: \.isNaN) {
      throw .invalidScore(path: vocabulary.path, id: index)
    }
    orders = scores.map(Self.order)
    spacesComeFirst = (0..<pieces.pieces.count).allSatisfy { id in
      !Self.hasInnerSpace(pieces.pieces[id])
    }
    bytePieces = (0...255).map { (byte: UInt8) in
      pieces.id(of: Self.bytePiece(byte)) ?? pieces.id(of: [byte]).map(Int.init) ?? unknownID ?? -1
    }
  }

  /// The name of a byte's piece: `<0x0A>`.
  static func bytePiece(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return "<0x\(digits.count < 2 ? "0" : "")\(digits)>"
  }

  /// Appends the ids of a text without special tokens.
  ///
  /// - Parameters:
  ///   - text: valid UTF-8, below 700 MB.
  ///   - prefixed: whether a space goes before it.
  func encode(_ text: UnsafeBufferPointer<UInt8>, prefixed: Bool, into ids: inout [Int]) {
    var escaped = prefixed ? Self.space : []
    escaped.reserveCapacity(text.count + text.count / 2)
    for byte in text {
      if byte == 0x20 { escaped.append(contentsOf: Self.space) } else { escaped.append(byte) }
    }
    escaped.withUnsafeBufferPointer { text in
      var merger = SymbolMerger()
      var start = 0
      while start < text.count {
        let end = partEnd(from: start, in: text)
        encodePart(UnsafeBufferPointer(rebasing: text[start..<end]), with: &merger, into: &ids)
        start = end
      }
    }
  }

  /// The end of the part of the text at `start` which nothing after it can merge into.
  private func partEnd(from start: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
    guard spacesComeFirst else { return text.count }
    var followsSpace = true
    var index = start
    while index < text.count {
      let length = Self.characterLength(at: index, in: text)
      let isSpace = text[index..<index + length].elementsEqual(Self.space)
      if isSpace && !followsSpace { return index }
      followsSpace = isSpace
      index += length
    }
    return text.count
  }

  private func encodePart(
    _ text: UnsafeBufferPointer<UInt8>, with merger: inout SymbolMerger, into ids: inout [Int]
  ) {
    merger.reset()
    var start = 0
    while start < text.count {
      let length = Self.characterLength(at: start, in: text)
      let character = UnsafeBufferPointer(rebasing: text[start..<start + length])
      merger.append(length: length, piece: pieces.id(of: character) ?? -1)
      start += length
    }
    merger.mergeAll(ScoreRule(text: text, pieces: pieces, orders: orders))
    for symbol in merger.symbols where symbol.length > 0 {
      if symbol.piece >= 0 {
        ids.append(Int(symbol.piece))
      } else {
        let start = Int(symbol.start)
        for byte in text[start..<start + Int(symbol.length)] where bytePieces[Int(byte)] >= 0 {
          ids.append(bytePieces[Int(byte)])
        }
      }
    }
  }

  private static func characterLength(at index: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
    min(UTF8Length.ofCharacter(startingWith: text[index]), text.count - index)
  }

  /// Whether a "▁" comes after another character.
  private static func hasInnerSpace(_ piece: ArraySlice<UInt8>) -> Bool {
    var rest = piece
    while rest.starts(with: space) { rest = rest.dropFirst(space.count) }
    // In UTF-8 these bytes are nothing but this character.
    while let candidate = rest.firstIndex(of: space[0]) {
      rest = rest[candidate...]
      if rest.starts(with: space) { return true }
      rest = rest.dropFirst()
    }
    return false
  }

  /// Maps scores to integers in the opposite order, equal ones to equal ones.
  private static func order(of score: Float) -> UInt32 {
    let bits = (score + 0).bitPattern  // + 0 makes -0 and 0 one
    return bits >> 31 == 0 ? ~(bits | 1 << 31) : bits
  }

  private struct ScoreRule: MergeRule {
    let text: UnsafeBufferPointer<UInt8>
    let pieces: PieceTable
    let orders: [UInt32]

    func merge(_ left: Symbol, _ right: Symbol) -> Merge? {
      let range = Int(left.start)..<Int(left.start + left.length + right.length)
      guard let id = pieces.id(of: UnsafeBufferPointer(rebasing: text[range])) else { return nil }
      return Merge(order: orders[Int(id)], piece: id)
    }
  }
}
