import Foundation
import TestSupport
import Testing

@testable import Lessons

/// A lesson on a terminal of 80 × 24: ^C, Tab, and what is typed where a screen waits.
@Suite struct TerminalHabitsTests {
  private func start(_ scratch: Scratch, _ lesson: URL) throws -> PseudoTerminal {
    try PseudoTerminal(
      TerminalLessonTests.program, ["learn", lesson.path, "--lang", "en"], home: scratch.url.path,
      environment: ["XDG_STATE_HOME": scratch.url.path])
  }

  private func progress(_ scratch: Scratch, of lesson: URL) throws -> LessonProgress? {
    let key = try Lesson(folder: lesson, isByPath: true).key
    return ProgressFile(folder: scratch.url.appendingPathComponent("nibble"))[key]
  }

  /// Goes through what comes before the recording.
  private func guess(_ terminal: PseudoTerminal) throws {
    try terminal.expect("(Enter goes on)")
    terminal.type("\r")
    try terminal.expect("your answer>")
    terminal.type("352\r")
  }

  @Test func aRecordingThatIsInterruptedCanBeBegunAgainOrLeftOut() throws {
    let scratch = try Scratch()
    let lesson = try scratch.lesson(
      changing: "lesson.yml", "count: 2}", to: "count: 500, capture: values}")
    let terminal = try start(scratch, lesson)
    try terminal.expect("(Enter goes on)")
    terminal.send(signal: SIGINT)
    try guess(terminal)
    for answer in [".skip\r", "\r"] {
      try terminal.expect("(Enter goes on)")
      terminal.type(answer)
      try terminal.expect("░")
      terminal.send(signal: SIGINT)
      try terminal.expect("Interrupted; what was made before is kept.")
    }
    try terminal.expect("(Enter goes on)")
    terminal.type(".skip\r")
    try terminal.expect("On to the next step.")
    try terminal.expect("has not been recorded")
    terminal.type(".quit\r")
    #expect(terminal.wait() == 0)
    #expect(terminal.isAsItWas)
    let kept = try #require(try progress(scratch, of: lesson))
    #expect(kept.said == ["guess": "352.0"])
    #expect(kept.passed == ["begin", "guess"])
    #expect(kept.skipped == ["record"])
  }

  @Test func aQueryIsInterruptedAndCompleted() throws {
    let scratch = try Scratch()
    let lesson = try scratch.lesson()
    let terminal = try start(scratch, lesson)
    try guess(terminal)
    try terminal.expect("(Enter goes on)")
    terminal.type("\r")
    try terminal.expect("sql> ")
    terminal.type(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n;\r")
    try terminal.expect("FROM n;\r\n")
    terminal.send(signal: SIGINT)
    try terminal.expect("interrupted")
    try terminal.expect("sql> ")
    terminal.type(".hi\t\r")
    try terminal.expect("has a row for each tile.")
    try terminal.expect("sql> ")
    // A function, a column, a table.
    terminal.type("SELECT vec_dist")
    terminal.send(signal: SIGINT)
    try terminal.expect("sql> ")
    terminal.type("SELECT count(*) AS packed_by\tx FROM tile_li\t;\r")
    try terminal.expect("tile_lifetime ;")
    try terminal.expect("sql> ")
    terminal.type("SELECT sum(bytes) FROM tile;\r")
    try terminal.expect("your choice>")
    terminal.type("quit\r")
    #expect(terminal.wait() == 0)
    #expect(try progress(scratch, of: lesson)?.passed == ["begin", "guess", "record", "ask"])
  }

  @Test func aCommandIsHeardWhereAScreenWaits() throws {
    let scratch = try Scratch()
    let lesson = try scratch.lesson(
      changing: "en.md", "What the lesson is about",
      to: String(repeating: "A paragraph.\n\n", count: 40) + "What the lesson is about")
    for command in [".skip", "quit"] {
      let terminal = try start(scratch, lesson)
      try terminal.expect("(Enter for more)")
      #expect(terminal.output.split(separator: "\n").count <= 24)
      terminal.type("\r")
      try terminal.expect("(Enter for more)")
      terminal.type(command + "\r")
      if command == ".skip" {
        try terminal.expect("your answer>")
        terminal.type("\u{4}")
      }
      try terminal.expect("goes on here.")
      #expect(terminal.wait() == 0)
      try FileManager.default.removeItem(at: scratch.url.appendingPathComponent("nibble"))
    }
  }
}
