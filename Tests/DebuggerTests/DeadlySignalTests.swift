import Foundation
import TestSupport
import Testing

/// Whatever ends the program, the terminal is left as it was found, and whoever started it sees
/// what ended it.
@Suite(.serialized) struct DeadlySignalTests {
  static let signals = [
    SIGTERM, SIGHUP, SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE,
  ]
  private static let quiet = ["SWIFT_BACKTRACE": "enable=no"]

  /// While a line is typed.
  @Test(arguments: signals, [false, true]) func atThePrompt(signal: Int32, isFull: Bool) throws {
    let terminal = try DebuggerTerminal(isFull: isFull, environment: Self.quiet)
    terminal.type("got")
    try terminal.expect("t")
    #expect(!terminal.isAsItWas)
    terminal.send(signal: signal)
    if isFull { try terminal.expect(DebuggerTerminal.left) }
    terminal.expectEnd(-signal)
  }

  /// In the middle of a command, where nobody waits for a key.
  @Test(arguments: [SIGTERM, SIGSEGV]) func duringAQuery(signal: Int32) throws {
    let terminal = try DebuggerTerminal(isFull: true, environment: Self.quiet)
    try terminal.start(DebuggerTerminal.endlessQuery)
    terminal.send(signal: signal)
    try terminal.expect(DebuggerTerminal.left)
    terminal.expectEnd(-signal)
  }

  /// Swift's backtracer, which had the signal before, is told once the screen is left.
  @Test(arguments: [false, true]) func withABacktrace(isFull: Bool) throws {
    let terminal = try DebuggerTerminal(
      isFull: isFull,
      environment: [
        "SWIFT_BACKTRACE":
          "enable=yes,interactive=no,color=no,symbolicate=off,threads=crashed,images=none,limit=4"
      ])
    terminal.send(signal: SIGSEGV)
    if isFull { try terminal.expect(DebuggerTerminal.left) }
    try terminal.expect("Program crashed")
    terminal.expectEnd(-SIGSEGV)
  }

  /// What a crash raises, with what it says on standard error beforehand. A stack that is full leaves
  /// no room for a handler on it.
  @Test(
    arguments: [("overflow", SIGSEGV), ("trap", crashOfTrap), ("abort", SIGABRT)], [false, true])
  func aCrash(_ crash: (way: String, signal: Int32), isFull: Bool) throws {
    let folder = try ScratchFolder()
    let terminal = try PseudoTerminal(
      DebuggerTerminal.program.deletingLastPathComponent().appending(path: "Crash"),
      [isFull ? "screen" : "line", crash.way], home: folder.path,
      environment: Self.quiet)
    if isFull {
      try terminal.expect(DebuggerTerminal.entered)
      try terminal.expect(DebuggerTerminal.left)
    } else {
      try terminal.expect("> ")
      #expect(!terminal.isAsItWas)
      terminal.type("\t")
    }
    try terminal.expect("Fatal error: meant")
    #expect(terminal.wait() == -crash.signal)
    #expect(terminal.isAsItWas)
  }

  /// What Swift's own traps raise.
  #if arch(x86_64)
    static let crashOfTrap = SIGILL
  #else
    static let crashOfTrap = SIGTRAP
  #endif
}
