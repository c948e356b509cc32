import Debugger
import Foundation
import TraceStore

@testable import Lessons

/// A folder that is removed with the test.
final class Scratch {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory
      .appendingPathComponent("nibble-lessons-\(UUID().uuidString)", isDirectory: true)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func write(_ text: String, to name: String) throws {
    let file = url.appendingPathComponent(name)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try text.write(to: file, atomically: true, encoding: .utf8)
  }

  /// A new lesson as `nibble lesson new` makes it, with a change in one of its files.
  func lesson(
    changing file: String = "lesson.yml", _ old: String = "", to new: String = ""
  ) throws -> URL {
    let folder = try NewLesson.make("trial", in: url)
    if !old.isEmpty { try Self.change(folder.appendingPathComponent(file), old, to: new) }
    return folder
  }

  /// Changes a file.
  ///
  /// - Throws: ``Absent`` where the text is not in it.
  static func change(
    _ file: URL, _ old: String, to new: String, firstAlone: Bool = false
  ) throws {
    let text = try String(contentsOf: file, encoding: .utf8)
    guard text.contains(old) else { throw Absent(text: old, file: file.lastPathComponent) }
    try text.replacing(old, with: new, maxReplacements: firstAlone ? 1 : .max)
      .write(to: file, atomically: true, encoding: .utf8)
  }

  struct Absent: Error {
    let text: String
    let file: String
  }
}

/// The lessons as they lie in the project, whatever was built.
enum Project {
  static let lessons = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("lessons", isDirectory: true)
  static let course = lessons.appendingPathComponent("course", isDirectory: true)
  static let names = (try? Course(folder: course).names) ?? []
}

/// A lesson played by lines that are known beforehand.
struct PlayedLesson {
  let output = CollectedOutput()
  let progress: ProgressFile
  let talk: Conversation

  init(
    _ folder: URL, state: URL, lines: [String], language: Language = .english, width: Int = 80,
    model: String? = nil
  ) throws {
    progress = ProgressFile(folder: state)
    talk = Conversation(
      lines: QuietLines(lines), output: output, text: try EngineText(language),
      style: { TextStyle(width: width) })
    let player = try Player(
      lesson: try Lesson(folder: folder), language: language, model: model, talk: talk,
      file: progress)
    try player.play()
  }

  var text: String { output.text }

  /// What is shown of a prediction with choices, without any recording.
  static func comparison(
    _ lesson: Lesson, _ language: Language, state: URL, said: String, right: String,
    of section: Prose.Section
  ) throws -> String {
    let output = CollectedOutput()
    let talk = Conversation(
      lines: QuietLines([]), output: output, text: try EngineText(language),
      style: { TextStyle(width: 80) })
    try Player(
      lesson: lesson, language: language, model: nil, talk: talk, file: ProgressFile(folder: state)
    ).showComparison(said: said, right: right, of: section)
    return output.text
  }
}

/// Lines from a pipe.
final class QuietLines: LineSource {
  let isInteractive = false
  private var rest: ArraySlice<String>

  init(_ lines: [String]) { rest = lines[...] }

  func next(prompt: String) -> LineReply { rest.popFirst().map { .line($0) } ?? .end }
}
