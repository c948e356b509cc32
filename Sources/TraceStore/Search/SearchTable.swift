/// A table that a search reads, by its one-letter alias in ``SearchQuery``.
enum SearchTable: Character, CaseIterable {
  case event = "e"
  /// The state of memory, which ``StepLookups`` knows the bytes of: nothing is joined.
  case memory = "m"
  case op = "o"
  case node = "n"
  case pass = "p"
  case token = "c"
  case tile = "t"
  case weightTile = "w"
  /// The tensor of ``weightTile``.
  case tileTensor = "u"
  /// The tensor of the tile, the product or the operation.
  case tensor = "s"
  case matmul = "x"
  case append = "k"
  /// The buffer that an event allocates or frees, where it is no tile.
  case allocation = "a"
  /// The tile that an event makes or frees.
  case eventTile = "b"
  /// The rows of weights in ``eventTile``, where that is a buffer of its own.
  case eventWeightTile = "y"
  case failure = "f"

  /// The row of ``memory``.
  static let stateOfEvent = "e.memory"

  /// What joins ``eventWeightTile`` to ``eventTile``.
  static let weightTileOfEvent =
    "weight_tile AS y ON y.id = CASE WHEN b.in_buffer IS NULL THEN b.weight_tile END"

  /// The tables that a piece of our SQL names: the letters that stand alone before a point.
  static func named(in sql: String) -> Set<SearchTable> {
    if sql.hasSuffix("(\(stateOfEvent))") { return [.memory] }
    var found: Set<SearchTable> = []
    var before: Character = " "
    var letter: Character?
    for character in sql {
      if character == ".", let letter, let table = SearchTable(rawValue: letter) {
        found.insert(table)
      }
      letter = before.isLetter || before.isNumber || before == "_" ? nil : character
      before = character
    }
    return found
  }
}
