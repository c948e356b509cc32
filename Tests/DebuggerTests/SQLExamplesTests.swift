import Basics
import Foundation
import Recording
import TestSupport
import Testing
import TraceStore

@testable import Debugger

/// The questions of `.examples`, the views and the functions, on traces of the built-in model.
@Suite struct SQLExamplesTests {
  let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    try Tiny.record(to: folder.file(), count: 4) { $0.capture = .values }
    try Tiny.record(to: folder.file("fused.sqlite"), count: 4) {
      $0.capture = .values
      $0.engine.strategy = .fused
    }
  }

  private func session() throws -> QuerySession {
    let session = try QuerySession(
      path: folder.file(), attached: [.init(name: "b", path: folder.file("fused.sqlite"))])
    session.weights = try ModelWeights(of: Trace(path: folder.file()), named: nil)
    return session
  }

  @Test func everyExampleHasAnAnswerThatFitsATerminal() throws {
    let session = try session()
    #expect(QueryExample.all.count >= 20)
    for (index, example) in QueryExample.all.enumerated() {
      let output = CollectedOutput()
      let shell = SQLShell(session: session, output: output, style: TextStyle())
      try shell.execute(".examples \(index + 1)")
      // Both runs chose the same tokens, and the model has no experts.
      let isEmpty = ["WHERE same = 0", "FROM expert_use"].contains { example.sql.contains($0) }
      #expect(isEmpty || output.text.contains("│"), "\(example.question)")
      for line in output.text.split(separator: "\n") {
        #expect(displayWidth(String(line)) <= 100, "\(example.question): \(line)")
      }
    }
  }

  /// Those that read the model file say in one sentence what to do where it is not at hand.
  @Test func anExampleWithoutTheModelFileSaysWhatToDo() throws {
    let session = try session()
    session.weights = try ModelWeights(of: Trace(path: folder.file()), named: "gone.gguf")
    let reading = QueryExample.all.indices.filter {
      QueryExample.all[$0].sql.contains("tensor_value(")
    }
    #expect(!reading.isEmpty)
    for index in QueryExample.all.indices {
      let shell = SQLShell(session: session, output: CollectedOutput(), style: TextStyle())
      guard reading.contains(index) else {
        try shell.execute(".examples \(index + 1)")
        continue
      }
      let error = #expect(throws: TraceError.self) { try shell.execute(".examples \(index + 1)") }
      #expect(
        try #require(error).description
          == "SQL: tensor_value: this reads the model file, and 'gone.gguf' is not there; name the file "
          + "with -m")
    }
  }

  @Test func examplesAreListedAndMissingOnesSaid() throws {
    let output = CollectedOutput()
    let shell = SQLShell(
      session: try QuerySession(path: folder.file()), output: output, style: TextStyle())
    try shell.execute(".examples")
    let lines = output.text.split(separator: "\n")
    #expect(lines.count > QueryExample.all.count && lines.allSatisfy { $0.count <= 80 })
    let compares = try #require(QueryExample.all.firstIndex { $0.needsOther })
    for (number, message) in [
      ("0", "There is no example 0"), ("x", "There is no example x"),
      ("\(compares + 1)", "This compares two traces; attach the other"),
    ] {
      let error = #expect(throws: SQLShellError.self) { try shell.execute(".examples \(number)") }
      #expect(try #require(error).description.hasPrefix(message))
    }
  }

  @Test func theReferenceIsInTheDocuments() throws {
    try expectDocument(SQLManual.markdown(), "docs/sql.md")
  }

  /// A trace compared with itself differs nowhere.
  @Test func nothingDiffersFromItself() throws {
    let session = try QuerySession(
      path: folder.file(), attached: [.init(name: "b", path: folder.file())])
    let differing = try session.result(
      of: "SELECT count(*), max(difference), min(cosine), sum(same_shape) FROM op_differences")
    let ops = try session.result(of: "SELECT count(*) FROM op").single
    #expect(differing.rows[0][0] == ops && differing.rows[0][3] == ops)
    #expect(differing.rows[0][1] == .real(0))
    #expect(abs(try #require(differing.rows[0][2].number) - 1) < 1e-12)
    #expect(try session.result(of: "SELECT * FROM first_difference").rows.isEmpty)
    #expect(
      try session.result(of: "SELECT sum(same) = count(*) FROM token_differences").single
        == .integer(1))
  }

  /// The first operation whose weights were rounded to float16 in one run alone.
  @Test func theFirstDifferenceIsFound() throws {
    let first = try session().result(
      of: "SELECT name FROM op_differences WHERE difference > :tolerance ORDER BY op LIMIT 1",
      with: ["tolerance": .real(1e-6)])
    #expect(first.single == .text("Qcur-0"))
    #expect(
      try session().result(of: "SELECT name FROM first_difference LIMIT 1").single
        == .text("Qcur-0"))
  }

  private static let python = ProcessInfo.processInfo.environment["NIBBLE_PYTHON"]
  private static let isCI = ProcessInfo.processInfo.environment["CI"] == "true"

  /// Every sum of the views, added up in Python from the raw tables through scripts/check-views.py.
  @Test(.enabled(if: python != nil || isCI, "NIBBLE_PYTHON is not set"))
  func pythonComesToTheSame() throws {
    let python = try #require(Self.python, "CI has to set NIBBLE_PYTHON to a python3 with numpy")
    var results = "{"
    for (name, query) in [
      ("differences", "SELECT * FROM op_differences"),
      (
        "vectors",
        "SELECT op, vec_norm(data) AS norm, vec_sum(data) AS sum, vec_argmax(data) AS argmax FROM value"
      ),
    ] {
      results += (results.count > 1 ? "," : "") + "\"\(name)\":"
      try session().run(query, format: .json) { results += $0 }
    }
    try (results + "}").write(
      toFile: folder.file("results"), atomically: true, encoding: .utf8)
    let script = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("scripts/check-views.py").path
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [python, script, folder.file(), folder.file("fused.sqlite")]
    process.standardInput = FileHandle(forReadingAtPath: folder.file("results"))
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let compared = try JSONDecoder().decode([String: Int].self, from: data)
    #expect(compared.count == 13)
    #expect(compared.values.reduce(0, +) > 10_000)
    #expect(compared["op_differences"] ?? 0 > 500)
  }
}
