import Basics
import Debugger
import Foundation
import LessonContent
import TraceStore

/// What closes the course: questions, each answered with the learner's own numbers.
public struct Summary {
  private struct Question {
    let id: String
    /// The recordings that its answer is measured from.
    let needs: [String]
    let line: Int?
  }

  /// The recordings by their names here: `LESSON/TRACE`.
  private let sources: [String: String]
  private let questions: [Question]
  private let prose: [Language: Prose]
  private let values: Values
  private let claims: [Lesson.Claim]
  private let path: String

  /// - Parameters:
  ///   - folder: where the summary lies; `nil` for that of nibble.
  ///   - progress: which model each lesson was played on last.
  ///   - model: the one that all were played on, instead.
  /// - Throws: ``LessonError/file(path:line:problem:)``.
  public init(folder: URL? = nil, progress: ProgressFile, model: String? = nil) throws {
    let folder = folder ?? LessonContent.summary
    let file = try YAMLMapping.read(folder.appendingPathComponent("summary.yml"))
    try file.allow(["recordings", "facts", "claims", "values", "questions"], of: "the summary")
    let sources = Dictionary(try file.texts("recordings"), uniquingKeysWith: { $1 })
    let questions = try Self.questions(file, known: sources)
    let recordings = Recordings(
      folder: progress.folder,
      elsewhere: sources.compactMapValues { Self.path($0, progress, model: model) })
    values = Values(
      facts: try Lesson.facts(file), queries: try Lesson.values(file), recordings: recordings)
    claims = try Lesson.claims(file)
    var prose: [Language: Prose] = [:]
    for language in Language.allCases {
      let text = try Prose(contentsOf: folder.appendingPathComponent(language.rawValue + ".md"))
      for question in questions where text.section(question.id)?.after == nil {
        throw LessonError.file(
          path: text.path, line: text.section(question.id)?.line,
          problem: "\"\(question.id)\" needs \"### question\" and \"### after\"")
      }
      prose[language] = text
    }
    self.sources = sources
    self.questions = questions
    self.prose = prose
    path = file.path
  }

  /// The path of `LESSON/TRACE` in the folder of the progress; `nil` where its model is gone.
  private static func path(
    _ source: String, _ progress: ProgressFile, model: String?
  ) -> String? {
    let parts = source.split(separator: "/", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return nil }
    let folder = try? progress.recordings(
      of: parts[0], model: model ?? progress[parts[0]]?.model
    ).folder
    return folder.map { "lessons/\(parts[0])/\($0.lastPathComponent)/\(parts[1])" }
  }

  private static func questions(
    _ file: YAMLMapping, known: [String: String]
  ) throws -> [Question] {
    let mappings = try file.mappings("questions", of: "a question")
    guard !mappings.isEmpty else { throw file.error("the summary needs \"questions\"") }
    return try mappings.map { question in
      try question.allow(["id", "needs"], of: "a question")
      let needs = try question.strings("needs")
      if let name = needs.first(where: { known[$0] == nil }) {
        throw question.error("\"\(name)\" is none of \"recordings\"", at: question["needs"])
      }
      return Question(
        id: try question.required("id", of: "a question"), needs: needs, line: question.line)
    }
  }

  /// A question with its answer, or with the lessons that are still to be played for it.
  private enum Answer {
    case measured(id: String, question: String, answer: String)
    case missing(question: String, lessons: [String])
  }

  private func answers(_ language: Language) -> [Answer] {
    questions.compactMap { question in
      guard let section = prose[language]?.section(question.id), let asked = section.question,
        let answer = section.after
      else { return nil }
      let missing = question.needs.filter { !values.recordings.has($0) }
      guard missing.isEmpty else {
        let lessons = missing.compactMap {
          sources[$0]?.split(separator: "/").first.map(String.init)
        }
        return .missing(question: asked.text, lessons: Set(lessons).sorted())
      }
      return .measured(id: question.id, question: asked.text, answer: answer.text)
    }
  }

  // MARK: - Showing

  /// The summary as a terminal shows it.
  public func lines(_ text: EngineText, style: TextStyle) -> [String] {
    let renderer = ProseRenderer(
      style: style, fill: { values.filledForPeople($0, text) }, block: blockForPeople(text))
    var lines = render("**\(prose[text.language]?.title ?? "")**", renderer)
    for answer in answers(text.language) {
      lines.append("")
      switch answer {
      case .measured(_, let question, let answer):
        lines += render("**\(question)**", renderer) + render(answer, renderer)
      case .missing(let question, let lessons):
        lines += render("**\(question)**", renderer)
        lines += lessons.flatMap { render(text(.summaryMissing, $0), renderer) }
      }
    }
    return lines
  }

  private func render(_ text: String, _ renderer: ProseRenderer) -> [String] {
    (try? renderer.lines(text)) ?? [text]
  }

  private func blockForPeople(
    _ text: EngineText
  ) -> (String, [String], TextStyle) throws -> [String]? {
    { [values] info, lines, style in
      do {
        return try ProseBlock(info: info, lines: lines)?.lines(values.recordings, values, style)
      } catch {
        return [text(.cannotMeasure) + " \(error)"]
      }
    }
  }

  /// Saves the summary as Markdown, with a picture (SVG) beside it for each recording that it
  /// plots.
  ///
  /// - Throws: ``LessonError/cannotWrite(path:reason:)``, or what reading a recording throws.
  public func save(_ text: EngineText, to path: String, asTyped: (String) -> String) throws {
    let file = URL(fileURLWithPath: path)
    guard try !TraceFile.isTrace(at: path) else {
      throw LessonError.cannotWrite(path: path, reason: "a trace is there, and is not replaced")
    }
    let base = file.deletingPathExtension()
    var pictures: [String: String] = [:]
    for case .measured(let id, _, let answer) in answers(text.language) {
      for case .debugger(let name, _) in ProseBlock.all(in: answer) {
        let picture = base.path + "-\(id).svg"
        let trace = try Trace(path: values.recordings.existing(name))
        _ = try trace.export(.svg, to: picture)
        pictures[id] = URL(fileURLWithPath: picture).lastPathComponent
      }
    }
    let kind = (try? FileStatus(path: path, followsLinks: false))?.kind ?? .file
    do {
      // A device or a link is written to, and not replaced by a file.
      try Data(asTyped(markdown(text, pictures: pictures)).utf8).write(
        to: file, options: kind == .file ? .atomic : [])
    } catch {
      throw LessonError.cannotWrite(path: path, reason: error.localizedDescription)
    }
  }

  /// The summary as Markdown, with its plots and tables as blocks of text.
  ///
  /// - Parameter pictures: names of image files, by questions.
  func markdown(_ text: EngineText, pictures: [String: String] = [:]) -> String {
    var lines = ["# \(prose[text.language]?.title ?? "")"]
    for answer in answers(text.language) {
      switch answer {
      case .measured(let id, let question, let answer):
        lines += ["", "## \(question)", "", filled(answer, text)]
        if let picture = pictures[id] { lines += ["", "![\(question)](\(picture))"] }
      case .missing(let question, let lessons):
        lines += ["", "## \(question)", ""] + lessons.map { text(.summaryMissing, $0) }
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Markdown with its templates and blocks filled, and otherwise as it is.
  private func filled(_ markdown: String, _ text: EngineText) -> String {
    var result: [String] = []
    var block: (info: String, lines: [String])?
    for line in markdown.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
      if let open = block, line == "```" {
        let shown = (try? blockForPeople(text)(open.info, open.lines, TextStyle())) ?? nil
        result += ["```text"] + (shown ?? open.lines) + ["```"]
        block = nil
      } else if block != nil {
        block?.lines.append(line)
      } else if line.hasPrefix("```") {
        block = (line.dropFirst(3).trimmingCharacters(in: .whitespaces), [])
      } else {
        result.append(values.filledForPeople(line, text))
      }
    }
    return result.joined(separator: "\n")
  }

  // MARK: - Checking

  /// What is wrong, a line each, once all recordings are there.
  func problems() -> [String] {
    var problems = ProseCheck(
      name: "summary", file: path, facts: values.facts, claims: claims, prose: prose
    ).problems()
    problems += values.constants(
      in: "summary/\(URL(fileURLWithPath: path).lastPathComponent)")
    for question in questions {
      for name in question.needs where !values.recordings.has(name) {
        problems.append("summary: no lesson records \(sources[name] ?? name).")
      }
      for (language, text) in prose.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
        guard let answer = text.section(question.id)?.after else { continue }
        let renderer = ProseRenderer(
          style: TextStyle(), fill: { try values.filledStrictly($0) },
          block: { try ProseBlock(info: $0, lines: $1)?.lines(values.recordings, values, $2) })
        do {
          _ = try renderer.lines(answer.text)
        } catch {
          problems.append("summary/\(language.rawValue).md:\(answer.line): \(error)")
        }
      }
    }
    return problems
  }
}
