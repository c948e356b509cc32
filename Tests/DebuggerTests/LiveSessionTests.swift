import Basics
import Foundation
import Inference
import Recording
import TestSupport
import Testing
import TraceStore

@testable import Debugger

/// Sessions over a run of the built-in model that is recorded as they go.
@Suite struct LiveSessionTests {
  final class Live {
    let session: DebuggerSession
    let output: CollectedOutput
    let run: LiveRun
    private let folder: ScratchFolder

    init(_ change: (inout RecordingOptions) -> Void = { _ in }) throws {
      folder = try ScratchFolder()
      var options = RecordingOptions(output: folder.file("live.sqlite"))
      change(&options)
      run = try LiveRun(options)
      do { try run.runPrompt() } catch InferenceError.overBudget {}
      output = CollectedOutput()
      session = try DebuggerSession(
        trace: Trace(path: run.trace), output: output, style: TextStyle(), live: run)
    }

    func type(_ lines: String...) {
      _ = session.run(ScriptedLines(lines, echo: output), stopsAtErrors: false)
    }

    var step: Int { session.cursor.step }
    func passes() throws -> Int { try session.trace.passCount() }
    func last(ofPass pass: Int) throws -> Int? { try session.trace.pass(pass)?.steps.upperBound }
    func first(ofPass pass: Int) throws -> Int? { try session.trace.pass(pass)?.steps.lowerBound }
  }

  @Test func standsAtTheFirstStepOfThePrompt() throws {
    let live = try Live()
    #expect(try live.passes() == 1)
    #expect(try live.step == live.first(ofPass: 1))
  }

  /// What the first pass was not let come to is still a name.
  @Test func operationsThatDidNotRunYetCanBeSpokenOf() throws {
    let live = try Live {
      $0.engine.strategy = .perLayer
      $0.engine.memoryBudget = 3_565_158
    }
    live.type("break any if op.name = 'result_output' and op.kind = 'mul_mat'")
    #expect(live.output.text.contains("Breakpoint 1: any if op.name"), "\(live.output.text)")
    live.type("set memory-budget none", "generate 1", "break any if op.name = 'result_outptu'")
    #expect(live.output.text.contains("op.name is never 'result_outptu'"))
  }

  @Test func continueGoesToTheEndAndThenRunsAPass() throws {
    let live = try Live()
    live.type("continue")
    #expect(try live.passes() == 1 && live.step == live.last(ofPass: 1))
    live.type("c")
    #expect(try live.passes() == 2 && live.step == live.last(ofPass: 2))
    #expect(live.output.text.contains("Pass 2 took in \",\" and chose \" there\" (42.9 %)."))
    live.type("")  // an empty line repeats
    #expect(try live.passes() == 3 && live.step == live.last(ofPass: 3))
  }

  @Test(arguments: ["step", "next", "finish", "finish pass", "goto +1", "step 700", "next 80"])
  func movesPastTheEndRunThePassAndGoOnInIt(_ line: String) throws {
    let live = try Live()
    live.type("continue", "reverse-step 3", "step 3", line)
    let step = live.step
    let run = try live.passes()
    #expect(run >= 2)
    #expect(try step > live.last(ofPass: run - 1) ?? 0 && step <= live.last(ofPass: run) ?? 0)
    // The same move in the recording.
    let again = try DebuggerSession(
      trace: Trace(path: live.run.trace), output: CollectedOutput(), style: TextStyle())
    again.cursor.step = try live.last(ofPass: 1) ?? 0
    try again.execute(line)
    #expect(again.cursor.step == step)
  }

  @Test func generateRunsPasses() throws {
    let live = try Live()
    live.type("generate 3")
    #expect(try live.passes() == 4 && live.step == live.last(ofPass: 4))
    #expect(live.output.text.contains("Passes 2 to 4 took in \", there was\"."))
  }

  @Test func settingsTakeEffectAtTheNextPass() throws {
    let live = try Live()
    live.type("set strategy scratch", "set tile-rows 16", "show", "continue", "continue")
    #expect(try live.session.trace.pass(1)?.strategy == "tiled")
    let pass = try #require(try live.session.trace.pass(2))
    #expect(pass.strategy == "scratch" && pass.tileRows == 16)
    // Tiles are numbered by the rows that the pass had.
    live.type("goto Qcur-0", "reverse-step", "where")
    #expect(live.output.text.contains("tile 16/16"))
    live.type("goto pass 1", "goto Qcur-0", "reverse-step", "where")
    #expect(live.output.text.contains("tile 4/4"))
    live.type("print pass.strategy", "print pass.tile_rows", "set colour red", "set strategy x")
    #expect(live.output.text.contains("pass.strategy = tiled"))
    #expect(live.output.messages.count == 2)
  }

  /// No pass in the trace says its budget; the run knows.
  @Test func theBudgetOfEachPassIsShown() throws {
    let live = try Live { $0.engine.memoryBudget = 64 << 20 }
    live.type("set memory-budget none", "generate 1", "set memory-budget 32MiB")
    for (place, here) in [("goto end", "none"), ("goto pass 1", "64 MiB")] {
      let before = live.output.text.count
      live.type(place, "show memory-budget")
      let line = try #require(
        live.output.text.dropFirst(before).split(separator: "\n").first {
          $0.hasPrefix("memory-budget ")
        })
      let cells = line.split(separator: /\ {2,}/).map(String.init)
      #expect(cells == ["memory-budget", here, "32 MiB"])
    }
  }

  /// Before the next pass is run, whatever was asked for.
  @Test(arguments: [true, false], ["generate 5", "continue", "step 5000"])
  func aTraceThatIsRemovedOrCutIsToldAtOnce(isRemoved: Bool, line: String) throws {
    let live = try Live()
    live.type("goto end")
    let passes = live.run.lastPass
    if isRemoved {
      try FileManager.default.removeItem(atPath: live.run.trace)
    } else {
      let file = try #require(FileHandle(forWritingAtPath: live.run.trace))
      try file.truncate(atOffset: 10)
      try file.close()
    }
    live.type(line)
    #expect(live.output.messages.last?.contains("another program replaced, removed or cut") == true)
    #expect(live.run.lastPass == passes)
  }

  /// A live run replaces an older trace, as `record` does, and says so.
  @Test func whatItReplacesIsTold() throws {
    let folder = try ScratchFolder()
    let options = RecordingOptions(output: folder.file())
    for isFirst in [true, false] {
      let run = try LiveRun(options)
      try run.runPrompt()
      let output = CollectedOutput()
      let session = try DebuggerSession(
        trace: Trace(path: run.trace), output: output, style: TextStyle(width: 1000), live: run)
      try session.welcome()
      #expect(output.text.contains("in place of an older trace") == !isFirst, "\(output.text)")
      try run.finish()
    }
    try Tiny.record(to: folder.file("new"), count: 1)
    var again = RecordingOptions(output: folder.file("new"))
    again.count = 1
    #expect(try Recording.record(again).hasReplaced)
    again.output = folder.file("newer")
    #expect(try !Recording.record(again).hasReplaced)
  }

  @Test func aStoryWithTwoBranches() throws {
    let live = try Live()
    live.type(
      "continue", "continue", "checkpoint", "info checkpoints", "generate 2", "restart 1",
      "token \" a\"", "step", "where", "continue", "info passes", "info tokens", "restart 1",
      "continue", "info kv", "delete checkpoint 1", "restart 1", "token nothing", "token \"x y z\"",
      "SELECT branch, position, text, is_forced FROM token;", "SELECT * FROM branch;",
      "SELECT pass, branch, positions FROM memory_by_pass;")
    try expectGolden(
      live.output.text.replacing(/\d+(\.\d)? (ns|µs|ms|s)\b/, with: "TIME")
        .replacing(/[ ]+TIME/, with: " TIME").replacing(/[ ]+time  text/, with: " time  text"),
      "session-live.txt")
  }

  /// After `restart` the rest of the pass can be walked, and not what the other branch did.
  @Test func restartEndsTheTraceAtItsPass() throws {
    let live = try Live()
    live.type("goto +100", "checkpoint", "generate 2")
    #expect(try live.passes() == 3)
    live.type("restart 1")
    #expect(live.session.cursor.last == (try live.last(ofPass: 1)))
    live.type("goto 1000000")
    #expect(live.output.messages.last?.contains("a step from 1 to") == true)
    live.type("step 1", "finish pass")
    #expect(live.step == (try live.last(ofPass: 1)))
    live.type("step")
    #expect(live.step == (try live.first(ofPass: 4)))
    #expect(try live.session.trace.pass(4)?.branch == 1)
    #expect(live.session.cursor.last == (try live.last(ofPass: 4)))
    // Back along the branch, and along the other one.
    live.type("reverse-step")
    #expect(live.step == (try live.last(ofPass: 1)))
    live.type("step")
    #expect(live.step == (try live.first(ofPass: 4)))
    live.type("goto pass 3")
    #expect(live.step == (try live.first(ofPass: 3)))
    live.type("rfin pass", "rfin pass", "finish pass")
    #expect(live.step == (try live.last(ofPass: 2)))
    // Branch 0 has an end, after which nothing is run.
    live.type("continue", "continue", "step")
    #expect(live.step == (try live.last(ofPass: 3)))
    #expect(try live.passes() == 4)
    #expect(live.output.text.contains("At the end of branch 0; \"goto end\" goes to"))
    live.type("goto end", "continue")
    #expect(try live.passes() == 5)
    #expect(live.step == (try live.last(ofPass: 5)))
  }

  /// Where the run was taken back to, it goes on, wherever one was in between.
  @Test func goingElsewhereAfterRestartKeepsTheWayBack() throws {
    let live = try Live()
    live.type("goto end", "checkpoint", "generate 2", "restart 1", "goto pass 3", "continue")
    #expect(try live.passes() == 3)
    live.type("goto end")
    #expect(live.step == (try live.last(ofPass: 1)))
    live.type("continue", "reverse-continue")
    #expect(try live.passes() == 4 && live.step == 1)
    live.type("break pass 2", "break pass 4", "continue")
    #expect(live.step == (try live.first(ofPass: 4)))
  }

  /// What is in the KV cache at each step is the same to all who ask.
  @Test func theKVCacheIsOneNotion() throws {
    let live = try Live()
    live.type("goto end", "checkpoint", "continue")
    var asked = 0
    live.session.isCancelled = {
      asked += 1
      return asked > 30
    }
    live.type("continue")
    live.session.isCancelled = { false }
    live.type("restart 1", "token \" a\"", "continue", "continue")
    let trace = live.session.trace
    #expect(try trace.passes().map(\.isFinished) == [true, true, false, true, true])
    #expect(try trace.passes().map(\.branch) == [0, 0, 0, 1, 1])
    let bytes = try SearchExpression("kv.bytes")
    let atEvents = try SearchExpression("CASE WHEN event.step > 0 THEN kv.bytes END")
    var changes: [Int] = []
    for step in 1...(try trace.eventCount()) {
      let value = try trace.lastKVAppend(atOrBefore: step).map { SQLValue.integer($0.cacheBytes) }
      #expect(try trace.value(of: bytes, at: step) == value ?? .null)
      #expect(try trace.value(of: atEvents, at: step) == value ?? .integer(0))
      let history = try trace.history(at: step)
      let before = history.ranges(before: step, downTo: 1).first?.upperBound ?? 0
      let old = try before > 0 ? trace.lastKVAppend(atOrBefore: before)?.cacheBytes : nil
      if try trace.lastKVAppend(atOrBefore: step)?.cacheBytes ?? 0 != old ?? 0 {
        changes.append(step)
      }
    }
    let last = try trace.eventCount()
    for history in try [trace.history(ofBranch: 0), trace.history(ofBranch: 1)] {
      for range in history.ranges {
        let inside = changes.filter(range.contains)
        #expect(try trace.firstChange(of: bytes, in: range, backwards: false) == inside.first)
        #expect(try trace.firstChange(of: bytes, in: range, backwards: true) == inside.last)
      }
    }
    live.type("goto \(last)", "mem kv")
    let used = try #require(try trace.lastKVAppend(atOrBefore: last)).cacheBytes
    #expect(live.output.text.contains("at the end \(formatBytes(used)) are in use"))
  }

  @Test func checkpointsWorkOverARecording() throws {
    let folder = try ScratchFolder()
    let (session, output) = try SessionTests.session(folder)
    for line in ["goto 20", "checkpoint", "goto 40", "restart 1"] { try session.execute(line) }
    #expect(session.cursor.step == 20)
    for line in ["generate 2", "token 5", "set strategy fused"] {
      let error = #expect(throws: DebuggerError.self) { try session.execute(line) }
      #expect(error == .notLive(command: DebuggerSession.split(line).word))
    }
    #expect(throws: DebuggerError.noCheckpoint(number: 7)) { try session.execute("restart 7") }
    output.write("")
  }

  @Test func anInterruptGivesThePassUpAndNotTheSession() throws {
    let live = try Live()
    live.type("continue")
    var asked = 0
    live.session.isCancelled = {
      asked += 1
      return asked > 30
    }
    live.type("continue")
    #expect(live.output.messages == ["Interrupted."])
    #expect(try live.session.trace.pass(2)?.isFinished == false)
    #expect(live.step == (try live.last(ofPass: 2)))
    live.session.isCancelled = { false }
    live.type("continue", "info passes")
    #expect(try live.session.trace.pass(3)?.isFinished == true)
    #expect(live.step == (try live.last(ofPass: 3)))
    #expect(live.output.text.contains("decode, unfinished"))
  }

  @Test func goesOnAfterTheBudget() throws {
    let live = try Live {
      $0.engine.strategy = .perLayer
      $0.engine.memoryBudget = 2_200_000
    }
    try live.session.welcome()
    #expect(live.output.text.contains("The pass ended at step"))
    #expect(try live.session.trace.event(at: live.step)?.kind == .fail)
    live.type("continue", "continue")
    #expect(live.output.messages.last?.contains("the next pass can run: tiled needs") == true)
    live.type("set strategy tiled", "continue", "continue", "continue")
    #expect(try live.session.trace.passes().map(\.isFinished) == [false, false, true, true])
    #expect(try live.session.trace.failure() == nil)
  }

  @Test func theRunEndsWithTheContext() throws {
    let live = try Live { $0.prompts = [String(repeating: "the little fox ", count: 127)] }
    live.type("generate 600")
    let passes = try live.passes()
    live.type("continue", "step")
    #expect(try live.passes() == passes)
    #expect(live.output.text.contains("At the end of the trace."))
  }

  /// The examples of the manual work as they stand.
  @Test func examplesWork() throws {
    let live = try Live()
    for command in Command.running { try live.session.execute(command.example) }
    #expect(try live.passes() == 6)
  }

  @Test func opensAgainWithBothBranches() throws {
    let live = try Live()
    live.type("goto end", "checkpoint", "generate 2", "restart 1", "token \" a\"", "continue")
    try live.session.trace.close()
    try live.run.finish()
    let output = CollectedOutput()
    let session = try DebuggerSession(
      trace: Trace(path: live.run.trace), output: output, style: TextStyle())
    for line in ["goto end", "info tokens", "goto pass 2", "where"] { try session.execute(line) }
    #expect(output.text.contains("branch 1") && output.text.contains("forced"))
    #expect(output.text.contains("branch 0"))
  }
}
