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

  /// Reads a lesson by its folder.
  ///
  /// - Throws: ``LessonError/file(path:line:problem:)``.
  public func lesson(in folder: URL) throws -> Lesson {
    let isOfCourse =
      names.contains(folder.lastPathComponent) && folder == place(of: folder.lastPathComponent)
    return try Lesson(folder: folder, isByPath: !isOfCourse)
  }

  /// Where the lesson with this name lies.
  public func place(of name: String) -> URL {
    folder.appendingPathComponent(name, isDirectory: true).standardizedFileURL
  }

  /// The folder of the lesson that a word means: by its number, its name, what is in one name alone,
  /// or, with a slash in it, the folder itself.
  ///
  /// - Throws: ``LessonError/unknownLesson(_:known:)``, ``LessonError/ambiguousLesson(_:matches:)`` or
  ///   ``LessonError/noLessons(folder:)``.
  public func find(_ word: String) throws -> URL {
    let path = URL(fileURLWithPath: word, isDirectory: true).standardizedFileURL
    let isPath = word.contains("/") || [".", ".."].contains(word)
    let isThere = FileManager.default.fileExists(
      atPath: path.appendingPathComponent("lesson.yml").path)
    if isPath {
      guard isThere else { throw LessonError.noLessons(folder: word) }
      return path
    }
    let found = matches(word)
    let places = found.map(place) + (isThere ? [path] : [])
    guard let first = places.first else { throw LessonError.unknownLesson(word, known: names) }
    guard Set(places).count == 1 else {
      throw LessonError.ambiguousLesson(word, matches: found + (isThere ? ["./" + word] : []))
    }
    return first
  }

  private func matches(_ word: String) -> [String] {
    if names.contains(word) { return [word] }
    if let number = Int(word) {
      return names.filter { Int($0.prefix { $0.isNumber }) == number }
    }
    return names.filter { $0.contains(word.lowercased()) }
  }
}
