/// A kind of step of a lesson: what lesson.yml says of it, how it is played, how it is checked.
protocol StepKind: SendableMetatype {
  /// The keys that lesson.yml may have, beside `id` and `kind`.
  static var keys: [String] { get }

  /// - Throws: ``LessonError/file(path:line:problem:)``.
  init(_ step: YAMLMapping, id: String) throws

  /// What its prose must have.
  ///
  /// - Throws: ``LessonError/file(path:line:problem:)``.
  func check(_ section: Prose.Section, path: String) throws

  /// Plays it with a learner.
  func play(_ player: Player) throws -> Outcome

  /// Does it by its own solution, and tries what must not pass.
  ///
  /// - Throws: what would keep a learner from going on.
  func prove(_ check: LessonProof) throws

  /// The lines that a learner types to pass it.
  func solutionLines(_ values: Values) throws -> [String]

  /// The recording that can be played with freely in it.
  var playTrace: String? { get }

  /// The names of values that it uses by themselves, not in SQL.
  var valueNames: [String] { get }

  /// Its queries.
  var queries: [ValueQuery] { get }

  /// Texts with templates, beside its prose.
  var templates: [String] { get }
}

extension StepKind {
  var keys: [String] { Self.keys }
  var playTrace: String? { nil }
  var valueNames: [String] { [] }
  var queries: [ValueQuery] { [] }
  var templates: [String] { [] }
}

/// What became of a step.
enum Outcome: Equatable {
  case passed, skipped, back, quit
}

/// Every kind of step by its name.
let stepKinds: [String: any StepKind.Type] = [
  "read": ReadStep.self, "record": RecordStep.self, "predict": PredictStep.self,
  "sql": SQLStep.self, "step": DebuggerStep.self, "explain": ExplainStep.self,
  "train": TrainStep.self, "quantize": QuantizeStep.self,
]

extension Prose.Section {
  /// Whether a kind of step has hints.
  enum Hints {
    case none, possible, needed
  }

  /// - Throws: where one of the parts is there that the kind of step has no use for.
  func allow(
    question: Bool = false, hints: Hints = .none, choices: Bool = false, path: String, kind: String
  ) throws {
    func refuse(_ what: String, _ passage: Prose.Passage?) throws {
      guard let passage else { return }
      throw LessonError.file(
        path: path, line: passage.line, problem: "a step of the kind \"\(kind)\" has no \(what)")
    }
    if !question { try refuse("question", self.question) }
    if hints == .none { try refuse("hint", self.hints.first) }
    if !choices { try refuse("choice", self.choices.first?.text) }
    if question, self.question == nil {
      throw LessonError.file(
        path: path, line: line, problem: "the step \"\(id)\" needs \"### question\"")
    }
    if hints == .needed, self.hints.isEmpty {
      throw LessonError.file(
        path: path, line: line, problem: "the step \"\(id)\" needs \"### hint\"")
    }
  }

  /// - Throws: unless the choices are these, in this order.
  func checkChoices(_ keys: [String], needsReasons: Bool, path: String) throws {
    for key in keys where !choices.contains(where: { $0.key == key }) {
      throw LessonError.file(
        path: path, line: line, problem: "the step \"\(id)\" needs \"### choice \(key)\"")
    }
    for choice in choices {
      guard keys.contains(choice.key) else {
        throw LessonError.file(
          path: path, line: choice.text.line,
          problem: "\"\(choice.key)\" is no choice of \"\(id)\" in lesson.yml")
      }
      if needsReasons, choice.reason == nil {
        throw LessonError.file(
          path: path, line: choice.text.line,
          problem: "the choice \"\(choice.key)\" needs a paragraph with its reason")
      }
    }
    for (choice, key) in zip(choices, keys) where choice.key != key {
      throw LessonError.file(
        path: path, line: choice.text.line,
        problem: "the choice \"\(choice.key)\" stands where lesson.yml has \"\(key)\"")
    }
  }
}
