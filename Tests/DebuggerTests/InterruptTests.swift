import Foundation
import Recording
import TestSupport
import Testing
import TraceStore

/// What takes long, on a terminal: it tells how far it is, and ^C ends it and not the session.
@Suite(.serialized) struct InterruptTests {
  @Test(arguments: [false, true]) func aLine(isFull: Bool) throws {
    let terminal = try DebuggerTerminal(isFull: isFull)
    terminal.type("goto 7")
    try terminal.expect("7")
    try terminal.interrupt("Quit")
    try terminal.answer("print step", "step = 2")
    terminal.quit()
  }

  /// Results go to a file; lines are then read as from a pipe.
  @Test func aLineWithoutAnEditor() throws {
    let folder = try ScratchFolder()
    try Rehearsal(path: folder.file()).perform()
    let terminal = try PseudoTerminal(
      URL(filePath: "/bin/sh"),
      ["-c", "exec \"$0\" step \"$1\" >\"$1.txt\"", DebuggerTerminal.program.path, folder.file()],
      home: folder.path)
    for word in ["first", "second"] {
      terminal.type(word + "\r")
      try terminal.expect("Undefined command: \"\(word)\".")
      terminal.send(signal: SIGINT)
    }
    terminal.type("print step\rquit\r")
    #expect(terminal.wait() == 0)
    #expect(
      try String(contentsOfFile: folder.file() + ".txt", encoding: .utf8).contains("step = 2\n"))
  }

  @Test(arguments: [false, true]) func aQuery(isFull: Bool) throws {
    let terminal = try DebuggerTerminal(isFull: isFull)
    try terminal.start(DebuggerTerminal.endlessQuery)
    try terminal.interrupt("interrupted")
    try terminal.answer("print mem.live", "mem.live = ")
    terminal.quit()
  }

  /// The commands of the command line that follow are not done; then a person types.
  @Test func aCommandOfTheCommandLine() throws {
    let terminal = try DebuggerTerminal(
      options: ["-ex", DebuggerTerminal.announcedQuery, "-ex", "print step", "-ex", "print step"],
      waits: false)
    try terminal.expect(DebuggerTerminal.announcement)
    terminal.send(signal: SIGINT)
    try terminal.expect("The query was interrupted.")
    let replies = ["Interrupted; what was to follow is not done.", "step = "]
    #expect(try terminal.expect(anyOf: replies) == 0)
    #expect(try terminal.expect(anyOf: [DebuggerTerminal.prompt] + replies) == 0)
    terminal.quit()
  }

  /// One call of a function that takes hours ends with the program.
  @Test(arguments: [false, true]) func aFunctionThatDoesNotListen(isFull: Bool) throws {
    let terminal = try DebuggerTerminal(isFull: isFull)
    terminal.type(DebuggerTerminal.deafQuery + "\r")
    try terminal.expect(DebuggerTerminal.announcement)
    #expect(terminal.wait(sending: SIGINT) == 130 && terminal.isAsItWas)
    #expect(
      terminal.output.contains("nibble: The query did not stop at ^C, so nibble ended"))
    if isFull { #expect(terminal.output.contains(DebuggerTerminal.left)) }
  }

  /// A condition that takes long at every step.
  @Test(arguments: [false, true]) func aSearch(isFull: Bool) throws {
    let terminal = try DebuggerTerminal(isFull: isFull)
    try terminal.answer(
      "break any if length(hex(zeroblob(3000000 + event.step))) < 0", "Breakpoint 1: any")
    try terminal.start("continue")
    try terminal.interrupt("The search was interrupted; you are still at step 2.")
    try terminal.answer("print mem.live", "mem.live = ")
    terminal.quit()
  }

  /// A plot of millions of steps.
  @Test(arguments: [false, true]) func aPlotOfMemory(isFull: Bool) throws {
    let folder = try ScratchFolder()
    try Rehearsal(path: folder.file()).perform()
    _ = try PeakTests.sqlite3(
      folder.file(),
      """
      INSERT INTO _event
      WITH RECURSIVE n(i) AS (SELECT max(step) + 1 FROM _event UNION ALL SELECT i + 1 FROM n)
      SELECT i, NULL, 0, 2, (SELECT memory FROM _event WHERE step = 1), NULL FROM n LIMIT 2000000
      """)
    let terminal = try DebuggerTerminal(in: folder, isFull: isFull)
    try terminal.start("mem all")
    try terminal.interrupt("interrupted")
    try terminal.answer("print mem.live", "mem.live = ")
    terminal.quit()
  }

  @Test(arguments: [false, true]) func aReplay(isFull: Bool) throws {
    let terminal = try DebuggerTerminal(isFull: isFull)
    try terminal.start("play start end --speed 0.2")
    if !isFull { try terminal.expect("any key stops") }
    terminal.resize(columns: 100, rows: 30)
    // All is drawn anew at the new size.
    try terminal.expect(isFull ? "memory of" : "any key stops")
    try terminal.interrupt(isFull ? "step " : DebuggerTerminal.left)
    try terminal.answer("print mem.live", "mem.live = ")
    terminal.quit()
  }

  /// Passes of a live run, each of which is short.
  @Test func generation() throws {
    let folder = try ScratchFolder()
    let terminal = try DebuggerTerminal(
      in: folder, ["-p", "Once upon a time", "-o", folder.file()])
    try terminal.start("generate 400")
    try terminal.interrupt("Interrupted.")
    let passes = try Trace(path: folder.file()).passCount()
    #expect(passes < 400)
    try terminal.answer("generate 2", "took in")
    terminal.quit()
    #expect(try Trace(path: folder.file()).passCount() == passes + 2)
  }

  // MARK: - With a model of some size

  private static let prompt = Array(repeating: "The boat went out to sea again.", count: 90)
    .joined(separator: " ")

  private static let hasModel =
    ProcessInfo.processInfo.environment["CI"] != nil
    || FileManager.default.fileExists(
      atPath: ModelCatalogue.cacheFolder.appending(path: "SmolLM2-135M-Instruct.Q4_1.gguf").path)
  private static let models = ["NIBBLE_MODELS": ModelCatalogue.cacheFolder.path]

  /// One long pass, of the prompt or after it.
  @Test(.enabled(if: hasModel, "scripts/fetch-smollm2 brings the model"), arguments: [false, true])
  func aPass(isFull: Bool) throws {
    let folder = try ScratchFolder()
    let terminal = try DebuggerTerminal(
      in: folder, ["-m", "smollm2", "-p", Self.prompt, "-o", folder.file()], isFull: isFull,
      environment: Self.models, waits: false)
    try terminal.expect("tokens; ")
    try terminal.expect("of 30 layers done, at ")
    terminal.send(signal: SIGINT)
    try terminal.expect("(nibble) ")
    // To the end of the pass that was given up, and on.
    terminal.type("continue\rcontinue\r")
    try terminal.expect("running ")
    try terminal.expect("of 30 layers done, at ")
    try terminal.interrupt("Pass 2 was given up.")
    try terminal.answer("print mem.live", "mem.live = ")
    terminal.quit()
  }

  /// What was not captured is recomputed for `print` and for `why`.
  @Test(
    .enabled(if: hasModel, "scripts/fetch-smollm2 brings the model"),
    arguments: [("print l_out-29[0..3]", false), ("why l_out-29[7]", true)])
  func aRecomputation(command: String, isFull: Bool) throws {
    let folder = try ScratchFolder()
    var options = RecordingOptions(output: folder.file())
    options.model = "smollm2"
    options.prompts = [Self.prompt]
    options.count = 0
    options.capture = .none
    _ = try record(options)
    let terminal = try DebuggerTerminal(
      in: folder, isFull: isFull, environment: Self.models)
    terminal.type(command + "\r")
    try terminal.expect("running the model again: pass 1 of 1, ")
    try terminal.expect("of 30 layers done, at ")
    try terminal.interrupt("nterrupted")
    try terminal.answer("print mem.live", "mem.live = ")
    terminal.quit()
  }
}
