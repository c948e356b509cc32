import Basics

/// Characters with their styles, broken into lines.
struct StyledLine {
  private(set) var characters: [(character: Character, style: Span.Style)] = []

  init() {}

  init(_ spans: [Span]) {
    for span in spans { characters += span.text.map { ($0, span.style) } }
  }

  private init(_ characters: some Sequence<(character: Character, style: Span.Style)>) {
    self.characters = Array(characters)
  }

  var width: Int { characters.reduce(0) { $0 + displayWidth($1.character) } }

  /// Lines of at most `width` columns; at least one.
  func broken(to width: Int) -> [StyledLine] {
    let lines = lineRanges(
      of: characters.map(\.character), first: width, others: width, cutsWords: true)
    return lines.isEmpty ? [StyledLine()] : lines.map { StyledLine(characters[$0]) }
  }
}
