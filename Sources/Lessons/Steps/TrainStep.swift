/// `train`: a small training loop of the lesson, into a database that `sql` steps can ask.
struct TrainStep: StepKind {
  static let keys = ["trace", "options"]

  let trace: String
  /// The recording whose model and activations it trains on.
  private let recording: String
  private let options: [(String, String)]

  init(_ step: YAMLMapping, id: String) throws {
    trace = try step.fileName("trace", of: "the step \"\(id)\"")
    let mapping = try step.mapping("options")
    try mapping?.allow(["recording"] + TrainingOptions.names, of: "the options of a training")
    let all = try step.texts("options")
    guard let recording = all.first(where: { $0.0 == "recording" })?.1 else {
      throw step.error("the options of a training need a \"recording\"", at: step["options"])
    }
    self.recording = recording
    options = all.filter { $0.0 != "recording" }
    // A wrong option is found now, where it is written down as it is.
    for (name, value) in options where Template.holes(in: value).isEmpty {
      do {
        var trial = TrainingOptions(recording: "", output: "")
        try trial.set(name, to: value)
      } catch {
        throw step.error("\(error)", at: mapping?[name])
      }
    }
  }

  var templates: [String] { options.map(\.1) }

  func isMade(in recordings: Recordings) -> Bool { recordings.has(trace) }

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
            player.values, isCancelled: progress.isCancelled, progress: progress.show(fraction:))
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
    _ = try train(proof.values, isCancelled: { false }, progress: { _ in })
  }

  func solutionLines(_ values: Values) throws -> [String] { [""] }

  /// - Returns: whether it came to its end.
  private func train(
    _ values: Values, isCancelled: @escaping () -> Bool, progress: @escaping (Double) -> Void
  ) throws -> Bool {
    var options = TrainingOptions(recording: try values.recordings.existing(recording), output: "")
    for (name, value) in self.options { try options.set(name, to: values.filled(value)) }
    defer { values.forget() }
    return try values.recordings.make(values.recordings.path(of: trace)) { part in
      options.output = part
      do {
        try trainLayer(options, isCancelled: isCancelled, progress: progress)
        return (true, isWhole: true)
      } catch TrainingError.interrupted {
        return (false, isWhole: false)
      }
    }
  }
}
