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

  @Test func beforeTheFirstPassNoPassIsAdvised() throws {
    for line in ["info pass", "info ops", "print pass"] {
      let text = try TranscriptTests.transcript([line], budget: 22_000)
      #expect(text.contains("the run ended before its first"), "\(text)")
      #expect(!text.contains("goto pass 1"))
    }
    #expect(
      try TranscriptTests.transcript(["goto pass 1"], budget: 22_000).contains("no pass here"))
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
