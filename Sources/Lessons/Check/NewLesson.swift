import Foundation
import LessonContent

/// Makes the folder of a new lesson, which can be played and passes its check.
public enum NewLesson {
  /// - Parameters:
  ///   - name: letters, digits and hyphens; without a number in front it gets the next one.
  ///   - course: the folder of the course; it need not be there yet.
  /// - Returns: the new folder.
  /// - Throws: ``LessonError/badName(_:)``, ``LessonError/exists(path:)`` or
  ///   ``LessonError/cannotWrite(path:reason:)``.
  public static func make(_ name: String, in course: URL) throws -> URL {
    let isName = name.utf8.allSatisfy { byte in
      byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte)
        || (0x61...0x7A).contains(byte | 0x20)
    }
    guard isName, name.contains(where: \.isLetter) else { throw LessonError.badName(name) }
    let folder = course.appendingPathComponent(
      name.first?.isNumber == true ? name : next(in: course) + "-" + name, isDirectory: true)
    let files = FileManager.default
    guard !files.fileExists(atPath: folder.path) else {
      throw LessonError.exists(path: folder.path)
    }
    do {
      try files.createDirectory(at: folder, withIntermediateDirectories: true)
      let patterns = LessonContent.engine.appendingPathComponent("new-lesson")
      for file in try files.contentsOfDirectory(atPath: patterns.path) {
        try files.copyItem(
          at: patterns.appendingPathComponent(file), to: folder.appendingPathComponent(file))
      }
    } catch {
      throw LessonError.cannotWrite(path: folder.path, reason: error.localizedDescription)
    }
    return folder
  }

  /// The number after the last lesson's, in two digits.
  private static func next(in course: URL) -> String {
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: course.path)) ?? []
    let last = entries.compactMap { Int($0.prefix { $0.isNumber }) }.max() ?? 0
    return last + 1 < 10 ? "0\(last + 1)" : String(last + 1)
  }
}
