import Foundation
import Recording

/// How far a learner is in one lesson.
public struct LessonProgress: Codable, Equatable, Sendable {
  /// What the recordings are of: `-m`, or `nil` for the built-in model.
  public var model: String?
  /// The step that comes next.
  public var step = ""
  /// Steps that were passed.
  public var passed: [String] = []
  /// Steps that were skipped.
  public var skipped: [String] = []
  /// What was answered where the measurement comes later.
  public var said: [String: String] = [:]
  /// Predictions beside which the measurement was set.
  public var revealed: [String] = []
  /// Whether its last step was reached, at whatever time.
  public var isFinished = false
}

/// Everybody's progress on this machine's account: `$XDG_STATE_HOME/nibble/progress.json`.
public final class ProgressFile {
  private struct Contents: Codable {
    var version: Int
    var lessons: [String: LessonProgress]
  }
  private struct VersionAlone: Codable { var version: Int }

  static let version = 1
  /// The folder with the progress and the recordings of lessons.
  public let folder: URL
  /// What was wrong with the file, to be told once.
  public private(set) var problem: Problem?
  private var lessons: [String: LessonProgress] = [:]

  /// Why what was kept is not read.
  public enum Problem: Equatable, Sendable {
    /// Put aside under this name.
    case damaged(keptAs: String)
    /// Written by a newer nibble, and left as it is.
    case newer(path: String)
  }

  var url: URL { folder.appendingPathComponent("progress.json") }

  /// `$XDG_STATE_HOME/nibble`, or `~/.local/state/nibble`.
  public static func defaultFolder() -> URL {
    let state = ProcessInfo.processInfo.environment["XDG_STATE_HOME"] ?? ""
    let base =
      state.hasPrefix("/")
      ? URL(fileURLWithPath: state, isDirectory: true)
      : FileManager.default.homeDirectoryForCurrentUser.appendingPathComponent(".local/state")
    return base.appendingPathComponent("nibble", isDirectory: true)
  }

  /// Reads what is there. A damaged file is put aside; a newer one is neither read nor written.
  public init(folder: URL = ProgressFile.defaultFolder()) {
    self.folder = folder
    guard let data = FileManager.default.contents(atPath: url.path) else { return }
    let decoder = JSONDecoder()
    if let found = try? decoder.decode(VersionAlone.self, from: data), found.version > Self.version
    {
      problem = .newer(path: url.path)
    } else if let contents = try? decoder.decode(Contents.self, from: data) {
      lessons = contents.lessons
    } else {
      var aside = url.path + ".damaged"
      var number = 1
      while FileManager.default.fileExists(atPath: aside) {
        number += 1
        aside = url.path + ".damaged-\(number)"
      }
      if rename(url.path, aside) == 0 { problem = .damaged(keptAs: aside) }
    }
  }

  /// How far the learner is in a lesson; `nil` where it was never begun.
  public subscript(lesson: String) -> LessonProgress? { lessons[lesson] }

  /// Keeps the progress of one lesson; that of others stays as another process may have left it.
  ///
  /// - Throws: ``LessonError/cannotWrite(path:reason:)``.
  func keep(_ progress: LessonProgress?, of lesson: String) throws {
    lessons[lesson] = progress
    if case .newer = problem { return }
    if let data = FileManager.default.contents(atPath: url.path),
      let there = try? JSONDecoder().decode(Contents.self, from: data),
      there.version == Self.version
    {
      lessons = there.lessons
      lessons[lesson] = progress
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let data = try encoder.encode(Contents(version: Self.version, lessons: lessons))
      try data.write(to: url, options: .atomic)
    } catch {
      throw LessonError.cannotWrite(path: url.path, reason: error.localizedDescription)
    }
  }

  /// What was made in a lesson on a model: in a folder of the model's name and SHA-256.
  ///
  /// - Parameter model: `-m`, or `nil` for the built-in model.
  /// - Throws: `RecordingError` where there is no such model.
  func recordings(of lesson: String, model: String?) throws -> Recordings {
    let path = try ModelCatalogue.path(of: model)
    let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    let digest = try ModelDigest.sha256(of: path).prefix(8)
    return Recordings(
      folder: recordingsFolder(of: lesson).appendingPathComponent(
        "\(name)-\(digest)", isDirectory: true))
  }

  /// The folder with what was made in a lesson, on whatever model.
  func recordingsFolder(of lesson: String) -> URL {
    folder.appendingPathComponent("lessons", isDirectory: true)
      .appendingPathComponent(lesson, isDirectory: true)
  }
}
