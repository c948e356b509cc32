import Foundation
import TestSupport
import Testing

/// Keys on the full screen of the real program.
@Suite(.serialized) struct FullScreenKeysTests {
  private static let repaint = DebuggerTerminal.repaint

  @Test func searchTheHistoryAndCutWords() throws {
    let terminal = try DebuggerTerminal(isFull: true)
    terminal.type("print step\rmem op\r\u{12}pri" + Self.repaint)
    try terminal.expect("(reverse-i-search)`pri': print step")
    try terminal.answer("", "step = 2")
    // Alt-b, Alt-d, and back; Alt-f to the end.
    try terminal.answer(
      "print mem.live\u{1B}b\u{1B}dstep\u{1B}b\u{1B}f", "(nibble) print step", "step = 2")
    terminal.quit()
  }

  @Test func leaveAndEnterWithWhatWasTyped() throws {
    let terminal = try DebuggerTerminal()
    terminal.type("print st")
    try terminal.expect("st")
    try terminal.enter(by: "\u{18}a")
    try terminal.expect("(nibble) print st")
    try terminal.answer("ep", "step = 2")
    terminal.type("print mem")
    try terminal.leave(by: "\u{18}a")
    try terminal.expect("print mem")
    try terminal.answer(".live", "mem.live = ")
    try terminal.enter(by: "\u{18}a")
    try terminal.expect("step = 2")  // what stood there still does
    terminal.quit()
  }

  /// In the middle of a block too.
  @Test func enterInABlock() throws {
    let terminal = try DebuggerTerminal()
    for line in ["define both", "print step"] {
      terminal.type(line + "\r")
      try terminal.expect(">")
    }
    try terminal.enter(by: "\u{18}a")
    try terminal.expect(">")
    try terminal.answer("print mem.live\rend\rboth", "step = 2", "mem.live = ")
    terminal.quit()
  }

  @Test func scrollWhatHasTheFocus() throws {
    let terminal = try DebuggerTerminal(isFull: true)
    try terminal.answer("goto ffn_gate-0", "=> ")
    terminal.type("\u{18}o\u{1B}[6~\u{1B}[6~\u{1B}[6~" + Self.repaint)
    try terminal.expect("result_output")
    terminal.type("\u{1B}[5~\u{1B}[5~\u{1B}[5~\u{1B}[5~" + Self.repaint)
    try terminal.expect("embd")
    try terminal.answer(
      "focus tensor", "one of the panes that are shown: operations, tile, commands")
    terminal.type("focus cmd\r\u{1B}[A\u{1B}[A\r" + Self.repaint)  // the history again
    try terminal.expect("(nibble) focus tensor")
    terminal.quit()
  }
}
