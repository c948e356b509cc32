import Foundation
import LessonContent

/// The quantities in a passage of prose: digits, and the words of lessons/engine/number-words.yml.
///
/// Code, addresses, templates and parts of names are not quantities; docs/lessons.md has the rule.
struct WrittenNumbers {
  /// A quantity as it is written, with the line of the file.
  struct Quantity: Equatable {
    let text: String
    let line: Int
    fileprivate let range: Range<Int>
  }

  let quantities: [Quantity]
  /// The passage as it is read, in lower case.
  private let characters: [Character]

  /// - Parameter words: as ``numberWords()`` reads them.
  init(_ passage: Prose.Passage, words: [String]) {
    let text = ReadText(passage)
    let characters = text.characters.map { $0.lowercased().first ?? $0 }
    self.characters = characters
    let found = Self.digits(in: text) + words.flatMap { Self.places(of: $0, in: characters) }
    var quantities: [Quantity] = []
    // Of "thirty" and "thirty-two" at one place, the longer.
    for range in found.sorted(by: {
      ($0.lowerBound, $1.upperBound) < ($1.lowerBound, $0.upperBound)
    }) where quantities.last.map({ $0.range.upperBound <= range.lowerBound }) ?? true {
      quantities.append(
        Quantity(
          text: String(text.characters[range]), line: text.lines[range.lowerBound], range: range))
    }
    self.quantities = quantities
  }

  /// The number words of all languages.
  ///
  /// - Throws: ``LessonError/file(path:line:problem:)``.
  static func numberWords() throws -> [String] {
    let file = try YAMLMapping.read(
      LessonContent.engine.appendingPathComponent("number-words.yml"))
    try file.allow(Language.allCases.map(\.rawValue), of: "the number words")
    return try Language.allCases.flatMap { try file.strings($0.rawValue) }
  }

  /// Where some words are, whatever their capitals; as whole words where they begin or end with a
  /// Latin letter.
  private static func places(of words: String, in text: [Character]) -> [Range<Int>] {
    let wanted = Array(words.lowercased())
    guard let first = wanted.first, let last = wanted.last, text.count >= wanted.count else {
      return []
    }
    func goesOn(_ index: Int, beside edge: Character) -> Bool {
      guard isLetter(edge), text.indices.contains(index) else { return false }
      return isLetter(text[index]) || isDigit(text[index]) || text[index] == "_"
    }
    return (0...text.count - wanted.count).compactMap { start in
      let end = start + wanted.count
      guard text[start..<end].elementsEqual(wanted), !goesOn(start - 1, beside: first),
        !goesOn(end, beside: last)
      else { return nil }
      return start..<end
    }
  }

  /// Those that are part of some words.
  func quantities(within words: String) -> [Quantity] {
    let places = Self.places(of: words, in: characters)
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

  /// True for a word with digits that is a name: it begins with a letter, as `Q4_1`, or with the
  /// size of a model, as `7B-chat`.
  private static func isName(_ word: ArraySlice<Character>) -> Bool {
    if let first = word.first, isLetter(first) { return true }
    let size = word.prefix { $0 != "-" }
    return size.last == "B" && !size.dropLast().contains(where: isLetter)
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

/// A passage as it is read: without marks of Markdown, templates, addresses and blocks that a
/// recording fills; with one space for each gap.
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
