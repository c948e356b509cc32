import Foundation
import TestSupport
import Testing
import TraceStore

/// The full screen of the real program, on a pseudo-terminal.
@Suite(.serialized) struct FullScreenTests {
  @Test func stepsAndPrintsAndLeaves() throws {
    let terminal = try DebuggerTerminal()
    try terminal.enter()
    try terminal.expect("operations of pass 1")
    #expect(!terminal.isAsItWas)
    try terminal.answer("step", "step 3 of")
    try terminal.answer("print st\t", "step = 3")  // completion
    try terminal.answer("\u{1B}[A\u{1B}[A", "step 4 of")  // the line before the last
    try terminal.answer("frobnicate", "Undefined command: \"frobnicate\".")
    try terminal.leave()
    try terminal.answer("print step", "step = 4")
    try terminal.answer("\u{1B}[A\u{1B}[A\u{1B}[A", "Undefined command")  // the history is one
    terminal.quit()
  }

  @Test(arguments: ["quit\r", "\u{4}"]) func leavesTheTerminalAsItWas(typed: String) throws {
    let terminal = try DebuggerTerminal(isFull: true)
    #expect(!terminal.isAsItWas)
    terminal.quit(by: typed)
    #expect(terminal.output.contains(DebuggerTerminal.left))
  }

  @Test func followsTheWindow() throws {
    let terminal = try DebuggerTerminal(isFull: true)
    terminal.resize(columns: 20, rows: 5)
    try terminal.expect("window too small")
    for (columns, rows) in [(120, 40), (40, 12)] {
      terminal.resize(columns: columns, rows: rows)
      try terminal.expect("operations of pass 1")
    }
    try terminal.answer("print step", "step = 2")
    terminal.quit()
  }

  @Test func playsInItsPanes() throws {
    let terminal = try DebuggerTerminal(isFull: true)
    try terminal.start("play start end --speed 1000")
    try terminal.expect(DebuggerTerminal.showsCursor)  // it ended
    try terminal.answer("print step", "memory of pass 3", "step = 428")
    terminal.quit()
  }

  @Test(arguments: ["x", "\u{1B}[A"]) func playsOnAPlainSessionUntilAKey(key: String) throws {
    let terminal = try DebuggerTerminal()
    terminal.type("play\r")
    try terminal.expect(DebuggerTerminal.entered)
    try terminal.expect("any key stops")
    terminal.type(key)
    try terminal.expect(DebuggerTerminal.left)
    try terminal.expect("step ")  // where it stopped
    try terminal.waitForPrompt()
    terminal.quit()
  }

  @Test func aProgramOfTheShellHasTheKeyboard() throws {
    let terminal = try DebuggerTerminal(isFull: true)
    terminal.type("shell read word && echo \"<$word>\"\r")
    try terminal.expect(DebuggerTerminal.left)
    terminal.type("typed\r")
    try terminal.expect("<typed>")
    try terminal.expect("Press Enter to go back")
    #expect(terminal.isAsItWas)
    try terminal.enter(by: "\r")
    terminal.type("info passes | head -1\r")
    try terminal.expect(DebuggerTerminal.left)
    try terminal.expect("pass")
    try terminal.expect("Press Enter to go back")
    try terminal.enter(by: "\r")
    terminal.type("shell exit 3\r")
    try terminal.expect("Press Enter to go back")
    terminal.send(signal: SIGINT)  // goes back as well
    try terminal.expect(DebuggerTerminal.entered)
    try terminal.expect("ended with exit code 3")
    terminal.quit()
  }
}
