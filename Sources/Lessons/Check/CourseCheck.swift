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
  ///   - names: of the lessons; `nil` for all, and then also the summary.
  ///   - summary: the folder of the summary; `nil` for that of nibble.
  ///   - progress: called with the lesson and the step before it is tried.
  ///   - done: called with what each came to.
  public func run(
    _ names: [String]? = nil, summary: URL? = nil, progress: (String, String) -> Void = { _, _ in },
    done: (Result) -> Void
  ) {
    let state = FileManager.default.temporaryDirectory.appendingPathComponent(
      "nibble-check-\(getpid())-\(UInt32.random(in: 0 ... .max))")
    defer { try? FileManager.default.removeItem(at: state) }
    for name in names ?? course.names {
      let folder = state.appendingPathComponent("lessons").appendingPathComponent(name)
      var problems: [String]
      do {
        problems = LessonCheck(try course.lesson(named: name), model: model)
          .problems(in: folder) { progress(name, $0) }
      } catch {
        problems = ["\(error)"]
      }
      done(Result(name: name, problems: problems))
    }
    guard names == nil else { return }
    do {
      done(Result(name: "summary", problems: try Summary(folder: summary, state: state).problems()))
    } catch {
      done(Result(name: "summary", problems: ["\(error)"]))
    }
  }
}
