import Basics
import TestSupport
import Testing
import TraceStore

@testable import Debugger

/// The panes as pure functions: no terminal is needed to see them.
@Suite struct ScreenTests {
  /// The screen of a rehearsal after some commands.
  static func screen(
    _ session: DebuggerSession, style: TextStyle, view: ScreenView = .split,
    commands: CommandPane = CommandPane(), typed: String = ""
  ) throws -> (lines: [StyledText], cursor: (row: Int, column: Int)?) {
    let model = try ScreenModelReader(session: session).model(
      at: session.cursor.step, columns: style.width)
    var commands = commands
    var focus = ScreenFocus()
    var line = EditedLine()
    line.insert(typed)
    return ScreenContents(model: model, view: view).lines(
      commands: &commands, focus: &focus, prompt: "(nibble) ", line: line, style: style)
  }

  static func session(_ folder: ScratchFolder, budget: Int? = nil) throws -> DebuggerSession {
    try Rehearsal(path: folder.file(), capture: .values, budget: budget).perform()
    return try DebuggerSession(
      trace: Trace(path: folder.file()), output: CollectedOutput(), style: TextStyle())
  }

  static func text(_ lines: [StyledText]) -> String {
    lines.map { $0.plain.trimmingTrailingSpaces() + "\n" }.joined()
  }

  @Test(arguments: [
    (80, 24, ScreenView.split), (120, 40, .split), (40, 12, .split), (48, 30, .split),
    (80, 24, .tile), (80, 24, .tensor), (80, 24, .memory),
  ])
  func drawsThePanes(width: Int, height: Int, view: ScreenView) throws {
    let folder = try ScratchFolder()
    let session = try Self.session(folder)
    try session.execute(view == .tensor ? "goto ffn_gate-1" : "goto ffn_gate-0")
    if view != .tensor { try session.execute("reverse-step 4") }
    var commands = CommandPane()
    commands.write("(nibble) print step\nstep = \(session.cursor.step)\n")
    let style = TextStyle(width: width, height: height, palette: .many)
    let (lines, cursor) = try Self.screen(session, style: style, view: view, commands: commands)
    #expect(cursor?.column == "(nibble) ".count)
    try expectGolden(Self.text(lines), "screen-\(view)-\(width)x\(height).txt")
  }

  @Test func drawsInASCIIWithoutColour() throws {
    let folder = try ScratchFolder()
    let session = try Self.session(folder)
    try session.execute("goto ffn_gate-0")
    let style = TextStyle(width: 80, height: 24, palette: .attributes, unicode: false)
    let (lines, _) = try Self.screen(session, style: style)
    let text = Self.text(lines)
    let isASCII = text.allSatisfy(\.isASCII)
    #expect(isASCII)
    for line in lines {
      for run in line.runs { #expect(run.pen.foreground == -1 && run.pen.background == -1) }
    }
    try expectGolden(text, "screen-ascii-80x24.txt")
  }

  /// Every window, from too small to large, at every step: rows and columns come out even.
  /// What is printed where nothing can be seen is read in a larger window.
  @Test(arguments: ScreenView.allCases) func commandsPrintAsWideAsTheWindow(view: ScreenView) {
    for (width, height, expected) in [(60, 20, 60), (30, 8, 30), (20, 5, 80), (200, 5, 80)] {
      #expect(view.commandStyle(TextStyle(width: width, height: height)).width == expected)
    }
  }

  @Test(arguments: ScreenView.allCases) func fillsAnyWindow(view: ScreenView) throws {
    let folder = try ScratchFolder()
    let session = try Self.session(folder)
    var commands = CommandPane()
    commands.write(String(repeating: "a line that is printed \u{1B}[1mbold\u{1B}[0m\n", count: 90))
    var random = SeededGenerator(seed: 7)
    for width in [10, 29, 30, 41, 63, 64, 79, 80, 100, 131, 240] {
      for height in [3, 7, 8, 9, 11, 15, 16, 24, 33, 60] {
        _ = session.cursor.go(to: Int.random(in: 1...session.cursor.last, using: &random))
        var style = TextStyle(palette: .many)
        (style.width, style.height) = (width, height)
        let (lines, cursor) = try Self.screen(
          session, style: style, view: view, commands: commands, typed: "print tile.rows")
        guard width >= 30, height >= 8 else {
          #expect(lines.map(\.plain) == ["window too small"])
          continue
        }
        #expect(lines.count == height, "\(width) by \(height)")
        // What commands print is as long as it is; the panes fill the width.
        for line in lines.prefix(height - 3) { #expect(line.columns <= width) }
        let place = try #require(cursor)
        #expect(place.row == height - 1 || width < 40)
        #expect((0..<width).contains(place.column))
      }
    }
  }

  /// Loading, between passes, at each end, and where the budget ended the run.
  @Test(arguments: [
    nil, Rehearsal.budgets.middle, Rehearsal.budgets.first, Rehearsal.budgets.loading,
  ])
  func showsEveryStep(budget: Int?) throws {
    let folder = try ScratchFolder()
    let session = try Self.session(folder, budget: budget)
    let reader = ScreenModelReader(session: session)
    let style = TextStyle(width: 80, height: 24)
    var focus = ScreenFocus()
    for step in 1...session.cursor.last {
      let model = try reader.model(at: step, columns: 80)
      let pane = OperationsPane(model: model).lines(
        width: 32, rows: 10, style: style, focus: &focus)
      #expect(!pane.isEmpty && pane.count <= 10)
      if model.place.op != nil {
        let current = pane.filter { $0.hasPrefix("=>") }
        #expect(current.count == 1, "step \(step)")
      }
      let tile = TilePane(model: model).lines(
        width: 40, rows: 6, style: style, focus: &focus)
      #expect(!tile.isEmpty && tile.count <= 6)
      for line in pane { #expect(displayWidth(line) <= 32) }
      for line in tile { #expect(displayWidth(line) <= 40, "\(line)") }
      if let plot = model.plot { #expect(plot.firstStep <= step && step <= plot.lastStep) }
    }
  }

  /// The states in the grid are those of the tiles at the step, counted in SQL.
  @Test func theGridShowsTheTilesOfTheOperation() throws {
    let folder = try ScratchFolder()
    let session = try Self.session(folder)
    let op = try #require(try session.trace.op(named: "ffn_gate-1", inPass: 2))
    let reader = ScreenModelReader(session: session)
    var focus = ScreenFocus()
    for step in op.steps {
      let lines = TilePane(model: try reader.model(at: step, columns: nil))
        .lines(width: 50, rows: 10, style: TextStyle(), focus: &focus)
      let counts = try #require(
        try PeakTests.sqlite3(
          folder.file(),
          """
          SELECT sum(freed_step <= \(step)), sum(made_step <= \(step) AND freed_step > \(step)),
            sum(made_step > \(step))
          FROM tile WHERE made_step BETWEEN \(op.steps.lowerBound) AND \(op.steps.upperBound)
          """
        ).first)
      #expect(
        lines.last == " ░ \(counts[0]) freed  █ \(counts[1]) alive  · \(counts[2]) to come")
      let grid = lines[lines.count - 2]
      #expect(String(grid.count { $0 == "░" }) == counts[0])
      #expect(String(grid.count { $0 == "█" }) == counts[1])
    }
  }

  // MARK: - Scrolling

  @Test func scrollsThePaneInFocusAndNoFurtherThanItsEnds() throws {
    let folder = try ScratchFolder()
    let session = try Self.session(folder)
    try session.execute("goto attn_norm-0")
    let model = try ScreenModelReader(session: session).model(
      at: session.cursor.step, columns: nil)
    var focus = ScreenFocus()
    func shown() -> [String] {
      OperationsPane(model: model).lines(
        width: 40, rows: 5, style: TextStyle(), focus: &focus)
    }
    let all = OperationsPane(model: model).lines(
      width: 40, rows: 99, style: TextStyle(), focus: &focus)
    let start = shown()
    #expect(start.contains { $0.hasPrefix("=>") })
    let isScrolled = focus.scroll(.down)
    #expect(!isScrolled, "the commands have the focus")
    focus.go(to: .operations, among: [.operations, .commands])
    func scroll(_ key: Key, _ count: Int) -> [String] {
      for _ in 0..<count where focus.scroll(key) { _ = shown() }
      return shown()
    }
    #expect(scroll(.down, 2).first == start[2])
    #expect(scroll(.pageUp, 20) == Array(all.prefix(5)))
    #expect(scroll(.down, 1) == Array(all[1..<6]))
    #expect(scroll(.pageDown, 20) == Array(all.suffix(5)))
    focus.follow()
    #expect(shown() == start)
    focus.go(to: .tile, among: [.operations, .commands])
    #expect(focus.pane == .commands, "it is not shown")
    focus.go(by: 1, among: [.operations, .tile, .commands])
    #expect(focus.pane == .operations)
    focus.go(by: -1, among: [.operations, .tile, .commands])
    #expect(focus.pane == .commands)
  }

  // MARK: - The commands

  @Test func whatIsPrintedCanBeScrolled() {
    var pane = CommandPane()
    for number in 1...100 { pane.write("line \(number)\n") }
    func shown() -> [String] {
      pane.lines(
        prompt: "> ", line: EditedLine(), width: 20, rows: 5, style: TextStyle()
      ).lines.map { $0.plain.trimmingTrailingSpaces() }
    }
    #expect(shown() == ["line 97", "line 98", "line 99", "line 100", ">"])
    pane.scrollUp()
    #expect(shown() == ["line 93", "line 94", "line 95", "line 96", "line 97"])
    for _ in 0..<50 {
      pane.scrollUp()
      _ = shown()
    }
    #expect(shown().first == "line 1")
    pane.scrollDown()
    #expect(shown().first == "line 5")
    pane.scrollToEnd()
    #expect(shown().last == ">")
  }

  @Test func whatIsWiderThanThePaneIsBroken() {
    var pane = CommandPane()
    pane.write("half a li")
    pane.write("ne\n")
    let (lines, cursor) = pane.lines(
      prompt: "> ", line: EditedLine(), width: 6, rows: 9, style: TextStyle())
    #expect(lines.map(\.plain) == ["half a", " line", ">  "])
    #expect(cursor?.row == 2 && cursor?.column == 2)
  }

  @Test func alineThatIsTypedIsBrokenToo() {
    var pane = CommandPane()
    var line = EditedLine()
    line.insert("123456789")
    for key in [Key.left, .left, .left] { _ = line.edit(key) }
    let (lines, cursor) = pane.lines(
      prompt: "> ", line: line, width: 6, rows: 9, style: TextStyle())
    #expect(lines.map(\.plain) == ["> 1234", "56789 "])
    #expect(cursor?.row == 1 && cursor?.column == 2)
  }
}
