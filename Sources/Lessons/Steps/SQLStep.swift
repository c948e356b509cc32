import Basics
import Debugger
import Foundation
import TraceStore

/// `sql`: the learner's query is run, and its result compared with that of the solution.
struct SQLStep: StepKind {
  static let keys = ["trace", "attach", "solution", "wrong", "rows", "columns", "tolerance"]

  let trace: String
  let attach: [String: String]
  let solution: String
  let wrong: [String]
  let comparison: SQLComparison

  init(_ step: YAMLMapping, id: String) throws {
    let what = "the step \"\(id)\""
    trace = try step.fileName("trace", of: what)
    attach = Dictionary(try step.texts("attach"), uniquingKeysWith: { $1 })
    solution = try step.required("solution", of: what)
    wrong = try step.strings("wrong")
    var comparison = SQLComparison()
    comparison.ordersRows = try Self.isOrdered("rows", step)
    comparison.ordersColumns = try Self.isOrdered("columns", step)
    if let text = try step.string("tolerance") {
      let share = text.hasSuffix("%") ? Double(text.dropLast()).map { $0 / 100 } : Double(text)
      guard let share, share >= 0, share < 1 else {
        throw step.error("\"tolerance\" has to be a share, as 1e-6 or 2%", at: step["tolerance"])
      }
      comparison.tolerance = share
    }
    self.comparison = comparison
  }

  private static func isOrdered(_ key: String, _ step: YAMLMapping) throws -> Bool {
    switch try step.string(key) {
    case nil: return false
    case "ordered": return true
    case .some(let other):
      throw step.error("\"\(key)\" can be ordered, not \"\(other)\"", at: step[key])
    }
  }

  var playTrace: String? { trace }
  var queries: [ValueQuery] { ([solution] + wrong).map(query) }

  func query(_ sql: String) -> ValueQuery { ValueQuery(trace: trace, attach: attach, sql: sql) }

  func check(_ section: Prose.Section, path: String) throws {
    try section.allow(question: true, hints: .needed, path: path, kind: "sql")
  }

  func play(_ player: Player) throws -> Outcome {
    try player.showQuestion()
    player.talk.say(.sqlHow)
    let completion = SQLCompletion(try player.recordings.session(for: query(solution)))
    return try player.attempt(
      prompt: "sql>", manyLines: true,
      showAnswer: {
        player.showSolution(solution.split(separator: "\n").map(String.init))
        return true
      },
      complete: { before, pending in
        completion.complete(before, pending: pending, width: player.talk.style.width)
      },
      judge: { sql in
        if sql.trimmingCharacters(in: .whitespacesAndNewlines).isEmpty { return false }
        let found: QueryResult
        let expected: QueryResult
        do {
          expected = try player.values.run(query(solution), of: "SQL")
          found = try player.values.run(query(sql), of: "SQL")
        } catch LessonError.query(_, let problem) {
          player.talk.show(problem.split(separator: "\n").map(String.init))
          return false
        }
        player.talk.show(
          found.lines(
            mostRows: 20, style: player.talk.style, none: player.text(.noRows),
            more: { player.text(.moreRows, "\($0)") }))
        if comparison.agrees(found, expected) { return true }
        if found.columns.count != expected.columns.count {
          player.talk.say(.sqlWrongColumns, "\(found.columns.count)", "\(expected.columns.count)")
        } else if found.rows.count != expected.rows.count {
          player.talk.say(.sqlWrongRows, "\(found.rows.count)", "\(expected.rows.count)")
        } else {
          player.talk.say(.sqlWrongValues)
        }
        return false
      })
  }

  func prove(_ proof: LessonProof) throws {
    let expected = try proof.values.run(query(solution), of: "its solution")
    try proof.expect(!expected.rows.isEmpty, "its solution gives no rows")
    let readsValues = !SQLParameters.names(in: solution).isEmpty
    let isMeasured = try readsValues || proof.recordings.isMeasured(by: query(solution))
    try proof.expect(
      isMeasured, "its solution reads no recording and no value, so its result is written down")
    try proof.expect(
      !comparison.agrees(QueryResult(columns: [], rows: []), expected), "an empty result passes")
    for sql in wrong {
      let found = try proof.values.run(query(sql), of: "a wrong attempt")
      try proof.expect(!comparison.agrees(found, expected), "a wrong attempt passes: \(sql)")
    }
  }

  func solutionLines(_ values: Values) throws -> [String] {
    let lines = solution.split(separator: "\n").map(String.init)
    return lines.last?.trimmingCharacters(in: .whitespaces).hasSuffix(";") == true
      ? lines : lines + [""]
  }
}

extension QueryResult {
  /// As a table, at most so many rows of it, each line cut at the width.
  func lines(
    mostRows: Int, style: TextStyle, none: String, more: (Int) -> String
  ) -> [String] {
    guard !rows.isEmpty else { return [none] }
    var text = ""
    let formatter = TableFormatter(.box) { text += $0 }
    do {
      try formatter.begin(columns: columns)
      for row in rows.prefix(mostRows) { try formatter.add(row) }
      try formatter.end()
    } catch {
      return ["\(error)"]
    }
    let cut = text.split(separator: "\n").map { truncated(String($0), to: style.width) }
    return rows.count > mostRows ? cut + [more(rows.count - mostRows)] : cut
  }
}
