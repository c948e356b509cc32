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
    var table = Table([("", .left), ("", .right), ("", .left), ("", .right), ("", .left)])
    for name in course.names {
      let lesson = try course.lesson(in: course.place(of: name))
      let progress = file[name]
      let count = lesson.stepCount
      let isDone = progress.map { $0.isFinished } ?? false
      let reached = progress.map { min($0.passed.count + $0.skipped.count, count) } ?? 0
      let started = progress != nil && !isDone
      table.add(
        isDone ? "✓" : started ? "…" : " ", lesson.number.map(String.init) ?? "",
        lesson.title(in: language), text(.list, "\(lesson.minutes)"),
        isDone
          ? text(.listDone)
          : started ? text(.listStarted, "\(reached)", "\(count)") : text(.listNew))
    }
    return table.lines() + ["", text(.listHow)]
  }

  /// What closes the course.
  ///
  /// - Throws: ``LessonError``.
  public func summary() throws -> Summary { try Summary(progress: file) }

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
