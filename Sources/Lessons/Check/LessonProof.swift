import Foundation

/// A lesson that is gone through by its own solutions, with real recordings in a folder of its own.
final class LessonProof {
  /// Something that keeps a learner from passing, or lets a wrong attempt pass.
  struct Failure: Error, CustomStringConvertible {
    let step: String?
    let line: Int?
    let problem: String

    var description: String { problem }
  }

  let lesson: Lesson
  /// `-m`, or `nil` for the built-in model.
  let model: String?
  let recordings: Recordings
  let values: Values
  /// The step that is tried.
  var step: Lesson.Step?
  /// Predictions that wait for their measurement.
  var predictions: [(step: Lesson.Step, kind: PredictStep)] = []

  init(lesson: Lesson, model: String?, folder: URL) {
    self.lesson = lesson
    self.model = model
    recordings = Recordings(folder: folder)
    values = Values(facts: lesson.facts, queries: lesson.values, recordings: recordings)
  }

  func failure(_ problem: String) -> Failure {
    Failure(step: step?.id, line: step?.line, problem: problem)
  }

  /// - Throws: ``Failure`` with the problem, unless it holds.
  func expect(_ holds: Bool, _ problem: @autoclosure () -> String) throws {
    if !holds { throw failure(problem()) }
  }

  /// Has a prediction wait for its measurement.
  func reveals(_ prediction: PredictStep) {
    if let step { predictions.append((step, prediction)) }
  }
}
