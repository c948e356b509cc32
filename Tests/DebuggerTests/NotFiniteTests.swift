import Foundation
import Inference
import Recording
import TestEngine
import TestSupport
import Testing
import TraceStore

@testable import Debugger

/// Sessions over runs that end at an operation whose result is not finite.
@Suite struct NotFiniteTests {
  let folder: ScratchFolder
  let model: NotFiniteModel

  init() throws {
    folder = try ScratchFolder()
    model = try NotFiniteModel(in: folder)
  }

  private func recorded(_ capture: Capture = .stats) throws -> String {
    try Tiny.record(to: folder.file()) {
      $0.model = model.path
      $0.capture = capture
    }
    return folder.file()
  }

  private func lastStep(of name: String, in trace: Trace, pass: Int = 1) throws -> Int {
    try #require(try trace.op(named: name, inPass: pass)).steps.upperBound
  }

  @Test(arguments: Capture.allCases)
  func breakNanStopsAtTheOperation(capture: Capture) throws {
    let session = try Tiny.session(recorded(capture))
    let end = try lastStep(of: NotFiniteModel.op, in: session.trace)
    #expect(session.cursor.step == end && session.cursor.last == end)
    for line in ["break nan", "goto start", "continue"] { try session.execute(line) }
    #expect(session.cursor.step == end && session.breakpoints[1]?.hits == 1)
    for line in ["delete", "goto start", "until nan"] { try session.execute(line) }
    #expect(session.cursor.step == end)
  }

  @Test func aConditionIsOfTheSameOperation() throws {
    let session = try Tiny.session(recorded())
    for line in ["break nan if op.layer = 1", "goto start", "continue"] {
      try session.execute(line)
    }
    #expect(session.breakpoints[1]?.hits == 0 && session.cursor.step == session.cursor.last)
    for line in ["condition 1 op.layer = 1 or op.layer = 2", "goto start", "continue"] {
      try session.execute(line)
    }
    #expect(session.breakpoints[1]?.hits == 1)
  }

  @Test func aTraceWithoutOneIsGoneThrough() throws {
    try Tiny.record(to: folder.file())
    let text = try Tiny.transcript(
      folder.file(),
      [
        "break nan", "info breakpoints", "continue", "reverse-continue",
        "save breakpoints \(folder.file("saved"))",
      ])
    #expect(text.contains("Breakpoint 1: nan\n"))
    #expect(text.contains("  1  break  yes         0  nan\n"), "\(text)")
    #expect(text.contains("At the end of the trace.") && text.contains("At the beginning of"))
    #expect(try String(contentsOfFile: folder.file("saved"), encoding: .utf8) == "break nan\n")
  }

  @Test func theStartSaysWhatFailed() throws {
    let output = CollectedOutput()
    let session = try DebuggerSession(
      trace: Trace(path: recorded()), output: output, style: TextStyle(width: 400))
    try session.welcome()
    #expect(output.text.contains("The error: The result of 'ffn_norm-2' is not finite ("))
    #expect(
      output.text.contains(
        "the result of 'ffn_norm-2' is not finite. Type \"why ffn_norm-2[0, 0]\""))
  }

  @Test(arguments: [Capture.none, .values])
  func itsValuesCanBeAskedFor(capture: Capture) throws {
    let text = try Tiny.transcript(
      recorded(capture),
      [
        "info error", "why ffn_norm-2[0, 3]", "why 2 kq-2[head=1, token=1, 1]",
        "print ffn_inp-2[3, 0..2]",
      ])
    #expect(
      !text.contains("not as in the recorded run") && !text.contains("not captured"), "\(text)")
    #expect(text.contains("Some values are not finite numbers."), "\(text)")
    #expect(text.contains("kq-2[head=1, token=1, 1] = "), "\(text)")
  }

  @Test(arguments: Capture.allCases) func aLiveRunGivesThePassUp(capture: Capture) throws {
    let run = try LiveRun(
      {
        var options = RecordingOptions(output: folder.file("live.sqlite"))
        options.model = model.path
        options.capture = capture
        return options
      }())
    #expect(throws: InferenceError.self) { try run.runPrompt() }
    let output = CollectedOutput()
    let session = try DebuggerSession(
      trace: Trace(path: run.trace), output: output, style: TextStyle(width: 400), live: run)
    func type(_ lines: String...) -> String {
      let before = output.text.count
      _ = session.run(ScriptedLines(lines, echo: output), stopsAtErrors: false)
      return String(output.text.dropFirst(before))
    }
    let first = try lastStep(of: NotFiniteModel.op, in: session.trace)
    #expect(session.cursor.step == first)
    _ = type("break nan", "goto end", "continue")
    let message = try #require(output.messages.last)
    #expect(
      message.hasPrefix("The result of 'ffn_norm-2' is not finite (-infinity in row 0, column "))
    #expect(message.contains("float32. Type \"why ffn_norm-2[0, "))
    #expect(output.text.contains("Pass 2 was given up. It is in the trace as far as it went"))
    let second = try lastStep(of: NotFiniteModel.op, in: session.trace, pass: 2)
    #expect(session.cursor.step == second)
    _ = type("goto end", "reverse-continue")
    #expect(session.cursor.step == second)
    _ = type("reverse-continue")
    #expect(session.cursor.step == first)
    _ = type("goto start", "continue")
    #expect(session.cursor.step == first)
    _ = type("continue")
    #expect(session.cursor.step == second)
    try run.finish()
  }

  @Test func aReportNamesIt() throws {
    let report = try TraceReport(trace: Trace(path: recorded())).text(.text)
    #expect(report.contains("the result of ffn_norm-2 is not finite."), "\(report)")
  }
}
