import Basics
import TestSupport
import Testing
import TraceStore

@testable import Debugger

/// Whole sessions, as a person would see them, compared with those recorded in `Fixtures`.
@Suite struct TranscriptTests {
  /// What a session over a rehearsal prints for these lines.
  static func transcript(
    _ lines: [String], style: TextStyle = TextStyle(), capture: Capture = .stats,
    budget: Int? = nil
  ) throws -> String {
    let folder = try ScratchFolder()
    try Rehearsal(path: folder.file(), capture: capture, budget: budget).perform()
    let output = CollectedOutput()
    let session = try DebuggerSession(
      trace: Trace(path: folder.file()), output: output, style: style)
    try session.welcome()
    #expect(session.run(ScriptedLines(lines, echo: output), stopsAtErrors: false) == 0)
    return output.text
  }

  @Test func moving() throws {
    try expectGolden(
      Self.transcript([
        "step", "s 4", "", "next", "n", "", "finish", "fin", "fin", "reverse-finish", "rn", "rs 3",
        "finish pass", "c", "s", "rc", "rs", "goto peak", "goto pass 3", "goto ffn_gate-1",
        "goto +2", "goto -100000", "goto end", "reverse-finish pass",
      ]), "session-moving.txt")
  }

  @Test func looking() throws {
    try expectGolden(
      Self.transcript([
        "where", "goto ffn_gate-0", "rs 1", "where", "list", "", "l -", "l 3", "print tile",
        "p op", "p event", "p op.sum", "p mem.live", "p mem", "p kv.bytes", "p kv", "p step",
        "p token", "p pass", "p tensor.type", "p matmul.flops", "p ffn_gate-0",
        "p blk.0.ffn_gate.weight", "rc", "where", "p op", "p tile", "p pass", "info kv",
      ]), "session-looking.txt")
  }

  @Test func info() throws {
    try expectGolden(
      Self.transcript([
        "goto pass 2", "next 4", "info memory", "i kv", "info tensors", "info tensors ffn",
        "info buffers", "info model", "info passes", "info tokens", "info layers", "info ops",
        "info pass",
      ]).replacing(/\d+ (ns|µs)|\d+\.\d (ns|µs|ms)|1 ms/, with: "TIME"), "session-info.txt")
  }

  @Test func memory() throws {
    try expectGolden(
      Self.transcript(["mem all", "goto ffn_gate-1", "mem", "mem layer", "mem op"]),
      "session-memory.txt")
  }

  @Test func postMortem() throws {
    try expectGolden(
      Self.transcript(
        [
          "info buffers", "mem", "where", "p event", "list", "rs", "info tile", "s", "s", "rn", "n",
          "finish", "reverse-finish pass", "goto end", "info memory", "i kv",
          "i model", "i tokens", "SELECT * FROM failure;",
          "SELECT id, kind, last_step, is_finished FROM pass;", "mem all", "mem op",
        ], budget: Rehearsal.budgets.middle
      ), "session-post-mortem.txt")
    #expect(
      try Self.transcript(["i passes", "i ops"], budget: Rehearsal.budgets.middle).contains(
        "prefill, unfinished"))
  }

  /// Where the first operation was ended, and where the loading was.
  @Test(arguments: [
    (Rehearsal.budgets.first, "pass 1 prefill"), (Rehearsal.budgets.loading, "loading"),
  ])
  func postMortemOfARunThatHardlyBegan(budget: Int, place: String) throws {
    let text = try Self.transcript(
      ["info buffers", "mem", "mem all", "where", "list", "rs", "s", "i ops", "i passes"],
      budget: budget)
    #expect(text.contains("The run ended at step"))
    #expect(text.contains("\n\(place)"))
    #expect(text.contains("FAIL("))
  }

  @Test func capturedValues() throws {
    try expectGolden(
      Self.transcript(
        [
          "p Kcur-0[0..4]", "p Kcur-0[0, 30..]", "p Kcur-0[..2, 3]", "p Kcur-0[31]",
          "p Kcur-0[32]", "p Kcur-0[5..3]", "p Kcur-0[x]", "p Kcur-0[", "p nothing[0]",
          "p blk.0.ffn_gate.weight[0]",
        ], capture: .values), "session-values.txt")
  }

  @Test func valuesThatWereNotCaptured() throws {
    let text = try Self.transcript(["p Kcur-0[0..4]"])
    #expect(text.contains("record them with `nibble record --capture values`."))
  }

  @Test func queries() throws {
    try expectGolden(
      Self.transcript([
        "SELECT kind, count(*) AS steps FROM event GROUP BY kind;",
        "sql SELECT name, rows, cols FROM tensor LIMIT 2", "select text from token",
        "SELECT 1; SELECT 'two';", "SELECT color FROM event;", "DELETE FROM event", "sql",
        "SELECT text FROM token WHERE position > 100", "WITH a AS (SELECT 1 AS x) SELECT x FROM a",
      ]), "session-queries.txt")
  }

  @Test func queriesChangeNothing() throws {
    let text = try Self.transcript([
      "sql DELETE FROM meta", "SELECT count(*) > 0 AS kept FROM meta",
    ])
    #expect(text.contains("SQL: "))
    #expect(text.contains("│ kept │\n├──────┤\n│ 1    │\n"))
  }

  @Test func tablesCanBeListed() throws {
    let text = try Self.transcript(["info tables"])
    #expect(text.contains("\nevent  ") && text.contains("\nmemory_timeline  "))
    #expect(!text.contains("\n_"))
  }

  /// `help NAME` says what docs/debugger.md says of the command, whatever the terminal's width.
  @Test(arguments: [44, 80])
  func helpSaysWhatTheManualSays(width: Int) throws {
    let shown = try Self.transcript(
      Command.all.map { "help \($0.name)" }, style: TextStyle(width: width)
    ).components(separatedBy: "(nibble) help ").dropFirst()
    #expect(shown.count == Command.all.count)
    let pages = Manual.markdown().components(separatedBy: "\n### ")
    for (command, help) in zip(Command.all, shown) {
      let page = try #require(pages.first { $0.hasPrefix(command.name + "\n") })
      let words = page.components(separatedBy: "```")[1].split(whereSeparator: \.isWhitespace)
      let said = help.split(whereSeparator: \.isWhitespace).dropFirst().prefix { $0 != "(nibble)" }
      #expect(Array(said) == words, "\(command.name)")
    }
  }

  @Test func mistakes() throws {
    try expectGolden(
      Self.transcript([
        "frobnicate", "re", "step x", "step 0", "step -1", "goto", "goto nowhere", "goto pass 9",
        "print", "print nothing", "print tile.color", "info", "info x", "info t", "list 0",
        "list x", "mem everything", "finish tile", "help nix", "quit now", "continue 3",
        "# comment",
        "", "info ops",
      ]), "session-mistakes.txt")
  }

  @Test func narrowAndPlain() throws {
    try expectGolden(
      Self.transcript(
        ["goto ffn_gate-0", "where", "list", "mem", "info buffers", "help step"],
        style: TextStyle(width: 44, unicode: false)), "session-narrow.txt")
  }

  /// The colours are the only difference between a session on a terminal and one in a file.
  @Test func colourChangesNothingElse() throws {
    let lines = ["step", "where", "list", "print tile", "info memory", "info tokens", "help"]
    let plain = try Self.transcript(lines)
    let coloured = try Self.transcript(lines, style: TextStyle(palette: .many))
    #expect(plain != coloured)
    #expect(withoutColour(coloured) == plain)
  }

  @Test(arguments: [50, 60, 80, 120])
  func stopsFitTheWidth(width: Int) throws {
    let text = try Self.transcript(
      ["s", "n", "fin", "where", "goto peak", "list", "help"], style: TextStyle(width: width))
    for line in text.split(separator: "\n") where !line.hasPrefix("(nibble)") {
      #expect(displayWidth(String(line)) <= width, "\(line)")
    }
  }

  @Test func quitLeavesTheRest() throws {
    let text = try Self.transcript(["q", "step"])
    #expect(text.hasSuffix("(nibble) q\n"))
  }
}
