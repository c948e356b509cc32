import Basics
import TraceStore

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

  var width: Int { characters.reduce(0) { $0 + displayWidth(String($1.character)) } }

  /// Lines of at most `width` columns. Lines end at spaces, and beside Chinese characters where
  /// punctuation allows; what has no such place is cut.
  func broken(to width: Int) -> [StyledLine] {
    var lines: [StyledLine] = []
    var line: [(character: Character, style: Span.Style)] = []
    var used = 0
    for unit in units() {
      let isSpace = unit.characters.allSatisfy { $0.character == " " }
      let size = unit.width
      if isSpace {
        if !line.isEmpty { line += unit.characters }
        used += line.isEmpty ? 0 : size
        continue
      }
      if used + size > width, !line.isEmpty {
        lines.append(StyledLine(Self.trimmed(line)))
        line = []
        used = 0
      }
      for item in unit.characters {
        let columns = displayWidth(String(item.character))
        if used + columns > width, !line.isEmpty {
          lines.append(StyledLine(Self.trimmed(line)))
          line = []
          used = 0
        }
        line.append(item)
        used += columns
      }
    }
    if !line.isEmpty || lines.isEmpty { lines.append(StyledLine(Self.trimmed(line))) }
    return lines
  }

  private static func trimmed(
    _ line: [(character: Character, style: Span.Style)]
  ) -> [(character: Character, style: Span.Style)] {
    var line = line
    while line.last?.character == " " { line.removeLast() }
    return line
  }

  /// The pieces between which a line may end; spaces are pieces of their own.
  private func units() -> [StyledLine] {
    var units: [StyledLine] = []
    var unit: [(character: Character, style: Span.Style)] = []
    for item in characters {
      if let last = unit.last, Self.mayBreak(between: last.character, and: item.character) {
        units.append(StyledLine(unit))
        unit = []
      }
      unit.append(item)
    }
    if !unit.isEmpty { units.append(StyledLine(unit)) }
    return units
  }

  private static func mayBreak(between left: Character, and right: Character) -> Bool {
    if left == " " || right == " " { return left != right }
    guard isWide(left) || isWide(right) else { return false }
    return !closing.contains(right) && !opening.contains(left)
  }

  private static func isWide(_ character: Character) -> Bool {
    displayWidth(String(character)) == 2
  }

  /// Marks that begin no line.
  private static let closing: Set<Character> = [
    "，", "。", "、", "；", "：", "？", "！", "）", "》", "」", "』", "】", "”", "’", "…", "—", "％", ",", ".",
    ";", ":", "?", "!", ")", "]", "}", "%", "×",
  ]
  /// Marks that end no line.
  private static let opening: Set<Character> = ["（", "《", "「", "『", "【", "“", "‘", "(", "[", "{"]
}
