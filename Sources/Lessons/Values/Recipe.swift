import Foundation
import Recording
import TraceStore

/// What a file of a lesson is made of. It is kept beside the file, which is used again only where it
/// would be made of the same.
struct Recipe: Equatable {
  let text: String

  /// - Parameters:
  ///   - options: with their values.
  ///   - models: the paths of the model files that are read.
  /// - Throws: `RecordingError.unreadable`.
  init(_ options: [(name: String, value: String)], models: [String]) throws {
    let lines =
      ["schema: \(TraceSchema.version)"]
      + (try models.map { "model: \(try ModelDigest.sha256(of: $0))" })
      + options.sorted { $0.name < $1.name }.map { "\($0.name): \($0.value)" }
    text = lines.joined(separator: "\n") + "\n"
  }

  /// The one that is kept beside a file.
  init?(of path: String) {
    guard let text = try? String(contentsOfFile: Self.path(of: path), encoding: .utf8) else {
      return nil
    }
    self.text = text
  }

  /// - Throws: ``LessonError/cannotWrite(path:reason:)``.
  func keep(beside path: String) throws {
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: Self.path(of: path)), options: .atomic)
    } catch {
      throw LessonError.cannotWrite(
        path: Self.path(of: path), reason: error.localizedDescription)
    }
  }

  static func path(of path: String) -> String { path + ".recipe" }
}

/// A file that a step of a lesson makes.
struct Product {
  let path: String
  let recipe: Recipe

  /// Whether it is there, and made of the same.
  var isMade: Bool {
    FileManager.default.fileExists(atPath: path) && Recipe(of: path) == recipe
  }
}
