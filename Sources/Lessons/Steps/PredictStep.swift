import Debugger
import Foundation
import TraceStore

/// `predict`: a number or a choice is asked for, and set beside the measurement when there is one.
struct PredictStep: StepKind {
  static let keys = ["value", "unit", "tolerance", "choices", "answer"]

  enum Asked {
    case number(value: String, unit: Unit, tolerance: Tolerance)
    case choice(Choices)
  }

  let asked: Asked

  init(_ step: YAMLMapping, id: String) throws {
    if step["choices"] != nil {
      for key in ["value", "unit", "tolerance"] where step[key] != nil {
        throw step.error("with \"choices\" there is no \"\(key)\"", at: step[key])
      }
      asked = .choice(try Choices(step, id: id))
      return
    }
    let value = try step.required("value", of: "the step \"\(id)\"")
    guard let unit = Unit(rawValue: try step.string("unit") ?? "") else {
      throw step.error(
        "\"unit\" can be \(Unit.allCases.map(\.rawValue).filter { !$0.isEmpty }.joined(separator: ", "))",
        at: step["unit"])
    }
    let text = try step.string("tolerance") ?? "10%"
    guard let tolerance = Tolerance(text, unit: unit) else {
      throw step.error("\"tolerance\" can be a share as 10%, or a number", at: step["tolerance"])
    }
    asked = .number(value: value, unit: unit, tolerance: tolerance)
  }

  var valueNames: [String] {
    if case .number(let value, _, _) = asked { [value] } else { [] }
  }
  var queries: [ValueQuery] {
    if case .choice(let choices) = asked { choices.queries } else { [] }
  }

  func check(_ section: Prose.Section, path: String) throws {
    if case .choice(let choices) = asked {
      try section.allow(
        question: true, hints: .possible, choices: true, path: path, kind: "predict")
      try section.checkChoices(choices.keys, needsReasons: false, path: path)
    } else {
      try section.allow(question: true, hints: .possible, path: path, kind: "predict")
    }
  }

  func play(_ player: Player) throws -> Outcome {
    try player.showQuestion()
    func showChoices() throws {
      if case .choice(let choices) = asked { try player.showChoices(choices.keys, of: choices) }
    }
    try showChoices()
    if case .number(_, let unit, _) = asked, unit != .none { player.talk.say(unit.howToAnswer) }
    var said = ""
    let outcome = try player.attempt(
      prompt: player.text(.answerPrompt), showQuestion: showChoices,
      judge: { answer in
        guard let understood = understood(answer) else {
          switch asked {
          case .number(_, let unit, _): player.talk.say(unit.howToAnswer)
          case .choice(let choices): player.talk.say(.chooseOneOf, choices.letters)
          }
          return false
        }
        said = understood
        return true
      })
    guard outcome == .passed || outcome == .skipped else { return outcome }
    player.remember(outcome == .passed ? said : nil)
    return outcome
  }

  /// What is kept of an answer, or `nil` where it is none.
  func understood(_ answer: String) -> String? {
    switch asked {
    case .number(_, let unit, _): unit.parse(answer).map { "\($0)" }
    case .choice(let choices): choices.key(of: answer)
    }
  }

  /// Compares what was said with what was measured; `false` if it cannot be measured yet.
  ///
  /// - Parameter section: the prose of this step, which may be an earlier one than the player's.
  func reveal(_ said: String?, of section: Prose.Section, _ player: Player) throws -> Bool {
    switch asked {
    case .number(let name, let unit, let tolerance):
      guard let value = try ifRecorded({ try player.values.number(name) }) else {
        return false
      }
      player.showComparison(
        said: said.flatMap(Double.init).flatMap { $0.isFinite ? $0 : nil }, measured: value,
        unit: unit, tolerance: tolerance)
    case .choice(let choices):
      guard let right = try ifRecorded({ try choices.right(player.values) }) else {
        return false
      }
      player.showComparison(said: said, right: right, of: section)
    }
    return true
  }

  func prove(_ proof: LessonProof) throws {
    try proof.expect(understood("") == nil, "an empty answer is taken")
    proof.reveals(self)
  }

  /// When the measurement is there.
  func proveReveal(_ proof: LessonProof) throws -> Bool {
    switch asked {
    case .number(let name, let unit, let tolerance):
      guard let value = try ifRecorded({ try proof.values.number(name) }) else {
        return false
      }
      let exact = unit.written(value)
      try proof.expect(
        unit.parse(exact).map { tolerance.contains($0, of: value) } ?? (value == 0),
        "the measured \(exact) does not count as close")
      try proof.expect(!tolerance.contains(0, of: value) || value == 0, "an answer of 0 is close")
    case .choice(let choices):
      guard let right = try ifRecorded({ try choices.right(proof.values) }) else {
        return false
      }
      try proof.expect(
        choices.keys.contains(right), "its answer \"\(right)\" is none of its choices")
    }
    return true
  }

  func solutionLines(_ values: Values) throws -> [String] {
    switch asked {
    case .number: ["1"]
    case .choice(let choices): [choices.letter(of: choices.keys[0])]
    }
  }
}
