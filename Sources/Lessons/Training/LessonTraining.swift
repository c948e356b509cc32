/// A training loop that a `train` step runs. It writes an SQLite file that `sql` steps and values
/// ask as they ask a recording.
protocol LessonTraining: Sendable {
  /// What `options` of the step may have.
  var optionNames: [String] { get }

  /// Runs to the end.
  ///
  /// - Parameters:
  ///   - model: `-m`, or `nil` for the built-in model.
  ///   - output: where the database goes; no file is there yet.
  ///   - isCancelled: asked often; `true` ends the run.
  ///   - progress: called with the share that is done, from 0 to 1.
  /// - Returns: whether it came to its end.
  /// - Throws: an error whose description is one sentence.
  func run(
    options: [String: String], model: String?, output: String, isCancelled: () -> Bool,
    progress: (Double) -> Void
  ) throws -> Bool
}

/// The training loop of `train` steps, where there is one.
let training: (any LessonTraining)? = nil
