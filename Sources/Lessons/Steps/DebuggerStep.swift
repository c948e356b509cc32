import Debugger
import Foundation
import TraceStore

/// `step`: the learner is in the real debugger, and is to get somewhere or to find something.
struct DebuggerStep: StepKind {
  static let keys = ["trace", "start", "check", "value", "unit", "tolerance", "solution", "wrong"]
  /// Names in `check` that say where the learner stands.
  static let placeNames = ["step", "pass", "layer", "op", "tile"]

  enum Goal {
    /// Gives 1 where the learner has arrived.
    case place(String)
    case value(String, unit: Unit, tolerance: Tolerance)
  }

  let trace: String
  let start: [String]
  let goal: Goal
  let solution: [String]
  let wrong: [[String]]

  init(_ step: YAMLMapping, id: String) throws {
    trace = try step.fileName("trace", of: "the step \"\(id)\"")
    start = try step.strings("start")
    solution = try step.strings("solution")
    wrong = try step.listsOfStrings("wrong")
    switch (try step.string("check"), try step.string("value")) {
    case (.some(let check), nil):
      goal = .place(check)
      guard !solution.isEmpty else {
        throw step.error("the step \"\(id)\" needs a \"solution\", a list of commands")
      }
    case (nil, .some(let value)):
      guard let unit = Unit(rawValue: try step.string("unit") ?? "") else {
        throw step.error("there is no such \"unit\"", at: step["unit"])
      }
      let text = try step.string("tolerance")
      guard let tolerance = text.map({ Tolerance($0, unit: unit) }) ?? .exact else {
        throw step.error("\"tolerance\" can be a share as 10%, or a number", at: step["tolerance"])
      }
      goal = .value(value, unit: unit, tolerance: tolerance)
    default:
      throw step.error("the step \"\(id)\" needs either \"check\" or \"value\"")
    }
  }

  var playTrace: String? { trace }
  var valueNames: [String] {
    if case .value(let value, _, _) = goal { [value] } else { [] }
  }
  var queries: [ValueQuery] {
    if case .place(let sql) = goal { [ValueQuery(trace: trace, sql: sql)] } else { [] }
  }
  var templates: [String] { start + solution + wrong.flatMap { $0 } }

  func check(_ section: Prose.Section, path: String) throws {
    try section.allow(question: true, hints: .needed, path: path, kind: "step")
  }

  func play(_ player: Player) throws -> Outcome {
    let session = try begin(player.recordings, player.values, player.talk.output, player.talk.style)
    session.useTerminal(player.talk.source)
    defer { session.leaveTerminal() }
    try player.showQuestion()
    player.talk.say(.debuggerHow)
    if case .value = goal { player.talk.say(.answerHow) }
    try session.showPlace()
    return try player.attempt(
      prompt: "", dotted: true,
      showAnswer: {
        player.showSolution(try shownSolution(player.values))
        return true
      },
      ask: { lines in session.nextLine(from: lines) },
      complete: { before, _ in session.completion(of: before) },
      judge: { line in
        if let answer = Self.answer(in: line) { return try judge(answer, player) }
        session.answer(line, from: player.talk.source)
        if session.isOver { throw LessonEnd.quit }
        guard case .place(let sql) = goal else { return false }
        return try hasArrived(session, sql, player.values)
      })
  }

  /// What follows `answer` in a line.
  private static func answer(in line: String) -> String? {
    let words = line.trimmingCharacters(in: .whitespaces)
    for command in ["answer", ".answer"] where words == command || words.hasPrefix(command + " ") {
      return String(words.dropFirst(command.count))
    }
    return nil
  }

  private func judge(_ answer: String, _ player: Player) throws -> Bool {
    guard case .value(let name, let unit, let tolerance) = goal else {
      player.talk.say(.debuggerHow)
      return false
    }
    guard let number = unit.parse(answer) else {
      player.talk.say(unit.howToAnswer)
      return false
    }
    let value = try player.values.number(name)
    if tolerance.contains(number, of: value) { return true }
    player.talk.say(number > value ? .answerTooHigh : .answerTooLow)
    return false
  }

  /// A session where the step begins.
  private func begin(
    _ recordings: Recordings, _ values: Values, _ output: any OutputSink, _ style: TextStyle
  ) throws -> DebuggerSession {
    let path = try recordings.existing(trace)
    let silent = CollectedOutput()
    let first = try DebuggerSession(trace: Trace(path: path), output: silent, style: style)
    for command in start { try first.execute(values.filled(command)) }
    let session = try DebuggerSession(trace: Trace(path: path), output: output, style: style)
    try session.begin(at: first.cursor.step)
    return session
  }

  /// Whether `check` gives 1 where the session stands.
  private func hasArrived(
    _ session: DebuggerSession, _ sql: String, _ values: Values
  ) throws -> Bool {
    let result = try values.single(
      ValueQuery(trace: trace, sql: sql), of: "check", more: try Self.place(of: session))
    return result.number == 1
  }

  static func place(of session: DebuggerSession) throws -> [String: SQLValue] {
    let step = session.cursor.step
    let op = try session.trace.op(at: step)
    return [
      "step": .integer(step),
      "pass": try session.trace.pass(at: step).map { .integer($0.id) } ?? .null,
      "layer": op?.layer.map { .integer($0) } ?? .null,
      "op": op.map { .text($0.name) } ?? .null,
      "tile": try session.trace.tile(at: step).map { .integer($0.id) } ?? .null,
    ]
  }

  /// The commands that get there, and the answer.
  private func shownSolution(_ values: Values) throws -> [String] {
    let commands = try solution.map(values.filled)
    guard case .value(let name, let unit, _) = goal else { return commands }
    let value = try values.number(name)
    return commands + ["answer " + unit.written(value)]
  }

  func prove(_ proof: LessonProof) throws {
    switch goal {
    case .place(let sql):
      try proof.expect(
        try !arrives(by: [], sql, proof), "it is passed where it begins, before any command")
      try proof.expect(
        try arrives(by: solution, sql, proof), "its solution does not get there")
      for commands in wrong {
        try proof.expect(
          try !arrives(by: commands, sql, proof),
          "a wrong attempt passes: \(commands.joined(separator: "; "))")
      }
    case .value(let name, let unit, let tolerance):
      let value = try proof.values.number(name)
      let session = try begin(proof.recordings, proof.values, CollectedOutput(), TextStyle())
      for command in try solution.map(proof.values.filled) { try session.execute(command) }
      try proof.expect(
        unit.parse(unit.written(value)).map { tolerance.contains($0, of: value) } ?? false,
        "the right answer \(unit.written(value)) does not pass")
      try proof.expect(unit.parse("") == nil, "an empty answer passes")
      for commands in wrong {
        for command in try commands.map(proof.values.filled) {
          guard let answer = Self.answer(in: command) else {
            throw proof.failure("\"\(command)\" is no \"answer X\", which \"wrong\" lists here")
          }
          try proof.expect(
            unit.parse(answer).map { !tolerance.contains($0, of: value) } ?? true,
            "a wrong attempt passes: answer\(answer)")
        }
      }
    }
  }

  /// Whether commands lead to the place, after whichever of them.
  private func arrives(by commands: [String], _ sql: String, _ proof: LessonProof) throws -> Bool {
    let session = try begin(proof.recordings, proof.values, CollectedOutput(), TextStyle())
    if try hasArrived(session, sql, proof.values) { return true }
    for (index, command) in commands.enumerated() {
      do {
        try session.execute(proof.values.filled(command))
      } catch {
        throw proof.failure("\"\(command)\" cannot be done: \(error)")
      }
      if try hasArrived(session, sql, proof.values) {
        try proof.expect(
          index + 1 == commands.count, "\"\(command)\" arrives before the commands end")
        return true
      }
    }
    return false
  }

  func solutionLines(_ values: Values) throws -> [String] { try shownSolution(values) }
}
