import Foundation

/// The text of a lesson in one language, by steps.
struct Prose {
  /// A text with the line of the file at which it begins.
  struct Passage: Equatable {
    var text: String
    let line: Int
  }

  /// What a choice says, and why it is right or wrong.
  struct Choice: Equatable {
    let key: String
    let text: Passage
    let reason: Passage?
  }

  /// What belongs to one step.
  struct Section {
    let id: String
    let line: Int
    var text = Passage(text: "", line: 0)
    var question: Passage?
    var hints: [Passage] = []
    var choices: [Choice] = []
    var after: Passage?

    /// All that is written in it, each with what it is.
    var passages: [(name: String, passage: Passage)] {
      var all = [("the text", text)]
      if let question { all.append(("the question", question)) }
      all += hints.enumerated().map { ("hint \($0 + 1)", $1) }
      for choice in choices {
        all.append(("choice \(choice.key)", choice.text))
        if let reason = choice.reason { all.append(("the reason of \(choice.key)", reason)) }
      }
      if let after { all.append(("what comes after", after)) }
      return all
    }
  }

  let path: String
  let title: String
  let sections: [Section]

  func section(_ id: String) -> Section? { sections.first { $0.id == id } }

  /// - Throws: ``LessonError/file(path:line:problem:)``.
  init(contentsOf url: URL) throws {
    guard let data = FileManager.default.contents(atPath: url.path) else {
      throw LessonError.file(path: url.path, line: nil, problem: "there is no such file")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw LessonError.file(path: url.path, line: nil, problem: "is no UTF-8 text")
    }
    try self.init(text, path: url.path)
  }

  init(_ text: String, path: String) throws {
    self.path = path
    var reader = Reader(path: path)
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      try reader.add(String(line), number: index + 1)
    }
    try reader.endPassage()
    guard let title = reader.title else {
      throw LessonError.file(path: path, line: nil, problem: "needs a title, \"# …\"")
    }
    self.title = title
    sections = reader.sections
  }

  /// - Throws: where a step has no section, a section no step, or the order differs.
  func check(against steps: [Lesson.Step]) throws {
    for step in steps where section(step.id) == nil {
      throw LessonError.file(
        path: path, line: nil, problem: "the step \"\(step.id)\" has no heading \"## \(step.id)\"")
    }
    for section in sections where !steps.contains(where: { $0.id == section.id }) {
      throw LessonError.file(
        path: path, line: section.line, problem: "\"\(section.id)\" is no step of lesson.yml")
    }
    for (section, step) in zip(sections, steps) where section.id != step.id {
      throw LessonError.file(
        path: path, line: section.line,
        problem: "\"\(section.id)\" stands where lesson.yml has \"\(step.id)\"")
    }
    for step in steps {
      guard let section = section(step.id) else { continue }
      try step.kind.check(section, path: path)
    }
  }
}

/// Goes through the lines of a lesson's prose.
private struct Reader {
  private enum Place {
    case title, text, question, hint
    case choice(String)
    case after
  }

  let path: String
  var title: String?
  var sections: [Prose.Section] = []
  private var place = Place.title
  private var lines: [String] = []
  private var firstLine = 1
  private var isInFence = false

  init(path: String) { self.path = path }

  mutating func add(_ line: String, number: Int) throws {
    if line.hasPrefix("```") { isInFence.toggle() }
    guard !isInFence, line.hasPrefix("#") else {
      if lines.isEmpty { firstLine = number }
      if !(lines.isEmpty && line.allSatisfy(\.isWhitespace)) { lines.append(line) }
      return
    }
    let level = line.prefix { $0 == "#" }.count
    let words = line.dropFirst(level).trimmingCharacters(in: .whitespaces)
    guard level <= 3 else {
      lines.append(line)
      return
    }
    try endPassage()
    func error(_ problem: String) -> LessonError {
      .file(path: path, line: number, problem: problem)
    }
    switch level {
    case 1:
      guard title == nil else { throw error("there is a second title") }
      title = words
    case 2:
      guard title != nil else { throw error("a title, \"# …\", has to come first") }
      guard !sections.contains(where: { $0.id == words }) else {
        throw error("there are two sections \"\(words)\"")
      }
      sections.append(Prose.Section(id: words, line: number))
      place = .text
    default:
      guard !sections.isEmpty else { throw error("\"\(words)\" stands before the first step") }
      place = try Self.place(words, error)
    }
  }

  private static func place(_ words: String, _ error: (String) -> LessonError) throws -> Place {
    switch words {
    case "question": return .question
    case "hint": return .hint
    case "after": return .after
    case let words where words.hasPrefix("choice "):
      return .choice(words.dropFirst(7).trimmingCharacters(in: .whitespaces))
    default:
      throw error("\"### \(words)\" is none of question, hint, choice NAME, after")
    }
  }

  /// Puts the lines that were read where they belong.
  mutating func endPassage() throws {
    defer { lines = [] }
    while lines.last?.allSatisfy(\.isWhitespace) == true { lines.removeLast() }
    let passage = Prose.Passage(text: lines.joined(separator: "\n"), line: firstLine)
    guard !sections.isEmpty else {
      guard lines.isEmpty else {
        throw LessonError.file(
          path: path, line: firstLine, problem: "text stands before the first step")
      }
      return
    }
    let last = sections.count - 1
    func error(_ problem: String) -> LessonError {
      .file(path: path, line: firstLine, problem: problem)
    }
    if case .text = place {} else if lines.isEmpty { throw error("a heading has no text") }
    switch place {
    case .title: break
    case .text: sections[last].text = passage
    case .question:
      guard sections[last].question == nil else { throw error("there is a second question") }
      sections[last].question = passage
    case .hint: sections[last].hints.append(passage)
    case .after:
      guard sections[last].after == nil else { throw error("there is a second \"### after\"") }
      sections[last].after = passage
    case .choice(let key):
      guard !sections[last].choices.contains(where: { $0.key == key }) else {
        throw error("there are two choices \"\(key)\"")
      }
      sections[last].choices.append(Self.choice(key, passage))
    }
  }

  /// The first paragraph is the choice, the rest its reason.
  private static func choice(_ key: String, _ passage: Prose.Passage) -> Prose.Choice {
    let lines = passage.text.split(separator: "\n", omittingEmptySubsequences: false)
    let end = lines.firstIndex { $0.allSatisfy(\.isWhitespace) } ?? lines.endIndex
    let rest = lines[end...].drop { $0.allSatisfy(\.isWhitespace) }
    return Prose.Choice(
      key: key,
      text: Prose.Passage(text: lines[..<end].joined(separator: "\n"), line: passage.line),
      reason: rest.isEmpty
        ? nil
        : Prose.Passage(
          text: rest.joined(separator: "\n"), line: passage.line + rest.startIndex))
  }
}
