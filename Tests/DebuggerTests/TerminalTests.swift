import Basics
import Foundation
import TestSupport
import Testing
import TraceStore

/// Lines that a person types to the real program on a terminal.
@Suite(.serialized) struct TerminalTests {
  @Test func welcomesStepsAndLeaves() throws {
    let terminal = try DebuggerTerminal()
    #expect(terminal.output.contains("You are here:"))
    try terminal.answer("s", "step 3 of")
    try terminal.answer("", "step 4 of")  // an empty line repeats
    terminal.quit()
  }

  @Test func completesAndRemembers() throws {
    let folder = try ScratchFolder()
    let first = try DebuggerTerminal(in: folder)
    try first.answer("inf\tmem\t", "at the peak")
    first.type("reverse-\t")
    try first.expect("reverse-finish")
    try first.expect("reverse-step")
    try first.answer("n\t", "At the beginning of the trace.")
    try first.answer("\u{1B}[A\u{1B}[A", "at the peak")  // the line before the last
    first.quit(by: "\u{4}")  // ^D

    let second = try DebuggerTerminal(in: folder)  // and in the next session
    try second.answer("\u{1B}[A", "at the peak")
    second.quit()
  }

  @Test func completesTensorsAndOperations() throws {
    let terminal = try DebuggerTerminal()
    try terminal.answer("goto ffn_ga\t1", "ffn_gate-1")
    try terminal.answer("whatis blk.1.ffn_ga\t", "blk.1.ffn_gate.weight")
    terminal.quit()
  }

  @Test func asksForTheLinesOfABlock() throws {
    let terminal = try DebuggerTerminal()
    try terminal.answer("break ffn_gate-0")
    for line in ["commands", "print op.name"] {
      terminal.type(line + "\r")
      try terminal.expect(">")
    }
    try terminal.answer("end")
    try terminal.answer("c", "op.name = ffn_gate-0")
    terminal.type("define broken\r")
    try terminal.expect(">")
    try terminal.interrupt("did not come to an \"end\"")  // ^C gives the block up
    terminal.type("\u{12}op.na")  // ^R finds the line of the block
    try terminal.expect("op.name")
    try terminal.answer("", "op.name = ffn_gate-0")
    terminal.quit()
  }

  @Test func doesTheInitFileOfTheHomeFolder() throws {
    let folder = try ScratchFolder()
    try "break layer 1\n".write(
      toFile: folder.file(".nibbleinit"), atomically: true, encoding: .utf8)
    let terminal = try DebuggerTerminal(in: folder)
    #expect(terminal.output.contains("Breakpoint 1: layer 1"))
    terminal.quit()
    let without = try DebuggerTerminal(in: folder, options: ["--no-init"])
    #expect(!without.output.contains("Breakpoint 1"))
    without.quit()
  }

  @Test func followsTheWidthOfTheWindow() throws {
    let terminal = try DebuggerTerminal()
    terminal.resize(columns: 40, rows: 20)
    try terminal.answer("mem", "peak of all")
    let lines = withoutColour(terminal.output).split(separator: "\r\n")
    let plotted = try #require(lines.lastIndex { $0.contains("Live memory") })
    for line in lines[plotted...].dropLast() {
      #expect(displayWidth(String(line)) <= 40, "\(line)")
    }
    terminal.quit()
  }

  @Test func takesTextOfAnyLanguage() throws {
    let terminal = try DebuggerTerminal()
    try terminal.answer("SELECT '日本🙂é' AS text;", "│ 日本🙂é │")
    terminal.quit()
  }

  /// A terminal of which nothing is known is written to all the same.
  @Test(arguments: ["dumb", "no-such-terminal", nil])
  func aSimpleTerminalWillDo(name: String?) throws {
    let terminal = try DebuggerTerminal(environment: ["TERM": name])
    try terminal.answer("print step", "step = 2")
    try terminal.answer("tui enable", "tui needs a terminal to draw on")
    try terminal.answer("play", "\"mem\" draws the same as text.")
    terminal.quit()
  }

  @Test(arguments: [false, true]) func noColorMeansNone(isFull: Bool) throws {
    for isOption in [false, true] {
      let terminal = try DebuggerTerminal(
        options: isOption ? ["--no-color"] : [], isFull: isFull,
        environment: isOption ? [:] : ["NO_COLOR": "1"])
      try terminal.answer("mem", "peak of all")
      terminal.quit()
      #expect(!terminal.output.contains(/\u{1B}\[[0-9;]*[34]8;5;[0-9;]*m/))
      #expect(isFull || !terminal.output.contains("\u{1B}[1m"))
    }
  }
}
