import Foundation
import TestSupport
import Testing

/// The shell of `nibble sql` on a pseudo-terminal.
@Suite(.serialized) struct SQLTerminalTests {
  private func terminal(_ folder: ScratchFolder, _ arguments: String...) throws -> PseudoTerminal {
    if !FileManager.default.fileExists(atPath: folder.file()) {
      try Rehearsal(path: folder.file()).perform()
    }
    return try PseudoTerminal(
      DebuggerTerminal.program, ["sql", folder.file()] + arguments, home: folder.path)
  }

  @Test func asksCompletesAndRemembers() throws {
    let folder = try ScratchFolder()
    let first = try terminal(folder)
    try first.expect(".examples questions")
    try first.expect("sql> ")
    first.type("SELECT count(*) AS steps\r")
    try first.expect("...> ")
    first.type("FROM memory_t\t;\r")
    try first.expect("steps")
    try first.expect("sql> ")
    first.type("SELECT nam FROM op;\r")
    try first.expect("no such column: nam")
    try first.expect("^")
    try first.expect("sql> ")
    first.type(".quit\r")
    #expect(first.wait() == 0 && first.isAsItWas)

    let second = try terminal(folder)
    try second.expect("sql> ")
    second.type("\u{1B}[A\u{1B}[A\r")  // the line before the last: the failing query
    try second.expect("no such column: nam")
    try second.expect("sql> ")
    second.type("\u{4}")  // ^D
    #expect(second.wait() == 0 && second.isAsItWas)
  }

  @Test func interruptEndsAQueryAndClearsALine() throws {
    let folder = try ScratchFolder()
    let terminal = try terminal(folder)
    try terminal.expect("sql> ")
    terminal.type("WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n)\r")
    try terminal.expect("...> ")
    terminal.type("SELECT count(*) FROM n;\r")
    try terminal.expect("FROM n;\r\n")
    terminal.send(signal: SIGINT)
    try terminal.expect("The query was interrupted.")
    try terminal.expect("sql> ")
    terminal.type("SELECT 1 +\r")
    try terminal.expect("...> ")
    terminal.send(signal: SIGINT)
    try terminal.expect("^C\r\nsql> ")
    terminal.type("SELECT 'after' || 'wards' AS t;\r")
    try terminal.expect("afterwards")
    try terminal.expect("sql> ")
    terminal.type(".exit\r")
    #expect(terminal.wait() == 0)
  }

  /// Of a file that is read, what follows is not done.
  @Test func interruptEndsAFile() throws {
    let folder = try ScratchFolder()
    let script =
      "SELECT 'be' || 'gun';\n" + String(repeating: ".headers on\n", count: 1_000_000)
      + "SELECT 'en' || 'ded';\n"
    try script.write(toFile: folder.file("script.sql"), atomically: true, encoding: .utf8)
    let terminal = try terminal(folder)
    try terminal.expect("sql> ")
    terminal.type(".read \(folder.file("script.sql"))\r")
    try terminal.expect("begun")
    terminal.send(signal: SIGINT)
    #expect(try terminal.expect(anyOf: ["The query was interrupted.", "ended"]) == 0)
    try terminal.expect("sql> ")
    terminal.type("SELECT 'after' || 'wards';\r")
    try terminal.expect("afterwards")
    try terminal.expect("sql> ")
    terminal.type("\u{4}")
    #expect(terminal.wait() == 0)
  }

  /// A function that takes hours in one call: the second ^C ends the program, and the terminal is
  /// as it was.
  @Test func aSecondInterruptEndsWhatDoesNotListen() throws {
    let folder = try ScratchFolder()
    let terminal = try terminal(folder)
    try terminal.expect("sql> ")
    terminal.type("\(DebuggerTerminal.deafQuery)\r")
    try terminal.expect(DebuggerTerminal.announcement)
    #expect(terminal.wait(sending: SIGINT) == 130 && terminal.isAsItWas)
    #expect(
      terminal.output.contains("nibble: The query did not stop at ^C, so nibble ended"))
  }

  @Test func nothingThatATraceHoldsActsOnTheTerminal() throws {
    for format in ["csv", "list", "json", "box"] {
      let folder = try ScratchFolder()
      let terminal = try terminal(
        folder, "SELECT char(27) || '[2J' || char(155) AS \"\u{1B}]0;x\"", "--format", format)
      #expect(terminal.wait() == 0)
      #expect(terminal.output.contains("[2J") && !terminal.output.contains("\u{1B}"))
      #expect(!terminal.output.unicodeScalars.contains("\u{9B}"))
    }
  }

  @Test func timeIsLimited() throws {
    let folder = try ScratchFolder()
    let terminal = try terminal(folder, "--timeout", "0.2")
    try terminal.expect("sql> ")
    terminal.type(
      "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n;\r")
    try terminal.expect("The query was stopped after 0.2 s")
    try terminal.expect("sql> ")
    terminal.type("\u{4}")
    #expect(terminal.wait() == 0)
  }
}
