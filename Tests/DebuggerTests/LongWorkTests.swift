import Foundation
import Recording
import TestSupport
import Testing
import TraceStore

/// What takes long, on a terminal: it tells how far it is, and ^C ends it and not the session.
@Suite(.serialized) struct LongWorkTests {
  /// In a line mode, on a full screen.
  private static func terminal(
    _ arguments: [String], in folder: ScratchFolder, isFull: Bool
  ) throws -> PseudoTerminal {
    return try PseudoTerminal(
      TerminalTests.program, arguments: ["step"] + arguments + (isFull ? ["--tui"] : []),
      environment: [
        "TERM": "xterm-256color", "HOME": folder.path, "XDG_STATE_HOME": folder.path + "/state",
        "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin",
        "NIBBLE_MODELS": ModelCatalogue.cacheFolder.path,
      ])
  }

  /// The session is still there, at a step, and ends as it should.
  private func expectAlive(_ terminal: PseudoTerminal, isFull: Bool) throws {
    terminal.type("print step\r" + (isFull ? FullScreenTests.repaint : ""))
    try terminal.expect("step = ")
    terminal.type("quit\r")
    #expect(terminal.wait() == 0)
    #expect(terminal.isAsItWas)
  }

  /// ^C until a text tells that it was heard. On the full screen it is drawn whole then, and not as
  /// what differs from what stood there.
  private func interrupt(
    _ terminal: PseudoTerminal, until text: String, isFull: Bool, tries: Int = 40
  ) throws {
    for _ in 0..<tries where !terminal.output.contains(text) {
      terminal.send(signal: SIGINT)
      try settle(terminal)
      if isFull { terminal.type(FullScreenTests.repaint) }
      try settle(terminal)
    }
    guard tries > 2 else { return }
    try terminal.expect(text)
    while try terminal.read(milliseconds: 1000) {}  // a ^C that came too late
  }

  /// Reads what is written until nothing comes for a while, or for some time.
  private func settle(_ terminal: PseudoTerminal) throws {
    for _ in 0..<20 {
      guard try terminal.read(milliseconds: 300) else { return }
    }
  }

  @Test(arguments: [false, true]) func aQuery(isFull: Bool) throws {
    let folder = try ScratchFolder()
    try Rehearsal(path: folder.file()).perform()
    let terminal = try Self.terminal([folder.file()], in: folder, isFull: isFull)
    try terminal.expect("(nibble) ")
    terminal.type(FullScreenTests.endlessQuery)
    try terminal.expect("FROM c;")
    try settle(terminal)  // the line was taken
    try interrupt(terminal, until: "interrupted", isFull: isFull)
    try expectAlive(terminal, isFull: isFull)
  }

  /// A condition that takes long at every step.
  @Test(arguments: [false, true]) func aSearch(isFull: Bool) throws {
    let folder = try ScratchFolder()
    try Rehearsal(path: folder.file()).perform()
    let terminal = try Self.terminal([folder.file()], in: folder, isFull: isFull)
    try terminal.expect("(nibble) ")
    terminal.type("break any if length(hex(zeroblob(3000000 + event.step))) < 0\r")
    try terminal.expect("Breakpoint 1: any")
    let text = "The search was interrupted; you are still at step 2."
    // A ^C may come before the line is taken.
    for _ in 0..<50 where !terminal.output.contains(text) {
      terminal.type("continue\r")
      try settle(terminal)
      try interrupt(terminal, until: text, isFull: isFull, tries: 2)
    }
    #expect(terminal.output.contains(text))
    while try terminal.read(milliseconds: 1000) {}  // a ^C that came too late
    try expectAlive(terminal, isFull: isFull)
  }

  @Test(arguments: [false, true]) func aReplay(isFull: Bool) throws {
    let folder = try ScratchFolder()
    try Rehearsal(path: folder.file()).perform()
    let terminal = try Self.terminal([folder.file()], in: folder, isFull: isFull)
    try terminal.expect("(nibble) ")
    terminal.type("play start end --speed 0.2\r")
    if !isFull { try terminal.expect("any key stops") }
    for _ in 0..<5 { try terminal.read(milliseconds: 200) }
    terminal.resize(columns: 100, rows: 30)  // while it runs
    // What stood on the screen before is drawn anew at the new size alone.
    if isFull { try terminal.expect("memory of") }
    for _ in 0..<5 { try terminal.read(milliseconds: 200) }
    terminal.send(signal: SIGINT)
    if isFull { terminal.type(FullScreenTests.repaint) }
    try terminal.expect("(nibble) ")
    try expectAlive(terminal, isFull: isFull)
  }

  // MARK: - With a model of some size

  private static let prompt = Array(repeating: "The boat went out to sea again.", count: 90)
    .joined(separator: " ")

  private static let hasModel =
    ProcessInfo.processInfo.environment["CI"] != nil
    || FileManager.default.fileExists(
      atPath: ModelCatalogue.cacheFolder.appending(path: "SmolLM2-135M-Instruct.Q4_1.gguf").path)

  /// One long pass, of the prompt or after it.
  @Test(.enabled(if: hasModel, "scripts/fetch-smollm2 brings the model"), arguments: [false, true])
  func aPass(isFull: Bool) throws {
    let folder = try ScratchFolder()
    let terminal = try Self.terminal(
      ["-m", "smollm2", "-p", Self.prompt, "-o", folder.file()], in: folder, isFull: isFull)
    try terminal.expect("tokens; ")
    try terminal.expect("of 30 layers done, at ")
    try terminal.interrupt(until: "(nibble) ")
    // To the end of the pass that was given up, and on.
    terminal.type("continue\rcontinue\r")
    try terminal.expect("running ")
    try terminal.expect("of 30 layers done, at ")
    try interrupt(terminal, until: "Pass 2 was given up.", isFull: isFull)
    try expectAlive(terminal, isFull: isFull)
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
    let terminal = try Self.terminal([folder.file()], in: folder, isFull: isFull)
    try terminal.expect("(nibble) ")
    terminal.type(command + "\r")
    try terminal.expect("running the model again: pass 1 of 1, ")
    try terminal.expect("of 30 layers done, at ")
    try interrupt(terminal, until: "nterrupted", isFull: isFull)
    try expectAlive(terminal, isFull: isFull)
  }
}
