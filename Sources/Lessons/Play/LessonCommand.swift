import Foundation

/// What can be typed at every prompt of a lesson.
enum LessonCommand: String, CaseIterable {
  case hint, skip, play, back, info, quit, help

  /// As they are typed everywhere.
  static let dottedWords = allCases.map { "." + $0.rawValue }

  /// - Parameter dotted: whether the words may mean something else, so that they begin with a dot.
  init?(_ line: String, dotted: Bool) {
    let word = line.trimmingCharacters(in: .whitespaces).lowercased()
    guard word.hasPrefix(".") || !dotted else { return nil }
    self.init(rawValue: word.hasPrefix(".") ? String(word.dropFirst()) : word)
  }
}
