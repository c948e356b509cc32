import Foundation
import Yams

/// A lesson as its folder has it; docs/lessons.md says how one is written.
public struct Lesson {
  /// The folder's name: `02-a-tile-appears`.
  public let name: String
  /// Where it lies.
  public let folder: URL
  /// About how long it takes.
  public let minutes: Int
  /// Models of the catalogue that it runs beside the learner's.
  public let needs: [String]
  let facts: [String: Fact]
  let claims: [Claim]
  let values: [String: ValueQuery]
  let steps: [Step]
  let prose: [Language: Prose]

  /// What is not measured in the lesson, with where it comes from.
  struct Fact {
    let value: String
    let source: String
    let note: String
    let line: Int?
  }

  /// Quantities that the prose states in words and the lesson does not measure, with their source.
  struct Claim {
    let wordings: [Language: [String]]
    let source: String
    let line: Int?
  }

  /// A step: what it is called, and what it does.
  struct Step {
    let id: String
    let line: Int?
    let kind: any StepKind
  }

  /// The number at the beginning of the name, where there is one.
  public var number: Int? { Int(name.prefix { $0.isASCII && $0.isNumber }) }

  /// How many steps it has.
  public var stepCount: Int { steps.count }

  /// Its title as the prose of the language has it.
  public func title(in language: Language) -> String { prose[language]?.title ?? name }

  /// - Throws: ``LessonError/file(path:line:problem:)``.
  public init(folder: URL) throws {
    self.folder = folder
    name = folder.lastPathComponent
    let file = try YAMLMapping.read(folder.appendingPathComponent("lesson.yml"))
    try file.allow(["minutes", "needs", "facts", "claims", "values", "steps"], of: "a lesson")
    guard let minutes = try file.integer("minutes"), minutes > 0 else {
      throw file.error("a lesson needs \"minutes\", about how long it takes")
    }
    self.minutes = minutes
    needs = try file.strings("needs")
    let facts = try Self.facts(file)
    let values = try Self.values(file)
    claims = try Self.claims(file)
    self.facts = facts
    self.values = values
    if let name = values.keys.first(where: { facts[$0] != nil }) {
      throw file.error("\"\(name)\" is a fact and a value", at: file["values"])
    }
    let steps = try Self.steps(file)
    self.steps = steps
    var prose: [Language: Prose] = [:]
    for language in Language.allCases {
      prose[language] = try Prose(
        contentsOf: folder.appendingPathComponent(language.rawValue + ".md"))
    }
    self.prose = prose
    for text in prose.values { try text.check(against: steps) }
  }

  static func facts(_ file: YAMLMapping) throws -> [String: Fact] {
    guard let all = try file.mapping("facts") else { return [:] }
    var facts: [String: Fact] = [:]
    for (name, node) in all.entries {
      try checkName(name, in: all, at: node)
      let fact = try YAMLMapping(node, path: file.path, what: "the fact \"\(name)\"")
      try fact.allow(["value", "source", "note"], of: "a fact")
      facts[name] = Fact(
        value: try fact.required("value", of: "the fact \"\(name)\""),
        source: try fact.required("source", of: "the fact \"\(name)\""),
        note: try fact.string("note") ?? "", line: fact.line)
    }
    return facts
  }

  static func claims(_ file: YAMLMapping) throws -> [Claim] {
    try file.mappings("claims", of: "a claim").map { claim in
      try claim.allow(Language.allCases.map(\.rawValue) + ["source"], of: "a claim")
      var wordings: [Language: [String]] = [:]
      for language in Language.allCases {
        let words = try claim.strings(language.rawValue)
        guard !words.isEmpty else { throw claim.error("a claim needs \"\(language.rawValue)\"") }
        wordings[language] = words
      }
      return Claim(
        wordings: wordings, source: try claim.required("source", of: "a claim"), line: claim.line)
    }
  }

  static func values(_ file: YAMLMapping) throws -> [String: ValueQuery] {
    guard let all = try file.mapping("values") else { return [:] }
    var values: [String: ValueQuery] = [:]
    for (name, node) in all.entries {
      try checkName(name, in: all, at: node)
      values[name] = try ValueQuery(
        YAMLMapping(node, path: file.path, what: "the value \"\(name)\""),
        what: "the value \"\(name)\"")
    }
    return values
  }

  /// A name that SQL takes as a parameter and a template as its name.
  private static func checkName(_ name: String, in file: YAMLMapping, at node: Node) throws {
    let isName = name.utf8.allSatisfy {
      $0 == UInt8(ascii: "_") || (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20)
    }
    guard isName, !(name.first?.isNumber ?? true) else {
      throw file.error("\"\(name)\" is no name; it takes letters, digits and _", at: node)
    }
    guard !DebuggerStep.placeNames.contains(name) else {
      throw file.error("\"\(name)\" is the name of a place in the debugger; take another", at: node)
    }
  }

  private static func steps(_ file: YAMLMapping) throws -> [Step] {
    let mappings = try file.mappings("steps", of: "a step")
    guard !mappings.isEmpty else {
      throw file.error("a lesson needs a list of \"steps\"", at: file["steps"])
    }
    var steps: [Step] = []
    for mapping in mappings {
      let id = try mapping.required("id", of: "a step")
      guard !steps.contains(where: { $0.id == id }) else {
        throw mapping.error("there are two steps \"\(id)\"")
      }
      let name = try mapping.required("kind", of: "the step \"\(id)\"")
      guard let kind = stepKinds[name] else {
        throw mapping.error(
          "\"\(name)\" is no kind of step; there are \(stepKinds.keys.sorted().joined(separator: ", "))",
          at: mapping["kind"])
      }
      try mapping.allow(["id", "kind"] + kind.keys, of: "a step of the kind \"\(name)\"")
      steps.append(Step(id: id, line: mapping.line, kind: try kind.init(mapping, id: id)))
    }
    return steps
  }
}
