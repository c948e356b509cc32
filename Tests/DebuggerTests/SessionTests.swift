import Foundation
import TestSupport
import Testing
import TraceStore

@testable import Debugger

@Suite struct SessionTests {
  /// A session over a rehearsal, and what it prints.
  static func session(_ folder: ScratchFolder) throws -> (DebuggerSession, CollectedOutput) {
    try Rehearsal(path: folder.file()).perform()
    let output = CollectedOutput()
    let session = try DebuggerSession(
      trace: Trace(path: folder.file()), output: output, style: TextStyle())
    return (session, output)
  }

  @Test(arguments: [
    ("interrupted", "", "; the recording ended early."),
    ("error", "no room\u{7}", "; an error ended the recording.\nThe error: no room\\x07\n"),
    ("error", "", "; an error ended the recording.\nType"),
  ])
  func theWelcomeTellsHowTheRecordingEnded(status: String, error: String, told: String) throws {
    let folder = try ScratchFolder()
    try Rehearsal(path: folder.file()).perform()
    _ = try PeakTests.sqlite3(
      folder.file(),
      "UPDATE meta SET value = '\(status)' WHERE key = 'status'; "
        + (error.isEmpty ? "" : "INSERT INTO meta VALUES ('error', '\(error)')"))
    let output = CollectedOutput()
    let session = try DebuggerSession(
      trace: Trace(path: folder.file()), output: output, style: TextStyle(width: 1000))
    try session.welcome()
    #expect(output.text.contains(told), "\(output.text)")
  }

  @Test func filesComeBeforeCommands() throws {
    let folder = try ScratchFolder()
    let (session, output) = try Self.session(folder)
    try "# where to begin\n\ngoto 20\nprint step\n".write(
      toFile: folder.file("a"), atomically: true, encoding: .utf8)
    let code = session.runScripts(scripts([folder.file("a")], ["step", "print step"], batch: true))
    #expect(code == 0)
    #expect(output.text.contains("step = 20\n"))
    #expect(output.text.hasSuffix("step = 21\n"))
  }

  @Test func batchLeavesAtTheFirstFailure() throws {
    let folder = try ScratchFolder()
    let (session, output) = try Self.session(folder)
    #expect(session.runScripts(scripts([], ["bogus", "print step"], batch: true)) == 1)
    #expect(output.messages == ["Undefined command: \"bogus\". Try \"help\"."])
    #expect(!output.text.contains("step ="))
  }

  @Test func withoutBatchTheSessionGoesOn() throws {
    let folder = try ScratchFolder()
    let (session, output) = try Self.session(folder)
    #expect(session.runScripts(scripts([], ["bogus", "print step"], batch: false)) == nil)
    #expect(output.text.contains("step = 2"))
    #expect(session.runScripts(scripts([], ["q", "print op"], batch: false)) == 0)
  }

  @Test func aFileThatFailsNamesItsLine() throws {
    let folder = try ScratchFolder()
    let (session, output) = try Self.session(folder)
    let path = folder.file("a")
    try "step\nstep x\nstep\n".write(toFile: path, atomically: true, encoding: .utf8)
    #expect(session.runScripts(scripts([path], [], batch: true)) == 1)
    let message = "\(path):2: step takes a number from 1 up, not \"x\"; \"help step\" says more."
    #expect(output.messages == [message])
    #expect(session.cursor.step == 3)
  }

  @Test func aFileThatCannotBeReadIsOneSentence() throws {
    let folder = try ScratchFolder()
    let (session, output) = try Self.session(folder)
    try Data([0xFF, 0xFE, 0x80]).write(to: URL(filePath: folder.file("binary")))
    for path in [folder.file("missing"), folder.path, folder.file("binary")] {
      #expect(session.runScripts(scripts([path], [], batch: true)) == 1)
    }
    #expect(output.messages.count == 3)
    for message in output.messages { #expect(message.contains("cannot be read")) }
  }

  @Test func linesOfAnotherProgramHaveNoPromptAndNoRepetition() throws {
    let folder = try ScratchFolder()
    let (session, output) = try Self.session(folder)
    #expect(
      session.run(ScriptedLines(["print step", "", "goto 5", "print step"]), stopsAtErrors: true)
        == 0)
    #expect(output.text.hasPrefix("step = 2\npass 1"))
    #expect(!output.text.contains("(nibble)"))
    #expect(output.text.components(separatedBy: "step = ").count == 3)
  }

  @Test func linesOfAnotherProgramStopAtErrorsInBatch() throws {
    let folder = try ScratchFolder()
    let (session, _) = try Self.session(folder)
    #expect(session.run(ScriptedLines(["bogus", "goto 5"]), stopsAtErrors: true) == 1)
    #expect(session.cursor.step == 2)
    #expect(session.run(ScriptedLines(["bogus", "goto 5"]), stopsAtErrors: false) == 0)
    #expect(session.cursor.step == 5)
  }

  @Test func anInterruptedLineEndsNothing() throws {
    final class Interrupted: LineSource {
      let isInteractive = true
      var replies: [LineReply] = [.interrupted, .line("goto 7"), .interrupted, .end]
      func next(prompt: String) -> LineReply { replies.removeFirst() }
    }
    let folder = try ScratchFolder()
    let (session, output) = try Self.session(folder)
    #expect(session.run(Interrupted(), stopsAtErrors: false) == 0)
    #expect(session.cursor.step == 7)
    #expect(output.text.hasPrefix("Quit\n"))
  }

  // MARK: - Commands

  @Test func everyCommandIsDeclaredOnceAndCanBeReached() throws {
    let names = Command.all.flatMap { [$0.name] + $0.aliases }
    #expect(Set(names).count == names.count)
    for command in Command.all {
      #expect(try Command.named(command.name).name == command.name)
      #expect(!command.summary.hasSuffix("."))
      #expect(!command.help.isEmpty)
      #expect(try Command.named(DebuggerSession.split(command.example).word).name == command.name)
    }
  }

  @Test(arguments: [
    ("s", "step"), ("n", "next"), ("c", "continue"), ("fin", "finish"), ("f", "finish"),
    ("rs", "reverse-step"), ("rn", "reverse-next"), ("rc", "reverse-continue"),
    ("reverse-f", "reverse-finish"), ("p", "print"), ("l", "list"), ("i", "info"), ("q", "quit"),
    ("w", "where"), ("bt", "where"), ("m", "mem"), ("g", "goto"), ("h", "help"), ("sq", "sql"),
  ])
  func shortNamesThatFingersKnow(short: String, name: String) throws {
    #expect(try Command.named(short).name == name)
  }

  /// The examples of the manual work as they stand.
  @Test func examplesWork() throws {
    let folder = try ScratchFolder()
    try Tiny.record(to: folder.file())
    let output = CollectedOutput()
    let session = try DebuggerSession(
      trace: Trace(path: folder.file()), output: output, style: TextStyle())
    for command in Command.all {
      _ = session.cursor.go(to: 20)
      let line = command.example.replacing("stops.nibble", with: folder.file("stops.nibble"))
      let code = session.run(ScriptedLines([line, "end"]), stopsAtErrors: false)
      // LiveSessionTests has a run for the commands that need one, and others have a terminal.
      let expected = { (text: String) in
        text.contains("\"end\"") || text.contains("live") || text.contains("needs a terminal")
      }
      #expect(code == 0 && output.messages.allSatisfy(expected), "\(line)")
    }
    #expect(session.isOver)
  }

  // MARK: - Completion

  @Test func completesCommandsTopicsAndNames() throws {
    let folder = try ScratchFolder()
    let (session, _) = try Self.session(folder)
    #expect(session.complete("he") == Completion(insert: "lp "))
    #expect(session.complete("rev") == Completion(insert: "erse-"))
    #expect(session.complete("reverse-").candidates.contains("reverse-finish"))
    #expect(session.complete("info me") == Completion(insert: "mory "))
    #expect(session.complete("i pass").candidates == "pass    passes\n")
    #expect(session.complete("help fin") == Completion(insert: "ish "))
    #expect(session.complete("print ffn_gate-1") == .nothing)
    #expect(session.complete("goto attn_n") == Completion(insert: "orm-"))
    #expect(session.complete("p blk.1.attn_k") == Completion(insert: ".weight "))
    #expect(session.complete("p mem.wei") == Completion(insert: "ghts"))
    #expect(session.complete("p cos") == Completion(insert: "ine("))
    #expect(session.complete("p 2 * cosine(Kcur-0, ffn_ga") == Completion(insert: "te-"))
    #expect(session.complete("p norm(blk.1.attn_k") == Completion(insert: ".weight "))
    #expect(session.complete("x/4xb blk.1.attn_k") == Completion(insert: ".weight "))
    #expect(session.complete("why Kcur-") == Completion(candidates: "Kcur-0  Kcur-1\n"))
    #expect(session.complete("p ev") == Completion(insert: "ent"))
    #expect(session.complete("info tensors blk.0.ffn_g") == Completion(insert: "ate.weight "))
    #expect(session.complete("finish p") == Completion(insert: "ass "))
    #expect(session.complete("step ") == Completion())
    #expect(session.complete("bogus x") == Completion())
    #expect(session.complete("mem ").candidates == "all    kv     layer  op     pass   peak\n")
    #expect(session.complete("").candidates.contains("step"))
  }

  @Test func aNameThatActsOnATerminalIsNotProposed() throws {
    let folder = try ScratchFolder()
    try Rehearsal(path: folder.file()).perform()
    for (id, name) in ["zz' || char(27) || ']0;pwned' || char(7) || 'a", "zz_one", "zz_two"]
      .enumerated()
    {
      let rename = "UPDATE tensor SET name = '\(name)' WHERE rowid = \(id + 1)"
      try #require(Process.run("sqlite3", folder.file(), rename) == 0)
    }
    let session = try DebuggerSession(
      trace: Trace(path: folder.file()), output: CollectedOutput(), style: TextStyle())
    #expect(session.complete("x zz") == Completion(insert: "_"))
    #expect(session.complete("x zz_") == Completion(candidates: "zz_one  zz_two\n"))
  }

  @Test func completesKindsFieldsSettingsAndWhatAPersonMade() throws {
    let folder = try ScratchFolder()
    let (session, _) = try Self.session(folder)
    #expect(session.complete("b op mul_") == Completion(insert: "mat "))
    #expect(session.complete("b op mat") == Completion(insert: "mul "))
    #expect(session.complete("break op ffn_ga") == Completion(insert: "te"))
    try session.execute("goto 1")  // where no tile stands
    #expect(session.complete("p tile.packed") == Completion(insert: "_bytes "))
    #expect(session.complete("watch tile.packed") == Completion(insert: "_bytes "))
    #expect(session.complete("b any if tile.packed") == Completion(insert: "_bytes "))
    #expect(session.complete("set strategy fu") == Completion(insert: "sed "))
    #expect(session.complete("set kv q4") == Completion(insert: "_0 "))
    #expect(session.complete("set memory") == Completion(insert: "-budget "))
    try session.execute("alias look = info")
    try session.execute("alias gates = info tensors")
    #expect(session.complete("look me") == Completion(insert: "mory "))
    #expect(session.complete("gates blk.0.ffn_g") == Completion(insert: "ate.weight "))
    #expect(session.complete("gat") == Completion(insert: "es "))
  }
}

/// Options of a session that does files and commands.
func scripts(_ files: [String], _ commands: [String], batch: Bool) -> DebuggerOptions {
  var options = DebuggerOptions()
  options.commandFiles = files
  options.commands = commands
  options.batch = batch
  return options
}
