import Foundation
import LessonContent

/// The lessons of a folder, in the order of their names.
public struct Course {
  /// Where the lessons lie.
  public let folder: URL
  /// Names of the lessons' folders.
  public let names: [String]

  /// - Parameter folder: where the lessons lie; `nil` for those that come with nibble.
  /// - Throws: ``LessonError/noLessons(folder:)``.
  public init(folder: URL? = nil) throws {
    let folder = folder ?? LessonContent.course
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    names = entries.filter {
      FileManager.default.fileExists(
        atPath: folder.appendingPathComponent($0).appendingPathComponent("lesson.yml").path)
    }.sorted()
    self.folder = folder
    guard !names.isEmpty else { throw LessonError.noLessons(folder: folder.path) }
  }

  /// Reads a lesson by the name of its folder.
  ///
  /// - Throws: ``LessonError/file(path:line:problem:)``.
  public func lesson(named name: String) throws -> Lesson {
    try Lesson(folder: folder.appendingPathComponent(name, isDirectory: true))
  }

  /// The lesson's name that a word means: its number, its name, or what is in one name alone.
  ///
  /// - Throws: ``LessonError/unknownLesson(_:known:)`` or
  ///   ``LessonError/ambiguousLesson(_:matches:)``.
  public func find(_ word: String) throws -> String {
    if let number = Int(word) {
      if let name = names.first(where: { Int($0.prefix { $0.isNumber }) == number }) { return name }
      throw LessonError.unknownLesson(word, known: names)
    }
    if names.contains(word) { return word }
    let matches = names.filter { $0.contains(word.lowercased()) }
    switch matches.count {
    case 0: throw LessonError.unknownLesson(word, known: names)
    case 1: return matches[0]
    default: throw LessonError.ambiguousLesson(word, matches: matches)
    }
  }
}
