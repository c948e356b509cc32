import Basics
import Testing
import TraceStore

@testable import Debugger

/// Where moves end, and what is out of range: one sentence, and a command that fails.
@Suite final class LimitsTests: RehearsedSession {
  @Test(arguments: [
    ("goto 0", "a step from 1 to"), ("goto 99999999", "a step from 1 to"),
    ("goto pass 0", "a pass from 1 to 3"), ("list 0", "a step from 1 to"),
    ("list 999999", "a step from 1 to"), ("break 100000000", "a step from 1 to"),
    ("break step 0", "a step from 1 to"), ("until 0", "a step from 1 to"),
    ("step 0", "a number from 1 up"), ("step -1", "the other way is \"reverse-step\""),
    ("reverse-next -2", "the other way is \"next\""), ("up -1", "the other way is \"down\""),
    ("back -1", "the other way is \"forward\""), ("continue -1", "\"reverse-continue\""),
    ("up 1.5", "a number from 1 up"), ("back", "There is no place before this one"),
    ("forward", "There is no place after this one"), ("frame 9", "from 0 to"),
    ("frame -1", "from 0 to"), ("frame tile", "from 0 to"),
    ("generate -1", "from 1 up, not"), ("history -1", "from 1 up, not"),
    ("play a b", "play takes a step"), ("save", "\"breakpoints\" and the name of a file"),
    ("save breakpoints", "save breakpoints needs the name of a file"),
    ("print mem.live + op.duration_ns", "bytes and ns are not counted together"),
    ("top sequence=1", "a sequence of this pass, which has sequence 0 alone"),
    ("print ffn_gate-0[sequence=1, 0]", "its pass has sequence 0 alone"),
    ("print ffn_gate-0[8..2]", "8 is not before 2"),
  ])
  func whatIsOutOfRangeIsRefused(line: String, part: String) throws {
    try session.execute("goto ffn_gate-0")
    if line == "back" { while (try? session.execute("back")) != nil {} }
    let step = session.cursor.step
    let error = try #require(throws: DebuggerError.self) { try session.execute(line) }
    #expect("\(error)".contains(part), "\(error)")
    #expect(!"\(error)".contains("\n"))
    #expect(session.cursor.step == step)
    #expect(session.run(ScriptedLines([line]), stopsAtErrors: true) == 1)
  }

  @Test func framesEnd() throws {
    try session.execute("goto ffn_gate-0")
    try session.execute("reverse-step")
    try session.execute("up 99")
    #expect(session.selectedFrame == .pass)
    #expect(throws: DebuggerError.self) { try session.execute("up") }
    try session.execute("down 99")
    #expect(session.selectedFrame == .tile)
    #expect(throws: DebuggerError.self) { try session.execute("down") }
    for (number, grain) in Grain.allCases.enumerated() {
      try session.execute("frame \(number)")
      #expect(session.selectedFrame == grain)
      let before = output.text.count
      try session.execute("frame")
      #expect(output.text.dropFirst(before).hasPrefix("#\(number) "))
    }
  }

  /// A move along the trace goes as far as there is a way, and says so.
  @Test(arguments: [
    ("step", "step 9999999"), ("next", "finish pass"), ("until", "continue"),
    ("goto +1", "goto +999999"), ("advance step 3", "advance layer 0 if op.id < 0"),
  ])
  func movesEndAtTheEnd(one: String, other: String) throws {
    for line in [one, other] {
      try session.execute("goto end")
      let step = session.cursor.step
      try session.execute(line)
      #expect(session.cursor.step == step)
      #expect(output.text.contains("At the end of the trace."))
    }
    for line in ["reverse-step", "rn", "reverse-finish", "reverse-continue", "goto -99999"] {
      try session.execute("goto start")
      try session.execute(line)
      #expect(session.cursor.step == 1)
    }
    #expect(output.text.contains("At the beginning of the trace."))
  }

  @Test func aNumberIsAStepToBreakAt() throws {
    for line in ["break 20", "goto 5", "continue"] { try session.execute(line) }
    #expect(session.cursor.step == 20)
    try session.execute("advance 30")
    #expect(session.cursor.step == 30)
  }

  @Test(arguments: [
    "info pass", "info ops", "info passes", "print pass", "top", "why logit 3", "info error",
    "print op", "print matmul", "print ffn_gate-0[3]", "goto pass 1",
  ])
  func beforeTheFirstPassNoPassIsAdvised(line: String) throws {
    let text = try TranscriptTests.transcript([line], budget: Rehearsal.budgets.loading)
    let answer = String(text.split(separator: "(nibble) \(line)\n").last ?? "")
      .replacing("\n", with: " ")
    #expect(answer.contains("the run ended before its first"), "\(text)")
    #expect(!answer.contains("\"goto pass 1\" goes") && !answer.contains("\"next\""), "\(text)")
  }

  /// However long the names are, what is alive stays in sight.
  @Test(arguments: [60, 80]) func theListFitsTheWidth(width: Int) throws {
    let path = folder.file("failed")
    try Rehearsal(path: path, budget: Rehearsal.budgets.first).perform()
    let narrow = CollectedOutput()
    let session = try DebuggerSession(
      trace: Trace(path: path), output: narrow, style: TextStyle(width: width))
    try session.execute("list 1")
    let lines = narrow.text.split(separator: "\n")
    #expect(lines.allSatisfy { displayWidth(String($0)) <= width }, "\(narrow.text)")
    #expect(lines[0].contains("  alive"))
    #expect(lines.dropFirst().allSatisfy { $0.contains(#/ (B|[KM]iB)\b/#) }, "\(narrow.text)")
  }

  /// Advice to move names the way in which there is something.
  @Test func adviceToMoveLeadsSomewhere() throws {
    let text = try TranscriptTests.transcript(["goto start", "print op", "goto end", "print op"])
    #expect(text.contains("There is no op at step 1; \"next\" goes on to one."), "\(text)")
    #expect(text.contains("; \"reverse-next\" goes back to one."), "\(text)")
  }

  /// Of an end that cuts a move short, the move says how many steps it made; as many lead back.
  @Test(arguments: [("step 1000", "reverse-step"), ("reverse-step 1000", "step")])
  func stepsThatWereMadeAreTold(line: String, undoing: String) throws {
    try session.execute("goto 30")
    try session.execute(line)
    let undo = "\(undoing) \(abs(session.cursor.step - 30))"
    #expect(
      output.text.contains(", after \(abs(session.cursor.step - 30)) of 1000 steps; \"\(undo)\""),
      "\(output.text)")
    try session.execute(undo)
    #expect(session.cursor.step == 30)
    // At the end nothing was made, and nothing is undone.
    try session.execute(undoing == "step" ? "goto start" : "goto end")
    let before = output.text.count
    try session.execute(line)
    #expect(!output.text.dropFirst(before).contains("of 1000 steps"))
  }

  @Test(arguments: ["fused", "int4-gemm"])
  func strategiesWithoutTilesSaySo(strategy: String) throws {
    let path = folder.file("tiny.sqlite")
    try Tiny.record(to: path) {
      $0.engine.strategy = .init(rawValue: strategy) ?? .tiled
    }
    let text = try Tiny.transcript(path, ["next", "info tile", "print tile"])
    #expect(text.split(separator: "\n").filter { $0.contains("\(strategy) makes none") }.count == 2)
  }

  /// The heading of a stop on a branch is one line, as long as there is room without the text.
  @Test func headingsOnABranchAreOneLine() throws {
    let live = try LiveSessionTests.Live()
    live.type("goto end", "checkpoint", "continue", "restart 1", "continue", "goto pass 3")
    live.session.style = TextStyle(width: 70)
    let steps = try #require(try live.session.trace.pass(3)?.steps)
    for step in steps {
      let lines = try live.session.stopLines(live.session.place(at: step))
      #expect(lines[0].contains("branch 1") && lines[0].contains("step \(step)"))
      #expect(displayWidth(lines[0]) <= 70)
    }
  }
}
