/// `explain`: several choices, each wrong one with its own reason.
struct ExplainStep: StepKind {
  static let keys = ["choices", "answer"]

  let choices: Choices

  init(_ step: YAMLMapping, id: String) throws {
    choices = try Choices(step, id: id)
  }

  var queries: [ValueQuery] { choices.queries }

  func check(_ section: Prose.Section, path: String) throws {
    try section.allow(question: true, hints: .possible, choices: true, path: path, kind: "explain")
    try section.checkChoices(choices.keys, needsReasons: true, path: path)
  }

  func play(_ player: Player) throws -> Outcome {
    try player.showQuestion()
    try player.showChoices(choices.keys, of: choices)
    let right = try choices.right(player.values)
    return try player.attempt(
      prompt: player.text(.choicePrompt),
      showAnswer: {
        player.talk.say(.solution)
        try player.showChoices([right], of: choices)
        player.showReason(of: right, in: player.section)
        player.talk.gap()
        return true
      },
      showQuestion: { try player.showChoices(choices.keys, of: choices) },
      judge: { answer in
        guard let key = choices.key(of: answer) else {
          player.talk.say(.chooseOneOf, choices.letters)
          return false
        }
        player.talk.say(key == right ? .right : .wrong)
        player.showReason(of: key, in: player.section)
        player.talk.gap()
        return key == right
      })
  }

  func prove(_ proof: LessonProof) throws {
    let right = try choices.right(proof.values)
    guard choices.keys.contains(right) else {
      throw proof.failure("its answer \"\(right)\" is none of its choices")
    }
    try proof.expect(choices.key(of: "") == nil, "an empty answer passes")
    try proof.expect(
      choices.key(of: choices.letter(of: right)) == right, "its answer does not pass")
  }

  func solutionLines(_ values: Values) throws -> [String] {
    [choices.letter(of: try choices.right(values))]
  }
}
