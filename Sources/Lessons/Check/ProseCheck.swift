import Foundation

/// Checks what is written in a lesson, without running anything.
struct ProseCheck {
  private let lesson: String
  /// Where the facts are.
  private let file: String
  private let known: [String: Lesson.Fact]
  private let all: [Language: Prose]

  init(_ lesson: Lesson) {
    self.init(
      name: lesson.name, file: "lesson.yml", facts: lesson.facts, prose: lesson.prose)
  }

  init(name: String, file: String, facts: [String: Lesson.Fact], prose: [Language: Prose]) {
    lesson = name
    self.file = URL(fileURLWithPath: file).lastPathComponent
    known = facts
    all = prose
  }

  func problems() -> [String] {
    var problems = languages() + facts()
    for language in Language.allCases {
      guard let prose = all[language] else { continue }
      for section in prose.sections {
        for (name, passage) in section.passages {
          let place = "\(lesson)/\(language.rawValue).md:"
          problems += Self.numbers(in: passage).map {
            "\(place)\($0.line): the number \"\($0.number)\" in \(name) of \"\(section.id)\" has to be a "
              + "template, or a word."
          }
          problems += Self.badLinks(in: passage).map {
            "\(place)\(passage.line): \"\($0)\" in \(name) of \"\(section.id)\" is no address."
          }
        }
      }
      if let number = Self.numbers(in: Prose.Passage(text: prose.title, line: 1)).first {
        problems.append(
          "\(lesson)/\(language.rawValue).md:1: the number \"\(number.number)\" in the title has "
            + "to be a word.")
      }
    }
    return problems
  }

  // MARK: - Languages

  /// Each part of each step that is not the same in all languages.
  private func languages() -> [String] {
    guard let first = all[Language.allCases[0]] else { return [] }
    var problems: [String] = []
    for language in Language.allCases.dropFirst() {
      guard let other = all[language] else { continue }
      for section in first.sections {
        guard let same = other.section(section.id) else { continue }
        let (one, two) = (section.passages, same.passages)
        func add(_ problem: String, at passage: Prose.Passage?) {
          let line = passage?.line ?? same.line
          problems.append(
            "\(lesson)/\(language.rawValue).md:\(line): step \"\(section.id)\": \(problem).")
        }
        for (name, passage) in one {
          guard let match = two.first(where: { $0.name == name })?.passage else {
            add("\(name) is missing, which \(Language.allCases[0].rawValue).md has", at: nil)
            continue
          }
          let holes = [passage, match].map { Set(Template.holes(in: Self.outsideBlocks($0.text))) }
          if let hole = holes[0].symmetricDifference(holes[1]).first {
            add("{{\(hole.written)}} in \(name) is in one language alone", at: match)
          }
          if Self.blocks(passage.text) != Self.blocks(match.text) {
            add("the blocks in \(name) differ between the languages", at: match)
          }
          if passage.text.isEmpty != match.text.isEmpty {
            add("\(name) is empty in one language", at: match)
          }
        }
        for (name, passage) in two where !one.contains(where: { $0.name == name }) {
          add("\(name) is not in \(Language.allCases[0].rawValue).md", at: passage)
        }
      }
    }
    return problems
  }

  private static func blocks(_ text: String) -> [Markdown.Block] {
    Markdown(text).blocks.filter {
      guard case .code(let info, let lines) = $0 else { return false }
      return ProseBlock(info: info, lines: lines) != nil
    }
  }

  // MARK: - Numbers

  /// Digits that are written down: outside code, templates, links and names with letters.
  static func numbers(in passage: Prose.Passage) -> [(number: String, line: Int)] {
    var found: [(String, Int)] = []
    var isInFence = false
    for (index, line) in passage.text.split(separator: "\n", omittingEmptySubsequences: false)
      .enumerated()
    {
      if line.hasPrefix("```") { isInFence.toggle() }
      if isInFence || line.hasPrefix("```") { continue }
      var text = Template.fill(String(line)) { _ in " " }
      // The number of a list's item.
      let words = text.drop { $0 == " " }
      let marker = words.prefix { $0.isASCII && $0.isNumber }
      if !marker.isEmpty, words.dropFirst(marker.count).hasPrefix(". ") {
        text = String(words.dropFirst(marker.count))
      }
      for span in Span.parse(text) where ![.code, .address, .link].contains(span.style) {
        for word in span.text.split(whereSeparator: { !isNamePart($0) }) {
          guard word.contains(where: isDigit), !word.contains(where: isLetter) else { continue }
          let number = word.trimmingCharacters(in: CharacterSet(charactersIn: ".,-"))
          found.append((number, passage.line + index))
        }
      }
    }
    return found
  }

  private static func isDigit(_ character: Character) -> Bool {
    character.isNumber && (character.isASCII || ("０"..."９").contains(character))
  }
  private static func isLetter(_ character: Character) -> Bool {
    character.isASCII && character.isLetter
  }
  private static func isNamePart(_ character: Character) -> Bool {
    isLetter(character) || isDigit(character) || "_.-,".contains(character)
  }

  /// A text without its blocks of code.
  private static func outsideBlocks(_ text: String) -> String {
    var isInFence = false
    return text.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
      if line.hasPrefix("```") { isInFence.toggle() }
      return !isInFence
    }.joined(separator: "\n")
  }

  // MARK: - Facts and links

  private func facts() -> [String] {
    var problems: [String] = []
    for (name, fact) in known.sorted(by: { $0.key < $1.key }) {
      let place = "\(lesson)/\(file):\(fact.line ?? 1)"
      if !Self.isAddress(fact.source) {
        problems.append("\(place): the source of \"\(name)\" is no address: \(fact.source).")
      }
      for (language, prose) in all.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
        let texts = prose.sections.flatMap(\.passages).map(\.passage.text)
        let isLinked = texts.contains { text in
          text.contains(fact.source)
            || Template.holes(in: text).contains {
              $0.format == "source" && known[$0.name]?.source == fact.source
            }
        }
        if !isLinked {
          problems.append(
            "\(place): the source of \"\(name)\" is linked nowhere in \(language.rawValue).md.")
        }
      }
    }
    return problems
  }

  private static func badLinks(in passage: Prose.Passage) -> [String] {
    var bad: [String] = []
    var rest = Substring(outsideBlocks(passage.text))
    while let open = rest.firstRange(of: "](") {
      rest = rest[open.upperBound...]
      let address = String(rest.prefix { $0 != ")" })
      if !address.hasPrefix("{{"), !isAddress(address) { bad.append(address) }
    }
    return bad
  }

  static func isAddress(_ text: String) -> Bool {
    guard let url = URLComponents(string: text), let host = url.host else { return false }
    return ["https", "http"].contains(url.scheme) && host.contains(".") && !text.contains(" ")
  }
}
