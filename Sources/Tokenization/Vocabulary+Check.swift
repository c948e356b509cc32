extension Vocabulary {
  /// Checks that the parts fit together.
  ///
  /// - Returns: the pieces, by their bytes.
  /// - Throws: ``TokenizerError`` that names the key, and the token where there is one.
  func checkedPieces() throws(TokenizerError) -> PieceTable {
    guard (1..<1 << 30).contains(tokens.count) else {
      throw .wrongCount(
        path: path, key: "tokenizer.ggml.tokens", expected: "at least one element",
        found: tokens.count)
    }
    for (key, count) in [("scores", scores?.count), ("token_type", kinds?.count)] {
      if let count, count < tokens.count {
        throw .wrongCount(
          path: path, key: "tokenizer.ggml.\(key)",
          expected: "\(tokens.count) elements, one for each token", found: count)
      }
    }
    // A nameless token gets a name, as in llama.cpp.
    var named = ByteStrings()
    for id in 0..<tokens.count {
      if tokens[id].isEmpty { named.append("[EMPTY_\(id)]".utf8) } else { named.append(tokens[id]) }
    }
    for (id, kind) in (kinds ?? []).prefix(tokens.count).enumerated()
    where TokenKind(rawValue: kind) == .byte {
      guard TokenKind.byteValue(of: named[id]) != nil else {
        throw .invalidByteToken(path: path, id: id, piece: named.text(id))
      }
    }
    do {
      return try PieceTable(named)
    } catch {
      throw .duplicateToken(
        path: path, piece: named.text(error.first), first: error.first, second: error.second)
    }
  }
}

extension TokenKind {
  /// The byte that `<0x0A>` stands for, or `nil` for another piece.
  static func byteValue(of piece: ArraySlice<UInt8>) -> UInt8? {
    guard piece.count == 6, piece.starts(with: "<0x".utf8), piece.last == UInt8(ascii: ">") else {
      return nil
    }
    let digits = piece.dropFirst(3).dropLast()
    return UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
  }
}
