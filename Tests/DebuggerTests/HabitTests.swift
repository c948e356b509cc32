import Foundation
import TestSupport
import Testing
import TraceStore

@testable import Debugger

/// What people do to make a debugger theirs: macros, displays, pipes, places visited.
@Suite final class HabitTests: RehearsedSession {
  private func run(_ lines: [String]) -> Int32 {
    session.run(ScriptedLines(lines), stopsAtErrors: true)
  }

  /// After any walk, as many `back` as there were moves lead to where it began, and `forward` to
  /// where it ended.
  @Test(arguments: UInt64(1)..<12)
  func backUndoesAnyMove(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var session = session
    if seed > 5 {
      let path = folder.file("random.sqlite")
      try recordRandomRun(to: path, seed: seed, branches: Int(seed % 3) * 2)
      session = try DebuggerSession(
        trace: Trace(path: path), output: output, style: TextStyle())
    }
    var visited = [session.cursor.step]
    let last = try session.trace.eventCount()
    for _ in 0..<60 {
      let moves = [
        "step", "step 7", "next", "finish", "finish pass", "rs 3", "rn 2", "reverse-finish",
        "goto \(Int.random(in: 1...last, using: &random))", "until", "goto peak",
      ]
      try session.execute(try #require(moves.randomElement(using: &random)))
      if session.cursor.step != visited.last { visited.append(session.cursor.step) }
    }
    for step in visited.dropLast().reversed() {
      try session.execute("back")
      #expect(session.cursor.step == step)
    }
    try session.execute("forward \(visited.count - 1)")
    #expect(session.cursor.step == visited.last)
    try session.execute("back 3")
    #expect(session.cursor.step == visited[visited.count - 4])
  }

  @Test func framesAreChosen() throws {
    try session.execute("goto ffn_gate-0")
    try session.execute("rs 2")
    let op = try #require(try session.trace.op(at: session.cursor.step))
    #expect(session.selectedFrame == nil)
    try session.execute("up")
    #expect(session.selectedFrame == .layer)
    try session.execute("up")
    #expect(session.selectedFrame == .pass)
    try session.execute("down 9")
    #expect(session.selectedFrame == .tile)
    let tile = try #require(try session.trace.tile(at: session.cursor.step))
    try session.execute("finish")
    #expect(session.cursor.step == tile.freedStep)
    #expect(session.selectedFrame == nil)
    try session.execute("reverse-finish")
    try session.execute("goto \(op.steps.lowerBound)")
    try session.execute("up")
    try session.execute("finish")
    let pass = try #require(try session.trace.pass(at: session.cursor.step))
    #expect(session.cursor.step > op.steps.upperBound)
    #expect(session.cursor.step < pass.steps.upperBound)
  }

  @Test func displaysArePrintedAtEveryStop() throws {
    #expect(run(["display mem.live", "display tile.rows", "step", "step"]) == 0)
    let count = output.text.split(separator: "\n").filter { $0.hasPrefix("mem.live = ") }.count
    #expect(count == 3)
    #expect(run(["undisplay 1", "step"]) == 0)
    #expect(
      output.text.split(separator: "\n").filter { $0.hasPrefix("mem.live = ") }.count == count)
  }

  @Test func macrosTakeArguments() throws {
    let lines = [
      "define there", "goto $arg0", "step $arg1", "print step", "end", "there 20 3",
      "alias th = there 10", "th 2", "define outer", "define inner", "print step", "end", "inner",
      "end", "outer",
    ]
    #expect(run(lines) == 0)
    #expect(output.text.contains("step = 23\n"))
    #expect(output.text.contains("step = 12\n"))
    #expect(session.macros.names == ["inner", "outer", "th", "there"])
  }

  @Test func macrosWithoutEndAreToldSo() throws {
    #expect(run(["define endless", "endless", "end", "endless"]) == 1)
    #expect(output.messages.last?.hasPrefix("endless does itself without end") == true)
    #expect(run(["define a", "step"]) == 1)
    #expect(output.messages.last?.contains("did not come to an \"end\"") == true)
    try "source \(folder.file("loop"))\n".write(
      toFile: folder.file("loop"), atomically: true, encoding: .utf8)
    #expect(run(["source \(folder.file("loop"))"]) == 1)
    #expect(output.messages.last?.contains("without end") == true)
    #expect(run(["alias b = step", "alias a = b", "alias b = a", "a"]) == 1)
  }

  @Test func outputGoesThroughTheShell() throws {
    #expect(run(["info tensors | grep -c attn_k", "SELECT 'a|b' AS x; | tr a z"]) == 0)
    #expect(output.text.hasPrefix("2\n"))
    #expect(output.text.contains("z|b"))
    #expect(run(["list | head -1", "SELECT 5 | 2;", "!echo hello"]) == 0)
    #expect(output.text.contains("│ 7"))
    #expect(output.text.hasSuffix("hello\n"))
    #expect(run(["info tensors | exit 4"]) == 1)
    #expect(output.messages.last == "The shell command 'exit 4' ended with exit code 4.")
  }

  @Test func whatWasTypedIsKept() throws {
    let typed = CollectedOutput()
    _ = session.run(
      ScriptedLines(["step", "", "print step", "history"], echo: typed), stopsAtErrors: false)
    #expect(output.text.hasSuffix("  1  step\n  2  print step\n  3  history\n"))
  }

  @Test func theManualOfAllCommandsIsInTheDocuments() throws {
    try expectDocument(Manual.markdown(), "docs/debugger.md")
  }
}
