import Foundation

/// `train`: a small training loop of the lesson, into a database that `sql` steps can ask.
struct TrainStep: StepKind {
  static let keys = ["trace", "options"]

  let trace: String
  private let options: [String: String]
  private let loop: any LessonTraining

  init(_ step: YAMLMapping, id: String) throws {
    trace = try step.required("trace", of: "the step \"\(id)\"")
    guard let training else { throw step.error("this nibble has no training loop") }
    loop = training
    let mapping = try step.mapping("options")
    try mapping?.allow(training.optionNames, of: "the options of a training")
    options = Dictionary(try step.texts("options"), uniquingKeysWith: { $1 })
  }

  var templates: [String] { options.values.sorted() }

  func check(_ section: Prose.Section, path: String) throws {
    try section.allow(path: path, kind: "train")
  }

  func play(_ player: Player) throws -> Outcome {
    if player.recordings.has(trace) {
      player.talk.say(.trainedAlready)
      return try player.waitForEnter()
    }
    while true {
      let outcome = try player.waitForEnter()
      guard outcome == .passed else { return outcome }
      do {
        let done = try player.making(.training) { progress in
          try train(
            player.values, model: player.progress.model, isCancelled: progress.isCancelled,
            progress: progress.show(fraction:))
        }
        if done {
          player.talk.say(.trained)
          return .passed
        }
        player.talk.say(.interrupted)
      } catch {
        player.talk.say("\(error)")
      }
    }
  }

  func prove(_ proof: LessonProof) throws {
    _ = try train(proof.values, model: proof.model, isCancelled: { false }, progress: { _ in })
  }

  func solutionLines(_ values: Values) throws -> [String] { [""] }

  private func train(
    _ values: Values, model: String?, isCancelled: @escaping () -> Bool,
    progress: @escaping (Double) -> Void
  ) throws -> Bool {
    let options = try self.options.mapValues(values.filled)
    defer { values.forget() }
    return try values.recordings.make(values.recordings.path(of: trace)) { part in
      let isDone = try loop.run(
        options: options, model: model, output: part, isCancelled: isCancelled, progress: progress)
      return (isDone, isWhole: isDone)
    }
  }
}
