import Foundation
import TestSupport
import Testing
import TraceStore

/// The full screen of the real program, on a pseudo-terminal.
@Suite(.serialized) struct FullScreenTests {
  /// What xterm's terminfo entry begins and ends a full screen with.
  static let entered = "\u{1B}[?1049h"
  static let left = "\u{1B}[?1049l"

  /// ^L: the screen is written whole, and not what has changed alone.
  static let repaint = "\u{0C}"

  /// A session in the full-screen mode, at its first prompt.
  static func fullScreen(
    _ folder: ScratchFolder, arguments: [String] = [], environment: [String: String] = [:]
  ) throws -> PseudoTerminal {
    let terminal = try TerminalTests.terminal(
      folder, arguments: ["--tui"] + arguments, environment: environment)
    try terminal.expect(entered)
    try terminal.expect("(nibble) ")
    return terminal
  }

  @Test func stepsAndPrintsAndLeaves() throws {
    let folder = try ScratchFolder()
    let terminal = try TerminalTests.terminal(folder)
    try terminal.expect("(nibble) ")
    terminal.type("tui enable\r")
    try terminal.expect(Self.entered)
    try terminal.expect("operations of pass 1")
    try terminal.expect("(nibble) ")
    #expect(!terminal.isAsItWas)
    terminal.type("step\r" + Self.repaint)
    try terminal.expect("step 3 of")
    terminal.type("print st\t\r" + Self.repaint)  // completion
    try terminal.expect("step = 3")
    terminal.type("\u{1B}[A\u{1B}[A\r" + Self.repaint)  // the line before the last
    try terminal.expect("step 4 of")
    terminal.type("frobnicate\r" + Self.repaint)
    try terminal.expect("Undefined command: \"frobnicate\".")
    terminal.type("tui disable\r")
    try terminal.expect(Self.left)
    try terminal.expect("(nibble) ")
    terminal.type("print step\r")
    try terminal.expect("step = 4")
    try terminal.expect("(nibble) ")
    terminal.type("\u{1B}[A\u{1B}[A\u{1B}[A\r")  // the history is one
    try terminal.expect("Undefined command")
    terminal.type("quit\r")
    #expect(terminal.wait() == 0)
    #expect(terminal.isAsItWas)
  }

  @Test(arguments: ["quit\r", "\u{4}"]) func leavesTheTerminalAsItWas(typed: String) throws {
    let folder = try ScratchFolder()
    let terminal = try Self.fullScreen(folder)
    #expect(!terminal.isAsItWas)
    terminal.type(typed)
    try terminal.expect(Self.left)
    #expect(terminal.wait() == 0)
    #expect(terminal.isAsItWas)
  }

  /// Deadly signals, and what a crash raises.
  @Test(arguments: [SIGTERM, SIGHUP, SIGQUIT, SIGABRT, SIGSEGV])
  func leavesTheTerminalAsItWasWhenKilled(signal: Int32) throws {
    let folder = try ScratchFolder()
    let terminal = try Self.fullScreen(folder, environment: ["SWIFT_BACKTRACE": "enable=no"])
    terminal.type("got")
    try terminal.expect("t")
    terminal.send(signal: signal)
    try terminal.expect(Self.left)
    #expect(terminal.wait() == -signal)
    #expect(terminal.isAsItWas)
  }

  /// In the middle of a command too, where nobody waits for a key.
  @Test func aSignalDuringAQueryLeavesTheTerminalAsItWas() throws {
    let folder = try ScratchFolder()
    let terminal = try Self.fullScreen(folder)
    terminal.type(Self.endlessQuery)
    try terminal.expect("FROM c;")
    terminal.send(signal: SIGTERM)
    try terminal.expect(Self.left)
    #expect(terminal.wait() == -SIGTERM)
    #expect(terminal.isAsItWas)
  }

  static let endlessQuery =
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c;\r"

  @Test func interruptsALineAndAQueryButNotTheSession() throws {
    let folder = try ScratchFolder()
    let terminal = try Self.fullScreen(folder)
    terminal.type("goto 7")
    try terminal.expect("7")
    terminal.send(signal: SIGINT)
    try terminal.expect("Quit")
    terminal.type("print step\r" + Self.repaint)
    try terminal.expect("step = 2")
    terminal.type(Self.endlessQuery)
    try terminal.expect("FROM c;")
    while try terminal.read(milliseconds: 300) {}
    terminal.send(signal: SIGINT)
    terminal.type(Self.repaint)
    try terminal.expect("interrupted")
    terminal.type("print mem.live\r" + Self.repaint)
    try terminal.expect("mem.live = ")
    terminal.type("quit\r")
    #expect(terminal.wait() == 0)
    #expect(terminal.isAsItWas)
  }

  /// ^Z gives the terminal back; fg draws the screen again.
  @Test func suspendsAndResumes() throws {
    let folder = try ScratchFolder()
    let terminal = try Self.fullScreen(folder)
    terminal.send(signal: SIGTSTP)
    try terminal.expect(Self.left)
    try terminal.waitUntilStopped()
    #expect(terminal.isAsItWas)
    terminal.send(signal: SIGCONT)
    try terminal.expect(Self.entered)
    try terminal.expect("operations of pass 1")
    terminal.type("print step\r" + Self.repaint)
    try terminal.expect("step = 2")
    #expect(!terminal.isAsItWas)
    terminal.type("quit\r")
    #expect(terminal.wait() == 0)
    #expect(terminal.isAsItWas)
  }

  @Test func followsTheWindow() throws {
    let folder = try ScratchFolder()
    let terminal = try Self.fullScreen(folder)
    terminal.resize(columns: 20, rows: 5)
    try terminal.expect("window too small")
    terminal.resize(columns: 120, rows: 40)
    try terminal.expect("operations of pass 1")
    terminal.resize(columns: 40, rows: 12)
    try terminal.expect("operations of pass 1")
    terminal.type("print step\r" + Self.repaint)
    try terminal.expect("step = 2")
    terminal.type("quit\r")
    #expect(terminal.wait() == 0)
    #expect(terminal.isAsItWas)
  }

  @Test func playsInItsPanes() throws {
    let folder = try ScratchFolder()
    let terminal = try Self.fullScreen(folder)
    terminal.type("play start end --speed 1000\r")
    try terminal.expect("FREE(")  // where it ended
    terminal.type("print step\r" + Self.repaint)
    try terminal.expect("memory of pass 3")
    try terminal.expect("step = 233")
    terminal.type("quit\r")
    #expect(terminal.wait() == 0)
    #expect(terminal.isAsItWas)
  }

  @Test(arguments: [SIGINT, SIGWINCH]) func playsOnAPlainSessionUntilAKey(signal: Int32) throws {
    let folder = try ScratchFolder()
    let terminal = try TerminalTests.terminal(folder)
    try terminal.expect("(nibble) ")
    terminal.type("play\r")
    try terminal.expect(Self.entered)
    try terminal.expect("any key stops")
    terminal.send(signal: signal)
    if signal == SIGWINCH {
      try terminal.read()
      terminal.type("x")
    }
    try terminal.expect(Self.left)
    try terminal.expect("step ")  // where it stopped
    try terminal.expect("(nibble) ")
    terminal.type("quit\r")
    #expect(terminal.wait() == 0)
    #expect(terminal.isAsItWas)
  }

  // MARK: - Keys

  @Test func searchesTheHistoryAndCutsWords() throws {
    let folder = try ScratchFolder()
    let terminal = try Self.fullScreen(folder)
    terminal.type("print step\rmem op\r")
    terminal.type("\u{12}pri" + Self.repaint)
    try terminal.expect("(reverse-i-search)`pri': print step")
    terminal.type("\r" + Self.repaint)
    try terminal.expect("step = 2")
    // Alt-b, Alt-d, and back; Alt-f to the end.
    terminal.type("print mem.live\u{1B}b\u{1B}dstep\u{1B}b\u{1B}f\r" + Self.repaint)
    try terminal.expect("(nibble) print step")
    try terminal.expect("step = 2")
    terminal.type("quit\r")
    #expect(terminal.wait() == 0)
  }

  @Test func controlXLeavesAndEntersWithWhatWasTyped() throws {
    let folder = try ScratchFolder()
    let terminal = try TerminalTests.terminal(folder)
    try terminal.expect("(nibble) ")
    terminal.type("print st")
    try terminal.expect("st")
    terminal.type("\u{18}a")
    try terminal.expect(Self.entered)
    try terminal.expect("(nibble) print st")
    terminal.type("ep\r" + Self.repaint)
    try terminal.expect("step = 2")
    terminal.type("print mem\u{18}a")
    try terminal.expect(Self.left)
    try terminal.expect("(nibble) print mem")
    terminal.type(".live\r")
    try terminal.expect("mem.live = ")
    try terminal.expect("(nibble) ")
    terminal.type("\u{18}a")
    try terminal.expect(Self.entered)
    try terminal.expect("step = 2")  // what stood there still does
    terminal.type("quit\r")
    #expect(terminal.wait() == 0)
    #expect(terminal.isAsItWas)
  }

  /// In the middle of a block too.
  @Test func aBlockGoesOnOnTheFullScreen() throws {
    let folder = try ScratchFolder()
    let terminal = try TerminalTests.terminal(folder)
    try terminal.expect("(nibble) ")
    terminal.type("define both\r")
    try terminal.expect(">")
    terminal.type("print step\r")
    try terminal.expect(">")
    terminal.type("\u{18}a")
    try terminal.expect(Self.entered)
    try terminal.expect(">")
    terminal.type("print mem.live\rend\rboth\r" + Self.repaint)
    try terminal.expect("step = 2")
    try terminal.expect("mem.live = ")
    terminal.type("quit\r")
    #expect(terminal.wait() == 0)
    #expect(terminal.isAsItWas)
  }

  @Test func theFocusDecidesWhatTheArrowsScroll() throws {
    let folder = try ScratchFolder()
    let terminal = try Self.fullScreen(folder)
    terminal.type("goto ffn_gate-0\r" + Self.repaint)
    try terminal.expect("=> ")
    terminal.type("\u{18}o\u{1B}[6~\u{1B}[6~\u{1B}[6~" + Self.repaint)
    try terminal.expect("result_output")
    terminal.type("\u{1B}[5~\u{1B}[5~\u{1B}[5~\u{1B}[5~" + Self.repaint)
    try terminal.expect("embd")
    terminal.type("focus tensor\r")
    try terminal.expect("one of the panes that are shown: operations, tile, commands")
    terminal.type("focus cmd\r\u{1B}[A\u{1B}[A\r" + Self.repaint)  // the history again
    try terminal.expect("(nibble) focus tensor")
    terminal.type("quit\r")
    #expect(terminal.wait() == 0)
  }

  // MARK: - Other programs

  @Test func aProgramOfTheShellHasTheKeyboard() throws {
    let folder = try ScratchFolder()
    let terminal = try Self.fullScreen(folder)
    terminal.type("shell read word && echo \"<$word>\"\r")
    try terminal.expect(Self.left)
    terminal.type("typed\r")
    try terminal.expect("<typed>")
    try terminal.expect("Press Enter to go back")
    #expect(terminal.isAsItWas)
    terminal.type("\r")
    try terminal.expect(Self.entered)
    terminal.type("info passes | head -1\r")
    try terminal.expect(Self.left)
    try terminal.expect("pass")
    try terminal.expect("Press Enter to go back")
    terminal.type("\r")
    try terminal.expect(Self.entered)
    terminal.type("shell exit 3\r")
    try terminal.expect("Press Enter to go back")
    terminal.send(signal: SIGINT)  // goes back as well
    try terminal.expect(Self.entered)
    try terminal.expect("ended with exit code 3")
    terminal.type("quit\r")
    #expect(terminal.wait() == 0)
    #expect(terminal.isAsItWas)
  }

  @Test(arguments: ["dumb", "no-such-terminal"])
  func aTerminalThatCannotIsRefusedInASentence(name: String) throws {
    let folder = try ScratchFolder()
    let terminal = try TerminalTests.terminal(folder, environment: ["TERM": name])
    try terminal.expect("(nibble) ")
    terminal.type("tui enable\r")
    try terminal.expect("tui needs a terminal to draw on")
    try terminal.expect("(nibble) ")
    terminal.type("play\r")
    try terminal.expect("\"mem\" draws the same as text.")
    try terminal.expect("(nibble) ")
    terminal.type("quit\r")
    #expect(terminal.wait() == 0)
    #expect(terminal.isAsItWas)
  }

  @Test(arguments: [true, false]) func noColorMeansNone(isOption: Bool) throws {
    let folder = try ScratchFolder()
    let terminal = try Self.fullScreen(
      folder, arguments: isOption ? ["--no-color"] : [],
      environment: isOption ? [:] : ["NO_COLOR": "1"])
    terminal.type("mem\r")
    try terminal.expect("peak of all")
    terminal.type("quit\r")
    #expect(terminal.wait() == 0)
    let colours = terminal.output.ranges(of: /\u{1B}\[[0-9;]*[34]8;5;[0-9;]*m/)
    #expect(colours.isEmpty)
  }
}
