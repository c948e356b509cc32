import Foundation

/// Checks what is written in a lesson, without running anything.
struct ProseCheck {
  private let lesson: String
  /// Where the facts are.
  private let file: String
  private let facts: [String: Lesson.Fact]
  private let claims: [Lesson.Claim]
  private let prose: [Language: Prose]

  init(_ lesson: Lesson) {
    self.init(
      name: lesson.name, file: "lesson.yml", facts: lesson.facts, claims: lesson.claims,
      prose: lesson.prose)
  }

  init(
    name: String, file: String, facts: [String: Lesson.Fact], claims: [Lesson.Claim],
    prose: [Language: Prose]
  ) {
    lesson = name
    self.file = URL(fileURLWithPath: file).lastPathComponent
    self.facts = facts
    self.claims = claims
    self.prose = prose
  }

  func problems() -> [String] {
    do {
      return languages() + sources() + links() + numbers(words: try WrittenNumbers.numberWords())
    } catch {
      return ["\(error)"]
    }
  }

  // MARK: - Languages

  /// Each part of each step that is not the same in all languages.
  private func languages() -> [String] {
    guard let first = prose[Language.allCases[0]] else { return [] }
    var problems: [String] = []
    for language in Language.allCases.dropFirst() {
      guard let other = prose[language] else { continue }
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

  /// Quantities that are written down: each has to be a template, or a claim with its source.
  private func numbers(words numberWords: [String]) -> [String] {
    var problems: [String] = []
    for language in Language.allCases {
      guard let prose = prose[language] else { continue }
      let place = "\(lesson)/\(language.rawValue).md:"
      var unused = claims.flatMap { claim in
        (claim.wordings[language] ?? []).map { (words: $0, line: claim.line) }
      }
      let claimed = unused.map(\.words)
      let title = ("the title", Prose.Passage(text: prose.title, line: 1))
      for (name, passage) in [title] + prose.sections.flatMap(\.namedPassages) {
        let numbers = WrittenNumbers(passage, words: numberWords)
        var allowed: [WrittenNumbers.Quantity] = []
        for words in claimed {
          let found = numbers.quantities(within: words)
          if !found.isEmpty { unused.removeAll { $0.words == words } }
          allowed += found
        }
        problems += numbers.quantities.filter { !allowed.contains($0) }.map {
          "\(place)\($0.line): the number \"\($0.text)\" in \(name) has to be a template, or one of "
            + "the claims."
        }
      }
      problems += unused.map {
        "\(lesson)/\(file):\($0.line ?? 1): nothing that \(language.rawValue).md counts is in the "
          + "claim \"\($0.words)\"."
      }
    }
    return problems
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

  private func sources() -> [String] {
    let named = facts.sorted { $0.key < $1.key }.map {
      (what: "\"\($0.key)\"", source: $0.value.source, line: $0.value.line)
    }
    let all = named + claims.map { (what: "a claim", source: $0.source, line: $0.line) }
    var problems: [String] = []
    for (what, source, line) in all {
      let place = "\(lesson)/\(file):\(line ?? 1)"
      if !Self.isAddress(source) {
        problems.append("\(place): the source of \(what) is no address: \(source).")
      }
      for (language, prose) in prose.sorted(by: { $0.key.rawValue < $1.key.rawValue })
      where !isLinked(source, in: prose) {
        problems.append(
          "\(place): the source of \(what) is linked nowhere in \(language.rawValue).md.")
      }
    }
    return problems
  }

  private func isLinked(_ source: String, in prose: Prose) -> Bool {
    prose.sections.flatMap(\.passages).map(\.passage.text).contains { text in
      text.contains(source)
        || Template.holes(in: text).contains {
          $0.format == "source" && facts[$0.name]?.source == source
        }
    }
  }

  private func links() -> [String] {
    prose.sorted { $0.key.rawValue < $1.key.rawValue }.flatMap { language, prose in
      prose.sections.flatMap(\.namedPassages).flatMap { name, passage in
        Self.badLinks(in: passage).map {
          "\(lesson)/\(language.rawValue).md:\(passage.line): \"\($0)\" in \(name) is no address."
        }
      }
    }
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

extension Prose.Section {
  /// Its passages, each with what it is and of which step.
  fileprivate var namedPassages: [(name: String, passage: Prose.Passage)] {
    passages.map { ("\($0.name) of \"\(id)\"", $0.passage) }
  }
}
