/// `read`: prose, and Enter.
struct ReadStep: StepKind {
  static let keys: [String] = []

  init(_ step: YAMLMapping, id: String) throws {}

  func check(_ section: Prose.Section, path: String) throws {
    try section.allow(path: path, kind: "read")
    guard !section.text.text.isEmpty else {
      throw LessonError.file(path: path, line: section.line, problem: "there is nothing to read")
    }
  }

  func play(_ player: Player) throws -> Outcome { try player.waitForEnter() }

  func prove(_ proof: LessonProof) throws {}

  func solutionLines(_ values: Values) throws -> [String] { [""] }
}
