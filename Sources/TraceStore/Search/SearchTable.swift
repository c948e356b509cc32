/// A table that a search reads, by its one-letter alias in ``SearchQuery``.
enum SearchTable: Character, CaseIterable {
  case event = "e"
  case op = "o"
  case node = "n"
  case pass = "p"
  /// The last token that went into a pass.
  case token = "c"
  /// The tile that an event makes, reads or frees, or that a product reads.
  case tile = "t"
  case weightTile = "w"
  /// The tensor of ``weightTile``.
  case tileTensor = "u"
  /// The tensor of the operation or, outside of any, of the tile.
  case tensor = "s"
  case matmul = "x"
  case append = "k"

  /// The tables that a piece of our SQL names: the letters that stand alone before a point.
  static func named(in sql: String) -> [SearchTable] {
    var found: [SearchTable] = []
    var before: Character = " "
    var letter: Character?
    for character in sql {
      if character == ".", let letter, let table = SearchTable(rawValue: letter) {
        found.append(table)
      }
      letter = before.isLetter || before.isNumber || before == "_" ? nil : character
      before = character
    }
    return found
  }
}
