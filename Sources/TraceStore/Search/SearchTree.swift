/// What AND and OR join in a condition, down to pieces that have neither: each piece can be judged
/// where it is cheapest.
indirect enum SearchTree {
  case all([SearchTree])
  case any([SearchTree])
  case piece(ArraySlice<SearchToken>)

  /// - Parameter tokens: of an expression that SQLite understands.
  init(_ tokens: ArraySlice<SearchToken>) {
    let tokens = Self.bare(tokens)
    // OR binds less than AND.
    for (word, join) in [("OR", SearchTree.any), ("AND", SearchTree.all)] {
      let parts = Self.split(tokens, at: word)
      if parts.count > 1 {
        self = join(parts.map(SearchTree.init))
        return
      }
    }
    self = .piece(tokens)
  }

  /// The parts between a word that stands outside parentheses and CASE; the AND of BETWEEN is part
  /// of what it belongs to.
  private static func split(
    _ tokens: ArraySlice<SearchToken>, at word: String
  ) -> [ArraySlice<SearchToken>] {
    var parts: [ArraySlice<SearchToken>] = []
    var start = tokens.startIndex
    var (depth, betweens) = (0, 0)
    for (index, token) in zip(tokens.indices, tokens) {
      switch token.kind {
      case .mark("("), .word("CASE"): depth += 1
      case .mark(")"), .word("END"): depth -= 1
      case .word("BETWEEN") where depth == 0: betweens += 1
      case .word("AND") where depth == 0 && betweens > 0: betweens -= 1
      case .word(word) where depth == 0:
        parts.append(tokens[start..<index])
        start = index + 1
      default: break
      }
    }
    return parts + [tokens[start...]]
  }

  /// The tokens without spaces and parentheses around them all.
  private static func bare(_ tokens: ArraySlice<SearchToken>) -> ArraySlice<SearchToken> {
    var tokens = tokens
    while let first = tokens.first, let last = tokens.last {
      if first.kind == .space {
        tokens = tokens.dropFirst()
      } else if last.kind == .space {
        tokens = tokens.dropLast()
      } else if first.kind == .mark("("), closing(tokens) == tokens.endIndex - 1 {
        tokens = tokens.dropFirst().dropLast()
      } else {
        break
      }
    }
    return tokens
  }

  /// Where the parenthesis is closed that the tokens begin with.
  private static func closing(_ tokens: ArraySlice<SearchToken>) -> Int? {
    var depth = 0
    return tokens.indices.first { index in
      if tokens[index].kind == .mark("(") { depth += 1 }
      if tokens[index].kind == .mark(")") { depth -= 1 }
      return depth == 0
    }
  }
}
