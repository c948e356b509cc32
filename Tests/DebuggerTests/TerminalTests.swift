import Foundation
import TestSupport
import Testing
import TraceStore

/// Sessions of the real program on a pseudo-terminal.
@Suite(.serialized) struct TerminalTests {
  /// The program, beside the tests' own resources.
  static let program = Bundle.module.bundleURL.deletingLastPathComponent()
    .appending(path: "nibble")

  static func terminal(
    _ folder: ScratchFolder, arguments: [String] = [], environment: [String: String] = [:]
  ) throws -> PseudoTerminal {
    if !FileManager.default.fileExists(atPath: folder.file()) {
      try Rehearsal(path: folder.file()).perform()
    }
    var all = [
      "TERM": "xterm-256color", "HOME": folder.path, "XDG_STATE_HOME": folder.path + "/state",
      "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin",
    ]
    all.merge(environment) { $1 }
    return try PseudoTerminal(
      program, arguments: ["step", folder.file()] + arguments, environment: all)
  }

  @Test func welcomesStepsAndLeaves() throws {
    let folder = try ScratchFolder()
    let terminal = try Self.terminal(folder)
    try terminal.expect("You are here:")
    try terminal.expect("(nibble) ")
    terminal.type("s\r")
    try terminal.expect("step 3 of")
    try terminal.expect("(nibble) ")
    terminal.type("\r")  // an empty line repeats
    try terminal.expect("step 4 of")
    try terminal.expect("(nibble) ")
    terminal.type("quit\r")
    #expect(terminal.wait() == 0)
    #expect(terminal.isAsItWas)
  }

  @Test func completesAndRemembers() throws {
    let folder = try ScratchFolder()
    let first = try Self.terminal(folder)
    try first.expect("(nibble) ")
    first.type("inf\tmem\t\r")
    try first.expect("at the peak")
    try first.expect("(nibble) ")
    first.type("reverse-\t")
    try first.expect("reverse-step")
    try first.expect("reverse-finish")
    first.type("n\t\r")
    try first.expect("At the beginning of the trace.")
    try first.expect("(nibble) ")
    first.type("\u{1B}[A\u{1B}[A\r")  // the line before the last
    try first.expect("at the peak")
    try first.expect("(nibble) ")
    first.type("\u{4}")  // ^D
    #expect(first.wait() == 0)

    let second = try Self.terminal(folder)  // and in the next session
    try second.expect("(nibble) ")
    second.type("\u{1B}[A\r")
    try second.expect("at the peak")
    second.type("q\r")
    #expect(second.wait() == 0)
  }

  @Test func interruptsALineAndAQueryButNotTheSession() throws {
    let folder = try ScratchFolder()
    let terminal = try Self.terminal(folder)
    try terminal.expect("(nibble) ")
    terminal.type("goto 7")
    try terminal.expect("7")
    terminal.send(signal: SIGINT)
    try terminal.expect("Quit")
    try terminal.expect("(nibble) ")
    terminal.type("print step\r")
    try terminal.expect("step = 2")
    try terminal.expect("(nibble) ")
    terminal.type(
      "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c;\r")
    try terminal.expect("FROM c;")
    try terminal.expect("\n")  // the line was taken
    try terminal.interrupt(until: "interrupted")
    try terminal.expect("(nibble) ")
    terminal.type("print step\r")
    try terminal.expect("step = 2")
    terminal.type("q\r")
    #expect(terminal.wait() == 0)
  }

  @Test func interruptsASearchButNotTheSession() throws {
    let folder = try ScratchFolder()
    let terminal = try Self.terminal(folder)
    try terminal.expect("(nibble) ")
    // A condition that takes minutes.
    terminal.type("break any if length(hex(zeroblob(3000000 + event.step))) < 0\r")
    try terminal.expect("Breakpoint 1: any")
    try terminal.expect("(nibble) ")
    terminal.type("continue\r")
    try terminal.expect("continue\r\n")  // the line was taken
    try terminal.interrupt(until: "The search was interrupted; you are still at step 2.")
    try terminal.expect("(nibble) ")
    terminal.type("print step\r")
    try terminal.expect("step = 2")
    terminal.type("q\r")
    #expect(terminal.wait() == 0)
  }

  @Test func asksForTheLinesOfABlock() throws {
    let folder = try ScratchFolder()
    let terminal = try Self.terminal(folder)
    try terminal.expect("(nibble) ")
    terminal.type("break ffn_gate-0\r")
    try terminal.expect("(nibble) ")
    terminal.type("commands\r")
    try terminal.expect(">")
    terminal.type("print op.name\r")
    try terminal.expect(">")
    terminal.type("end\r")
    try terminal.expect("(nibble) ")
    terminal.type("c\r")
    try terminal.expect("op.name = ffn_gate-0")
    try terminal.expect("(nibble) ")
    terminal.type("define broken\r")
    try terminal.expect(">")
    terminal.send(signal: SIGINT)  // ^C gives the block up
    try terminal.expect("did not come to an \"end\"")
    try terminal.expect("(nibble) ")
    terminal.type("\u{12}op.na")  // ^R finds the line of the block
    try terminal.expect("op.name")
    terminal.type("\r")
    try terminal.expect("op.name = ffn_gate-0")
    try terminal.expect("(nibble) ")
    terminal.type("q\r")
    #expect(terminal.wait() == 0)
  }

  @Test func doesTheInitFileOfTheHomeFolder() throws {
    let folder = try ScratchFolder()
    try "break layer 1\n".write(
      toFile: folder.file(".nibbleinit"), atomically: true, encoding: .utf8)
    let terminal = try Self.terminal(folder)
    try terminal.expect("Breakpoint 1: layer 1")
    try terminal.expect("(nibble) ")
    terminal.type("q\r")
    #expect(terminal.wait() == 0)
    let without = try Self.terminal(folder, arguments: ["--no-init"])
    try without.expect("(nibble) ")
    #expect(!without.output.contains("Breakpoint 1"))
    without.type("q\r")
    #expect(without.wait() == 0)
  }

  @Test func interruptsAPassAndNotTheLiveSession() throws {
    let folder = try ScratchFolder()
    let terminal = try PseudoTerminal(
      Self.program,
      arguments: ["step", "-p", "Once upon a time", "-o", folder.file(), "-ex", "checkpoint"],
      environment: [
        "TERM": "xterm-256color", "HOME": folder.path, "XDG_STATE_HOME": folder.path + "/state",
        "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin",
      ])
    try terminal.expect("(nibble) ")
    // A pass is short, and the signal may come between two; the session then runs on to its end.
    for _ in 0..<20 where !terminal.output.contains("given up") {
      terminal.type("generate 400\r")
      try terminal.expect("generate 400\r\n")
      terminal.send(signal: SIGINT)
      try terminal.expect("alive")
      try terminal.expect("(nibble) ")
      terminal.type("restart 1\r")
      try terminal.expect("(nibble) ")
    }
    #expect(terminal.output.contains("Interrupted."))
    terminal.type("generate 2\r")
    try terminal.expect("took in")
    terminal.type("q\r")
    #expect(terminal.wait() == 0)
    #expect(terminal.isAsItWas)
    let trace = try Trace(path: folder.file())
    #expect(try trace.passes().contains { !$0.isFinished })
    #expect(try trace.passes().last?.isFinished == true)
  }

  @Test func followsTheWidthOfTheWindow() throws {
    let folder = try ScratchFolder()
    let terminal = try Self.terminal(folder)
    try terminal.expect("(nibble) ")
    terminal.resize(columns: 40, rows: 20)
    terminal.type("mem\r")
    try terminal.expect("peak of all")
    try terminal.expect("(nibble) ")
    let lines = withoutColour(terminal.output).split(separator: "\r\n")
    let plotted = try #require(lines.lastIndex { $0.contains("Live memory") })
    for line in lines[plotted...].dropLast() {
      #expect(displayWidth(String(line)) <= 40, "\(line)")
    }
    terminal.type("q\r")
    #expect(terminal.wait() == 0)
  }

  @Test func takesTextOfAnyLanguage() throws {
    let folder = try ScratchFolder()
    let terminal = try Self.terminal(folder)
    try terminal.expect("(nibble) ")
    terminal.type("SELECT '日本🙂é' AS text;\r")
    try terminal.expect("│ 日本🙂é │")
    terminal.type("q\r")
    #expect(terminal.wait() == 0)
  }

  @Test(arguments: [SIGTERM, SIGHUP])
  func leavesTheTerminalAsItWasWhenKilled(signal: Int32) throws {
    let folder = try ScratchFolder()
    let terminal = try Self.terminal(folder)
    try terminal.expect("(nibble) ")
    terminal.type("got")
    try terminal.expect("t")
    #expect(!terminal.isAsItWas)
    terminal.send(signal: signal)
    #expect(terminal.wait() == -signal)
    #expect(terminal.isAsItWas)
  }

  /// What a crash raises, while a line is read.
  @Test(arguments: [SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGFPE])
  func leavesTheTerminalAsItWasWhenItCrashes(signal: Int32) throws {
    let folder = try ScratchFolder()
    let terminal = try Self.terminal(folder, environment: ["SWIFT_BACKTRACE": "enable=no"])
    try terminal.expect("(nibble) ")
    terminal.type("got")
    try terminal.expect("t")
    terminal.send(signal: signal)
    #expect(terminal.wait() == -signal)
    #expect(terminal.isAsItWas)
  }

  /// A stack that is full leaves no room for a handler on it.
  @Test(arguments: ["screen", "line"])
  func leavesTheTerminalAsItWasWhenTheStackOverflows(mode: String) throws {
    let terminal = try PseudoTerminal(
      Self.program.deletingLastPathComponent().appending(path: "StackOverflow"),
      arguments: [mode], environment: ["TERM": "xterm-256color", "LC_ALL": "C.UTF-8"])
    if mode == "line" {
      try terminal.expect("> ")
      #expect(!terminal.isAsItWas)
      terminal.type("\t")
    } else {
      try terminal.expect(FullScreenTests.entered)
      try terminal.expect(FullScreenTests.left)
    }
    #expect(terminal.wait() == -SIGSEGV)
    #expect(terminal.isAsItWas)
  }

  @Test func noColorMeansNone() throws {
    let folder = try ScratchFolder()
    let terminal = try Self.terminal(folder, environment: ["NO_COLOR": "1"])
    try terminal.expect("(nibble) ")
    terminal.type("where\r")
    try terminal.expect("#0")
    terminal.type("q\r")
    #expect(terminal.wait() == 0)
    #expect(!terminal.output.contains("\u{1B}[1m"))
    #expect(!terminal.output.contains("\u{1B}[38"))
  }

  // MARK: - Without a terminal

  static func run(
    _ folder: ScratchFolder, _ arguments: [String], input: String = ""
  ) throws -> (code: Int32, output: String, messages: String) {
    if !FileManager.default.fileExists(atPath: folder.file()) {
      try Rehearsal(path: folder.file()).perform()
    }
    let process = Process()
    process.executableURL = program
    process.arguments = ["step", folder.file()] + arguments
    let pipes = (Pipe(), Pipe(), Pipe())
    process.standardInput = pipes.0
    process.standardOutput = pipes.1
    process.standardError = pipes.2
    try process.run()
    try pipes.0.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try pipes.0.fileHandleForWriting.close()
    let output = pipes.1.fileHandleForReading.readDataToEndOfFile()
    let messages = pipes.2.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (
      process.terminationStatus, String(decoding: output, as: UTF8.self),
      String(decoding: messages, as: UTF8.self)
    )
  }

  @Test func standardInputIsReadWithoutPrompt() throws {
    let folder = try ScratchFolder()
    let result = try Self.run(folder, [], input: "goto 9\nprint step\nbogus\nprint tile.rows\n")
    #expect(result.code == 0)
    #expect(result.output.contains("step = 9\n"))
    #expect(!result.output.contains("(nibble)") && !result.output.contains("\u{1B}"))
    #expect(result.messages == "Undefined command: \"bogus\". Try \"help\".\n")
  }

  @Test func batchEndsWithWhatItsCommandsCameTo() throws {
    let folder = try ScratchFolder()
    let good = try Self.run(folder, ["--batch", "-ex", "goto 9", "-ex", "print step"])
    #expect(good.code == 0)
    #expect(good.output.hasSuffix("step = 9\n"))
    let bad = try Self.run(folder, ["--batch", "-ex", "bogus", "-ex", "print step"])
    #expect(bad.code == 1)
    #expect(bad.output.isEmpty)
    let piped = try Self.run(folder, ["--batch"], input: "print step\nbogus\nprint step\n")
    #expect(piped.code == 1)
    #expect(piped.output == "step = 2\n")
  }

  @Test func aFullOutputIsAnError() throws {
    let folder = try ScratchFolder()
    try Rehearsal(path: folder.file()).perform()
    let process = Process()
    process.executableURL = Self.program
    process.arguments = ["step", folder.file(), "--batch", "-ex", "info tensors"]
    process.standardOutput = FileHandle(forWritingAtPath: "/dev/full")
    let messages = Pipe()
    process.standardError = messages
    try process.run()
    let text = messages.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 1)
    #expect(String(decoding: text, as: UTF8.self).contains("standard output: No space left"))
  }

  @Test func whatIsNoTraceIsOneSentence() throws {
    let folder = try ScratchFolder()
    try "not a database, but long enough to be taken for one".write(
      toFile: folder.file(), atomically: true, encoding: .utf8)
    let result = try Self.run(folder, ["--batch", "-ex", "step"])
    #expect(result.code == 1)
    #expect(result.output.isEmpty)
    #expect(result.messages.contains(folder.file()))
    #expect(result.messages.split(separator: "\n").count == 1)
  }
}
