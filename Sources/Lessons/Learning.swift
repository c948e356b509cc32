import Basics
import Debugger
import Foundation
import TraceStore

/// What `nibble learn` does.
public struct Learning {
  /// The lessons that can be learned.
  public let course: Course
  /// What the lessons and the engine speak.
  public let language: Language
  /// The engine's sentences in that language.
  public let text: EngineText
  private let file: ProgressFile

  /// - Parameters:
  ///   - folder: where the lessons lie; `nil` for those that come with nibble.
  /// - Throws: ``LessonError``.
  public init(
    folder: URL? = nil, language: Language, state: URL = ProgressFile.defaultFolder()
  ) throws {
    course = try Course(folder: folder)
    self.language = language
    text = try EngineText(language)
    file = ProgressFile(folder: state)
  }

  /// What was wrong with the file of the progress, as a sentence, or `nil`.
  public var problem: String? {
    switch file.problem {
    case nil: nil
    case .damaged(let path): text(.progressDamaged, path)
    case .newer(let path): text(.progressNewer, path)
    }
  }

  /// The lessons with how far the learner is, a line each.
  ///
  /// - Throws: ``LessonError``.
  public func list() throws -> [String] {
    var rows: [(mark: String, number: String, title: String, minutes: String, state: String)] = []
    for name in course.names {
      let lesson = try course.lesson(in: course.place(of: name))
      let progress = file[name]
      let count = lesson.stepCount
      let isDone = progress.map { $0.isFinished } ?? false
      let reached = progress.map { min($0.passed.count + $0.skipped.count, count) } ?? 0
      let started = progress != nil && !isDone
      rows.append(
        (
          isDone ? "✓" : started ? "…" : " ", lesson.number.map(String.init) ?? "",
          lesson.title(in: language), text(.list, "\(lesson.minutes)"),
          isDone
            ? text(.listDone)
            : started ? text(.listStarted, "\(reached)", "\(count)") : text(.listNew)
        ))
    }
    func width(_ column: (_ row: (String, String, String, String, String)) -> String) -> Int {
      rows.map { displayWidth(column(($0.mark, $0.number, $0.title, $0.minutes, $0.state))) }.max()
        ?? 0
    }
    let widths = [width(\.1), width(\.2), width(\.3)]
    let lines = rows.map { row in
      [
        row.mark, filled(row.number, widths[0], onLeft: true), filled(row.title, widths[1]),
        filled(row.minutes, widths[2], onLeft: true),
      ].joined(separator: "  ") + (row.state.isEmpty ? "" : "  " + row.state)
    }
    return lines + ["", text(.listHow)]
  }

  /// What closes the course.
  ///
  /// - Throws: ``LessonError``.
  public func summary() throws -> Summary { try Summary(progress: file) }

  private func filled(_ text: String, _ width: Int, onLeft: Bool = false) -> String {
    let space = String(repeating: " ", count: max(0, width - displayWidth(text)))
    return onLeft ? space + text : text + space
  }

  /// Plays a lesson on standard input and output.
  ///
  /// - Parameters:
  ///   - word: the lesson's name, a part of it, its number, or its folder.
  ///   - model: `-m`, or `nil`.
  ///   - restarts: whether to begin anew.
  /// - Throws: ``LessonError``.
  public func play(_ word: String, model: String?, restarts: Bool) throws {
    let lesson = try course.lesson(in: course.find(word))
    var conversation: Conversation?
    let lines = TerminalLines(
      historyPath: file.folder.appendingPathComponent("lesson-history").path,
      complete: { conversation?.complete($0) ?? .nothing })
    let output = StandardOutput()
    let talk = Conversation(
      lines: lines ?? StandardInputLines(), output: output, text: text,
      style: { .standardOutput() })
    conversation = talk
    Interrupts.install()
    defer { Interrupts.remove() }
    if let problem { talk.say(problem) }
    try play(lesson, model: model, restarts: restarts, talk)
    if let problem = output.problem { throw DebuggerError.cannotWrite(reason: problem) }
  }

  /// Plays a lesson with whoever is behind a conversation.
  func play(_ lesson: Lesson, model: String?, restarts: Bool, _ talk: Conversation) throws {
    let player = try Player(
      lesson: lesson, language: language, model: model, talk: talk, file: file)
    if restarts { player.restart() }
    try player.play()
  }
}
