/// Byte-level byte-pair encoding: within each word that the pre-tokenizer cut, neighbours merge in
/// the order that the vocabulary lists.
///
/// Sources: Sennrich et al., https://arxiv.org/abs/1508.07909; GPT-2's byte-level form.
struct BytePairEncoder: Sendable {
  let preTokenizer: PreTokenizer
  private let pieces: PieceTable
  private let pairs: PairTable
  /// The piece of each single byte, or -1.
  private let bytePieces: [Int32]

  /// - Throws: a merge that is no pair, or names a piece that the vocabulary lacks.
  init(
    _ vocabulary: Vocabulary, pieces: PieceTable, preTokenizer: PreTokenizer
  ) throws(TokenizerError) {
    self.preTokenizer = preTokenizer
    self.pieces = pieces
    bytePieces = ByteAlphabet.characters.map { pieces.id(of: $0) ?? -1 }
    guard let merges = vocabulary.merges else {
      throw .metadata(.missingKey(path: vocabulary.path, key: "tokenizer.ggml.merges"))
    }
    var pairs = PairTable(capacity: merges.count)
    var joined: [UInt8] = []
    for index in 0..<merges.count {
      let merge = merges[index]
      // A piece may be anything but empty, so the space that parts the two is not the first byte.
      guard let space = merge.dropFirst().firstIndex(of: 0x20), space + 1 < merge.endIndex else {
        throw .malformedMerge(path: vocabulary.path, index: index, merge: merges.text(index))
      }
      let (left, right) = (merge[..<space], merge[(space + 1)...])
      joined.removeAll(keepingCapacity: true)
      joined.append(contentsOf: left)
      joined.append(contentsOf: right)
      let (leftID, rightID, id) = (pieces.id(of: left), pieces.id(of: right), pieces.id(of: joined))
      guard let leftID, let rightID, let id else {
        let missing = leftID == nil ? left : rightID == nil ? right : joined[...]
        throw .unknownPiece(
          path: vocabulary.path, index: index, merge: merges.text(index),
          piece: String(decoding: missing, as: UTF8.self))
      }
      pairs.insert(leftID, rightID, Merge(order: UInt32(index), piece: id))
    }
    self.pairs = pairs
  }

  /// Appends the ids of a text without special tokens. A byte that the vocabulary has no piece for
  /// vanishes, as in llama.cpp.
  ///
  /// - Parameter text: valid UTF-8, below 2 GiB.
  func encode(_ text: UnsafeBufferPointer<UInt8>, into ids: inout [Int]) {
    let scanned = ScannedText(text)
    let rule = PairRule(pairs: pairs)
    var merger = SymbolMerger()
    var spelling: [UInt8] = []
    preTokenizer.forEachWord(in: scanned) { word in
      let range = scanned.offsets[word.lowerBound]..<scanned.offsets[word.upperBound]
      let bytes = UnsafeBufferPointer(rebasing: text[range])
      if preTokenizer.ignoresMerges && bytes.count <= pieces.maxLength {
        spelling.removeAll(keepingCapacity: true)
        for byte in bytes { spelling.append(contentsOf: ByteAlphabet.characters[Int(byte)]) }
        if let id = spelling.withUnsafeBufferPointer({ pieces.id(of: $0) }) {
          ids.append(Int(id))
          return
        }
      }
      merger.reset()
      for byte in bytes { merger.append(length: 1, piece: bytePieces[Int(byte)]) }
      merger.mergeAll(rule)
      for symbol in merger.symbols where symbol.length > 0 && symbol.piece >= 0 {
        ids.append(Int(symbol.piece))
      }
    }
  }

  private struct PairRule: MergeRule {
    let pairs: PairTable

    func merge(_ left: Symbol, _ right: Symbol) -> Merge? {
      left.piece < 0 || right.piece < 0 ? nil : pairs.find(left.piece, right.piece)
    }
  }
}
