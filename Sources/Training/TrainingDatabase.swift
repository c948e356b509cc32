import TraceStore

/// The database of a training.
enum TrainingDatabase {
  /// Its tables, each column with a comment.
  static let schema = String(decoding: PackageResources.training_sql, as: UTF8.self)

  /// Writes the file anew.
  ///
  /// - Throws: `TraceError`.
  static func write(_ results: [TrainingResult], of task: TrainingTask, to path: String) throws {
    let writer = try TableWriter(path: path, schema: schema)
    for (index, result) in results.enumerated() {
      let run = SQLValue.integer(index + 1)
      try writer.insert(
        into: "training_run",
        [
          run, .text(result.method), .text(result.optimizer?.rawValue),
          .real(result.learningRate.map(Double.init)), .text(task.tensor), .text(task.type.name),
          .integer(task.rows), .integer(task.cols), .integer(task.tokens),
          .integer(result.trained), .real(task.grid.halfStep), .real(result.steps.first?.loss),
          .real(result.finalLoss), .integer(result.forwardTiles), .integer(result.backwardTiles),
          .integer(result.peak.values.reduce(0, +)),
        ])
      for (number, step) in result.steps.enumerated() {
        try writer.insert(
          into: "training_step",
          [
            run, .integer(number + 1), .real(step.loss), .integer(step.changes.updates),
            .integer(step.changes.lost), .integer(step.changes.nibbles),
            .real(step.changes.rms), .real(Double(step.changes.largest)),
          ])
      }
      for category in TrainingCategory.allCases {
        guard let bytes = result.peak[category], bytes > 0 else { continue }
        try writer.insert(
          into: "training_memory", [run, .text(category.rawValue), .integer(bytes)])
      }
    }
    try writer.finish()
  }
}

extension SQLValue {
  fileprivate static func text(_ value: String?) -> SQLValue { value.map { .text($0) } ?? .null }
  /// Not finite is NULL.
  fileprivate static func real(_ value: Double?) -> SQLValue {
    value.flatMap { $0.isFinite ? .real($0) : nil } ?? .null
  }
}
