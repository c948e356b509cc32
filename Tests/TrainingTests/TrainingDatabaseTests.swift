import Foundation
import Recording
import TestSupport
import Testing
import TraceStore

@testable import Training

/// A training on a recording of the built-in model, and the database that it writes.
struct TrainingDatabaseTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func path(_ name: String) -> String { folder.file(name) }

  private func record(_ capture: Capture = .stats) throws -> String {
    var options = RecordingOptions(output: path("recording-\(capture.rawValue).sqlite"))
    options.prompts = ["Once upon a time, there was a gentle girl named Alice."]
    options.count = 1
    options.capture = capture
    _ = try Recording.record(options)
    return options.output
  }

  private func rows(_ database: String, _ sql: String) throws -> [[SQLValue]] {
    var rows: [[SQLValue]] = []
    try QuerySession(database: database).run(
      sql, columns: { _ in },
      row: {
        rows.append($0)
        return true
      })
    return rows
  }

  private static let all = """
    SELECT * FROM training_run JOIN training_step ON run = id ORDER BY run, step;
    SELECT * FROM training_memory ORDER BY run, category
    """

  @Test func theSameTrainingTwiceIsTheSameToTheLastBit() throws {
    var options = TrainingOptions(recording: try record(), output: path("one.sqlite"))
    options.steps = 4
    try trainLayer(options)
    // Captured values are what the recomputation comes to.
    options.recording = try record(.values)
    options.output = path("two.sqlite")
    try trainLayer(options)
    let one = try rows(path("one.sqlite"), Self.all)
    #expect(try rows(path("two.sqlite"), Self.all) == one)
    #expect(one.count > 8 * 4)

    let broken = """
      SELECT count(*) FROM training_run AS r
      WHERE peak_bytes <> (SELECT sum(bytes) FROM training_memory WHERE run = r.id)
      """
    #expect(try rows(path("one.sqlite"), broken) == [[.integer(0)]])
    #expect(
      try rows(path("one.sqlite"), "SELECT count(*) FROM training_summary") == [[.integer(8)]])
    // A training is replaced, and nothing else is.
    try trainLayer(options)
    try "text".write(toFile: path("note"), atomically: true, encoding: .utf8)
    options.output = path("note")
    #expect(throws: TraceError.wouldReplace(path: path("note"))) { try trainLayer(options) }
  }

  @Test func mistakesAreToldInASentence() throws {
    var options = TrainingOptions(recording: try record(), output: path("out.sqlite"))
    for (name, value) in [
      ("tensor", "blk.77.attn_q"), ("tensor", "blk.0.attn_norm.weight"),
      ("steps", "0"), ("steps", "x"), ("methods", "int5"),
      ("optimizers", ","), ("learning-rate", "-1"), ("learning-rate", "nan"), ("speed", "1"),
    ] {
      let error = #expect(throws: TrainingError.self, "\(name) \(value)") {
        var wrong = options
        try wrong.set(name, to: value)
        try trainLayer(wrong)
      }
      #expect(error.map { "\($0)".hasSuffix(".") } == true)
    }
    #expect(!FileManager.default.fileExists(atPath: options.output))
    options.recording = path("absent.sqlite")
    #expect(throws: TraceError.self) { try trainLayer(options) }
    options.recording = try record()
    #expect(throws: TrainingError.self) { try trainLayer(options, isCancelled: { true }) }
    #expect(!FileManager.default.fileExists(atPath: options.output))
  }

  @Test func everyTableAndColumnIsDocumented() {
    let lines = TrainingDatabase.schema.split(separator: "\n").map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    var columns = 0
    for (before, line) in zip(lines, lines.dropFirst()) {
      let isTable = line.hasPrefix("CREATE ")
      let isColumn =
        line.range(
          of: #"^([a-z_]+ (INTEGER|REAL|TEXT).*|.* AS [a-z_]+,?)$"#, options: .regularExpression)
        != nil && !line.hasPrefix("FROM ")
      guard isTable || isColumn else { continue }
      columns += 1
      #expect(before.hasPrefix("--"), "\(line)")
    }
    #expect(columns > 30)
  }
}
