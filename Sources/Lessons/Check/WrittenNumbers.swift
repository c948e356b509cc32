import Foundation

/// The quantities that stand in a passage of prose, as digits or as words; docs/lessons.md has the
/// rule. What is code, an address, a template or part of a name is none.
struct WrittenNumbers {
  /// A quantity as it is written, with the line of the file.
  struct Quantity: Equatable {
    let text: String
    let line: Int
    fileprivate let range: Range<Int>
  }

  let quantities: [Quantity]
  private let characters: [Character]

  init(_ passage: Prose.Passage) {
    let text = ReadText(passage)
    characters = text.characters
    let ranges =
      Self.digits(in: text) + EnglishNumbers.ranges(in: text.characters)
      + ChineseNumbers.ranges(in: text.characters)
    quantities = ranges.sorted { $0.lowerBound < $1.lowerBound }.map {
      Quantity(
        text: String(text.characters[$0]), line: text.lines[$0.lowerBound], range: $0)
    }
  }

  /// Those that are part of some words.
  func quantities(within words: String) -> [Quantity] {
    let wanted = Array(words.lowercased())
    guard !wanted.isEmpty, characters.count >= wanted.count else { return [] }
    let places = (0...characters.count - wanted.count).filter { start in
      wanted.indices.allSatisfy { characters[start + $0].lowercased() == String(wanted[$0]) }
    }.map { $0..<$0 + wanted.count }
    return quantities.filter { quantity in places.contains { $0.contains(quantity.range) } }
  }

  /// Digits of any script: alone, with a unit at them as `2GB`, or with a word as `512-token`.
  private static func digits(in text: ReadText) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var start = 0
    while start < text.characters.count {
      guard isNamePart(text.characters[start]), !text.isCode[start] else {
        start += 1
        continue
      }
      var range = start..<start
      while range.upperBound < text.characters.count, !text.isCode[range.upperBound],
        isNamePart(text.characters[range.upperBound])
      {
        range = start..<range.upperBound + 1
      }
      start = range.upperBound
      while let last = range.last, ".,-_".contains(text.characters[last]) { range.removeLast() }
      while let first = range.first, ".,-_".contains(text.characters[first]) {
        range.removeFirst()
      }
      let word = text.characters[range]
      guard word.contains(where: isDigit) else { continue }
      if !isName(word) { found.append(range) }
    }
    return found
  }

  /// Whether a word with digits is a name, as `Q4_1` and `7B`.
  private static func isName(_ word: ArraySlice<Character>) -> Bool {
    let letters = word.drop { !isLetter($0) }
    let unit = String(letters).lowercased()
    if letters.isEmpty || EnglishNumbers.units.contains(unit) || ["k", "m"].contains(unit) {
      return false
    }
    let first = word.prefix { $0 != "-" }
    return first.contains(where: isLetter) || first.count == word.count
  }

  /// Whether it is a digit of some script, `½`, `²` or `Ⅻ`, but no Chinese numeral.
  static func isDigit(_ character: Character) -> Bool {
    guard let scalar = character.unicodeScalars.first, character != "〇" else { return false }
    switch scalar.properties.generalCategory {
    case .decimalNumber, .letterNumber, .otherNumber: return true
    default: return false
    }
  }

  static func isLetter(_ character: Character) -> Bool {
    character.isASCII && character.isLetter
  }

  static func isNamePart(_ character: Character) -> Bool {
    isLetter(character) || isDigit(character) || "_.-,".contains(character)
  }
}

extension Range<Int> {
  fileprivate mutating func removeFirst() { self = lowerBound + 1..<upperBound }
  fileprivate mutating func removeLast() { self = lowerBound..<upperBound - 1 }
}

/// A passage as it is read: without marks of Markdown, templates, addresses and blocks that a recording
/// fills; with one space for each gap.
private struct ReadText {
  private(set) var characters: [Character] = []
  /// The line of the file that each is on.
  private(set) var lines: [Int] = []
  /// Whether each belongs to a query, a command or a name.
  private(set) var isCode: [Bool] = []

  init(_ passage: Prose.Passage) {
    var fence: Substring?
    let text = passage.text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      if line.hasPrefix("```") {
        fence = fence == nil ? line.dropFirst(3) : nil
        return ""
      }
      guard let info = fence else { return Self.withoutMarker(line) }
      // What a recording fills is none of the prose; another block is code as in a span.
      let isFilled = ProseBlock(info: String(info), lines: []) != nil
      return isFilled ? "" : "`" + line.replacing("`", with: " ") + "`"
    }.joined(separator: "\n")
    var line = passage.line
    for span in Span.parse(Template.fill(text) { _ in " " }) {
      let isCode = span.style == .code && Self.isCode(span.text)
      for character in span.text {
        if character == "\n" { line += 1 }
        if span.style != .address {
          add(character.isWhitespace ? " " : character, line: line, isCode: isCode)
        }
      }
    }
  }

  private mutating func add(_ character: Character, line: Int, isCode: Bool) {
    if character == " ", characters.last == " " { return }
    characters.append(character)
    lines.append(line)
    self.isCode.append(isCode)
  }

  /// What begins with a digit and calculates nothing is a number in whatever type: `1.5 KiB`.
  private static func isCode(_ text: String) -> Bool {
    guard let first = text.first, WrittenNumbers.isDigit(first) else { return true }
    return text.contains { "+*/×÷=<>()−".contains($0) }
  }

  /// The line without the number of a list's item.
  private static func withoutMarker(_ line: Substring) -> String {
    let words = line.drop { $0 == " " }
    let marker = words.prefix { $0.isASCII && $0.isNumber }
    let isItem = !marker.isEmpty && words.dropFirst(marker.count).hasPrefix(". ")
    return String(isItem ? words.dropFirst(marker.count + 1) : line)
  }
}
