import TestSupport
import Testing
import TraceStore

@testable import Debugger

@Suite struct ReplayTests {
  static func session(_ folder: ScratchFolder, style: TextStyle = TextStyle()) throws
    -> DebuggerSession
  {
    try Rehearsal(path: folder.file()).perform()
    return try DebuggerSession(
      trace: Trace(path: folder.file()), output: CollectedOutput(), style: style)
  }

  /// However the frames fall, the last is the plot that `mem` draws, and each step is read once.
  @Test(arguments: [1, 7, 50, 1000]) func theLastFrameIsThePlotOfTheRange(frames: Int) throws {
    let folder = try ScratchFolder()
    let session = try Self.session(folder)
    let pass = try #require(try session.trace.pass(2))
    let whole = try MemoryPlot(
      trace: session.trace, steps: pass.steps, title: "", columns: 30, cursor: 5)
    var replay = try session.replay(of: pass.steps, columns: 30)
    var last: MemoryPlot?
    for frame in 1...frames {
      let step = pass.steps.lowerBound + (pass.steps.count - 1) * frame / frames
      last = try replay.plot(at: step)
      #expect(replay.readCount == step - pass.steps.lowerBound + 1)
      // Columns lie side by side from the first step to the last, drawn or not.
      #expect(last?.firstStep == pass.steps.lowerBound && last?.lastStep == pass.steps.upperBound)
    }
    let end = try #require(last)
    #expect(end.columns == whole.columns)
    #expect(end.peaks == whole.peaks)
    #expect(end.baseline == whole.baseline)
    #expect(end.highest == whole.highest)
  }

  /// What has not happened yet is not drawn, and nothing that was drawn moves.
  @Test func thePlotFillsFromLeftToRight() throws {
    let folder = try ScratchFolder()
    let session = try Self.session(folder)
    let pass = try #require(try session.trace.pass(1))
    var replay = try session.replay(of: pass.steps, columns: 60)
    let style = TextStyle(width: 60)
    var before: [[Character]] = []
    for step in stride(from: pass.steps.lowerBound, through: pass.steps.upperBound, by: 3) {
      let plot = try replay.plot(at: step)
      let lines = plot.bodyLines(style: style, height: 8, explains: false).prefix(8).map(Array.init)
      if !before.isEmpty {
        #expect(lines.count == before.count)
        for (line, old) in zip(lines, before) {
          let label = line.prefix { $0 != "┤" && $0 != "│" }
          #expect(label == old.prefix { $0 != "┤" && $0 != "│" }, "the axis stays")
        }
        let filled = { (lines: [[Character]]) in
          lines.joined().count { $0 != " " }
        }
        #expect(filled(lines) >= filled(before))
      }
      before = lines
    }
  }

  @Test(arguments: [(80, 24), (120, 40), (40, 14), (30, 12)])
  func aFrameFitsTheWindow(width: Int, height: Int) throws {
    let folder = try ScratchFolder()
    let session = try Self.session(folder)
    let style = TextStyle(width: width, height: height, palette: .many)
    let steps = 1...session.cursor.last
    var replay = try session.replay(of: steps, columns: width)
    for step in steps {
      let lines = try replay.lines(at: session.place(at: step), style: style)
      #expect(lines.count <= height, "step \(step)")
      for line in lines { #expect(StyledText(parsing: line).columns <= width, "\(line)") }
    }
  }

  @Test(arguments: [
    ("", [], 1.0), ("--speed 2", [], 2), ("3 90", ["3", "90"], 1),
    ("--speed=0.5 embd peak", ["embd", "peak"], 0.5), ("1 9 --speed 4", ["1", "9"], 4),
  ])
  func readsWhatIsAskedFor(text: String, ends: [String], speed: Double) throws {
    let request = try PlayRequest(text)
    #expect(request.ends == ends && request.speed == speed)
  }

  @Test(arguments: ["5", "1 2 3", "--speed", "--speed x", "--speed 0", "--speed -1", "--speed inf"])
  func refusesWhatItCannotDo(text: String) {
    #expect(throws: DebuggerError.self) { try PlayRequest(text) }
  }

  @Test func playsTheRestOfThePassOrAllOfItAtItsEnd() throws {
    let folder = try ScratchFolder()
    let session = try Self.session(folder)
    let pass = try #require(try session.trace.pass(2)).steps
    func played(at step: Int, _ arguments: String = "") throws -> ClosedRange<Int> {
      _ = session.cursor.go(to: step)
      return try session.playedSteps(PlayRequest(arguments))
    }
    #expect(try played(at: pass.lowerBound) == pass)
    #expect(try played(at: pass.lowerBound + 9) == pass.lowerBound + 9...pass.upperBound)
    #expect(try played(at: pass.upperBound) == pass)
    #expect(try played(at: 1) == session.trace.pass(1)?.steps)  // while loading
    #expect(try played(at: 5, "3 40") == 3...40)
    #expect(try played(at: 5, "start end") == 1...session.cursor.last)
    #expect(throws: DebuggerError.self) { try played(at: 5, "40 3") }
  }

  @Test func withoutATerminalItSaysSo() throws {
    let folder = try ScratchFolder()
    let session = try Self.session(folder)
    for line in ["play", "play --speed 3", "tui enable", "layout memory"] {
      let error = #expect(throws: DebuggerError.self) { try session.execute(line) }
      #expect(error?.description.contains("needs a terminal") == true)
    }
    #expect(!(session.output as? CollectedOutput ?? CollectedOutput()).text.contains("\u{1B}"))
  }
}
