import Training

/// `train`: a small training loop of the lesson, into a database that `sql` steps can ask.
struct TrainStep: MakingStep {
  static let making = Phrase.training
  static let alreadyMade = Phrase.trainedAlready
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

  func path(in recordings: Recordings) -> String { recordings.path(of: trace) }

  func check(_ section: Prose.Section, path: String) throws {
    try section.allow(path: path, kind: "train")
  }

  func recipe(_ values: Values, model: String?) throws -> Recipe {
    let path = try values.recordings.existing(recording)
    let filled = try options.map { (name: $0.0, value: try values.filled($0.1)) }
    return try Recipe(
      filled + [(name: "recording", value: Recipe(of: path)?.text ?? "")], models: [])
  }

  func prove(_ proof: LessonProof) throws {
    let product = try self.product(proof.values, model: proof.model)
    _ = try train(product, proof.values, .silent)
    proof.values.forget()
  }

  func make(
    _ product: Product, _ values: Values, model: String?, text: EngineText, _ making: Making
  ) throws -> String? {
    try train(product, values, making) ? text(.trained) : nil
  }

  /// - Returns: whether it came to its end.
  private func train(_ product: Product, _ values: Values, _ making: Making) throws -> Bool {
    var options = TrainingOptions(recording: try values.recordings.existing(recording), output: "")
    for (name, value) in self.options { try options.set(name, to: values.filled(value)) }
    return try values.recordings.make(product) { part in
      options.output = part
      do {
        try trainLayer(options, isCancelled: making.isCancelled, progress: making.show)
        return (true, isWhole: true)
      } catch TrainingError.interrupted {
        return (false, isWhole: false)
      }
    }
  }
}
