import Foundation

/// Checks lessons of a course, and with all of them what closes it.
public struct CourseCheck {
  /// The lessons that are checked.
  public let course: Course
  /// `-m`, or `nil` for the built-in model.
  public let model: String?

  /// - Parameter model: `-m`, or `nil` for the built-in model.
  public init(_ course: Course, model: String? = nil) {
    self.course = course
    self.model = model
  }

  /// What one part of the course came to.
  public struct Result: Sendable {
    /// The lesson's name, or `summary`.
    public let name: String
    /// A line each; none where all is right.
    public let problems: [String]
  }

  /// Checks lessons in turn, in a folder that is removed again.
  ///
  /// - Parameters:
  ///   - folders: of the lessons; `nil` for all, and then also the summary.
  ///   - summary: the folder of the summary; `nil` for that of nibble.
  ///   - progress: called with the lesson and the step before it is tried.
  ///   - done: called with what each came to.
  public func run(
    _ folders: [URL]? = nil, summary: URL? = nil, progress: (String, String) -> Void = { _, _ in },
    done: (Result) -> Void
  ) {
    let state = FileManager.default.temporaryDirectory.appendingPathComponent(
      "nibble-check-\(getpid())-\(UInt32.random(in: 0 ... .max))")
    defer { try? FileManager.default.removeItem(at: state) }
    let file = ProgressFile(folder: state)
    for folder in folders ?? course.names.map(course.place) {
      let name = folder.lastPathComponent
      var problems: [String]
      do {
        let lesson = try course.lesson(in: folder)
        problems = LessonCheck(lesson, model: model).problems(
          in: try file.recordings(of: lesson.key, model: model).folder
        ) { progress(name, $0) }
      } catch {
        problems = ["\(error)"]
      }
      done(Result(name: name, problems: problems))
    }
    guard folders == nil else { return }
    do {
      let summary = try Summary(folder: summary, progress: file, model: model)
      done(Result(name: "summary", problems: summary.problems()))
    } catch {
      done(Result(name: "summary", problems: ["\(error)"]))
    }
  }
}
