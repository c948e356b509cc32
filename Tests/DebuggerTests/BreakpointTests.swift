import Foundation
import Testing
import TraceStore

@testable import Debugger

/// Breakpoints and watchpoints in whole sessions over a rehearsal.
@Suite final class BreakpointTests: RehearsedSession {
  /// The steps at which the moves stop.
  private func stops(_ lines: [String]) throws -> [Int] {
    try lines.map {
      try session.execute($0)
      return session.cursor.step
    }
  }

  private func integers(_ query: String) throws -> [Int] {
    var found: [Int] = []
    try session.trace.run(
      query, columns: { _ in },
      row: { row in
        if case .integer(let number)? = row.first { found.append(number) }
        return true
      })
    return found
  }

  /// Goes to the beginning, forwards to the end and back again.
  private func expectStops(at expected: [Int]) throws {
    #expect(!expected.isEmpty)
    try session.execute("goto start")
    let last = session.cursor.last
    let inside = expected.filter { $0 > 1 }
    let forwards = try stops(Array(repeating: "continue", count: inside.count + 1))
    #expect(forwards == inside + (inside.last == last ? [last] : [last]))
    try session.execute("goto end")
    let before = expected.filter { $0 < last }
    let back = try stops(Array(repeating: "reverse-continue", count: before.count + 1))
    #expect(back == before.reversed() + [1])
  }

  @Test(arguments: [
    ("ffn_gate-1", "SELECT first_step FROM op WHERE name = 'ffn_gate-1'"),
    ("ffn_gate", "SELECT first_step FROM op WHERE name LIKE 'ffn_gate-%'"),
    ("op matmul", "SELECT first_step FROM op WHERE kind = 'mul_mat'"),
    ("op RMS_NORM", "SELECT first_step FROM op WHERE kind = 'rms_norm'"),
    (
      "blk.1.ffn_down",
      "SELECT o.first_step FROM op AS o JOIN tensor AS t ON t.id = o.tensor "
        + "WHERE t.name = 'blk.1.ffn_down.weight'"
    ),
    (
      "blk.*.ffn_down.weight",
      "SELECT o.first_step FROM op AS o JOIN tensor AS t ON t.id = o.tensor "
        + "WHERE t.role = 'ffn_down'"
    ),
    ("layer 1", "SELECT min(first_step) FROM op WHERE layer = 1 GROUP BY pass"),
    (
      "token 2",
      "SELECT first_step FROM pass WHERE first_position <= 2 "
        + "AND first_position + tokens > 2"
    ),
    ("pass 2", "SELECT first_step FROM pass WHERE id = 2"),
    ("step 20", "SELECT 20"),
    (
      "any if tile.rows < 40",
      "SELECT t.id FROM tile AS t JOIN weight_tile AS w "
        + "ON w.id = t.weight_tile WHERE w.rows < 40"
    ),
    (
      "layer 1 if pass.kind = 'decode'",
      "SELECT min(first_step) FROM op WHERE layer = 1 "
        + "AND pass > 1 GROUP BY pass"
    ),
    (
      "layer 1 if peak > 20 and event.kind = 'free'",
      "SELECT e.step FROM event AS e JOIN op AS o ON o.id = e.op WHERE o.layer = 1 "
        + "AND e.kind = 'free' AND (SELECT max(total) FROM _memory WHERE id <= e.step) > 20"
    ),
    (
      "layer 1 if op.kind = 'mul_mat'",
      "SELECT last_step FROM op WHERE layer = 1 "
        + "AND kind = 'mul_mat'"
    ),
  ])
  func locationsStopWhereTheTraceSaysSo(location: String, query: String) throws {
    try session.execute("break \(location)")
    try expectStops(at: integers(query))
  }

  @Test func watchpointsStopInBothDirections() throws {
    try session.execute("watch kv.bytes")
    try expectStops(at: integers("SELECT step FROM kv_append"))
    #expect(output.text.contains("Watchpoint 1: kv.bytes\n  Old value = nothing\n"))
  }

  @Test func aWatchpointHasAConditionToo() throws {
    try session.execute("watch kv.bytes if op.layer = 1")
    try expectStops(at: integers("SELECT step FROM kv_append WHERE layer = 1"))
  }

  @Test func otherMovesStopToo() throws {
    let target = try integers("SELECT first_step FROM op WHERE name = 'ffn_gate-0'")[0]
    for move in ["step 1000", "next 100", "finish pass", "advance layer 1", "until layer 1"] {
      try session.execute("delete")
      try session.execute("goto pass 1")
      try session.execute("break ffn_gate-0")
      try session.execute(move)
      #expect(session.cursor.step == target, "\(move)")
    }
    try session.execute("goto 3")
    try session.execute("goto end")
    #expect(session.cursor.step == session.cursor.last)
  }

  @Test func hitsAreCountedAndIgnored() throws {
    let steps = try integers("SELECT first_step FROM op WHERE kind = 'mul_mat'")
    #expect(
      try stops(["break op matmul", "ignore 1 2", "goto start", "continue"]).last == steps[2])
    #expect(session.breakpoints[1]?.hits == 3)
    #expect(try stops(["continue 2"]) == [steps[4]])
    #expect(try stops(["reverse-continue 3"]) == [steps[1]])
  }

  @Test func aTemporaryBreakpointStopsOnce() throws {
    let steps = try integers("SELECT first_step FROM op WHERE kind = 'mul_mat'")
    #expect(
      try stops(["goto start", "tbreak op matmul", "continue", "continue"]).suffix(2)
        == [steps[0], session.cursor.last])
    #expect(session.breakpoints.all.isEmpty)
  }

  @Test func disabledOnesLetPass() throws {
    let lines = ["break op matmul", "disable", "goto start", "continue"]
    #expect(try stops(lines).last == session.cursor.last)
    let first = try integers("SELECT min(first_step) FROM op WHERE kind = 'mul_mat'")[0]
    #expect(try stops(["enable 1", "goto start", "continue"]).last == first)
    #expect(try stops(["delete 1", "continue"]).last == session.cursor.last)
  }

  @Test func commandsAreDoneAfterTheStop() throws {
    let lines = [
      "goto start", "break ffn_gate-0", "commands", "silent", "print step", "finish",
      "print mem.live", "end", "continue",
    ]
    #expect(session.run(ScriptedLines(lines), stopsAtErrors: true) == 0)
    let op = try #require(try session.trace.op(named: "ffn_gate-0", inPass: 1))
    // What stands after a move is not done, as in gdb.
    #expect(session.cursor.step == op.steps.upperBound)
    #expect(output.text.contains("step = \(op.steps.lowerBound)\n"))
    #expect(!output.text.contains("Breakpoint 1, "))
    #expect(!output.text.contains("mem.live"))
  }

  /// A breakpoint that goes on by itself comes to the end, however often it stops.
  @Test func commandsCanGoOn() throws {
    let lines = [
      "goto start", "break any if event.step > 0", "commands", "silent", "continue", "end",
      "continue",
    ]
    #expect(session.run(ScriptedLines(lines), stopsAtErrors: true) == 0)
    #expect(session.cursor.step == session.cursor.last)
    #expect(session.breakpoints[1]?.hits == session.cursor.last - 1)
  }

  @Test func savedBreakpointsComeBack() throws {
    for line in [
      "break layer 1 if op.max > 0", "tbreak op matmul", "watch mem.live > 1KiB if op.layer = 0",
      "ignore 1 4", "disable 3",
    ] {
      try session.execute(line)
    }
    let script = ["commands 2", "print step", "end", "save breakpoints \(folder.file("saved"))"]
    #expect(session.run(ScriptedLines(script), stopsAtErrors: true) == 0)
    let other = try DebuggerSession(
      trace: Trace(path: folder.file()), output: CollectedOutput(), style: TextStyle())
    try other.execute("source \(folder.file("saved"))")
    #expect(other.breakpointLines == session.breakpointLines)
    #expect(other.breakpoints.all.map(\.ignored) == [4, 0, 0])
    #expect(other.breakpoints.all.map(\.isEnabled) == [true, true, false])
  }

  @Test(arguments: [
    "break", "break nothing", "break layer 99", "break layer x", "break op nothing",
    "break pass 99", "break step 0", "break any", "break layer 1 if tile.x > 1",
    "break layer 1 if peak > ", "watch token.text = ' if", "watch", "watch op.kind = 'MUL_MAT'",
    "watch 1", "watch tile", "condition", "condition 9", "ignore 1", "delete 9", "enable x",
    "commands 9", "until any", "advance", "advance nothing", "undisplay 3", "save", "save x",
    "save breakpoints /nonexistent/x", "alias a", "alias step = next", "alias a = nothing",
    "define step", "define", "source /nonexistent", "shell", "shell exit 3",
  ])
  func mistakesAreOneSentence(line: String) throws {
    try session.execute("goto start")
    let error = try #require(throws: (any Error).self) { try session.execute(line) }
    #expect("\(error)".split(separator: "\n").count <= 3)
    #expect(session.breakpoints.all.isEmpty)
  }
}
