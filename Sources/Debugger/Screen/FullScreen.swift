import Basics
import CTerminal
import Dispatch
import TraceStore

/// The full-screen mode: reads the lines of a session and shows what its commands print, between
/// panes that follow the cursor.
final class FullScreen: LineSource, OutputSink {
  let isInteractive = true
  /// Where the session wrote before.
  let plainOutput: any OutputSink
  /// Which panes are shown.
  var view = ScreenView.split {
    didSet { focus.go(to: focus.pane, among: scrollable) }
  }
  /// Which of them the arrow and page keys scroll.
  var focus = ScreenFocus()

  // A session that is over has no full screen.
  unowned let session: DebuggerSession
  let screen: Screen
  private let reader: ScreenModelReader
  var commands = CommandPane()
  var line: EditedLine
  let remember: (String) -> Void
  /// Whether ^X was pressed, which the next key belongs to.
  var isAfterControlX = false
  private var lastDrawn = DispatchTime(uptimeNanoseconds: 0)
  /// What is shown while a command runs.
  private var model: ScreenModel?

  /// - Parameters:
  ///   - history: lines typed before, oldest first.
  ///   - remember: told of each line that is typed.
  init(
    session: DebuggerSession, screen: Screen, history: [String],
    remember: @escaping (String) -> Void
  ) {
    self.session = session
    self.screen = screen
    self.remember = remember
    plainOutput = session.output
    reader = ScreenModelReader(session: session)
    line = EditedLine(history: history)
    session.style = commandStyle
  }

  func close() {
    screen.close()
  }

  /// Takes the terminal again after ``close()``; what stood on the screen still does.
  ///
  /// - Throws: ``DebuggerError/noScreen(command:reason:advice:)``.
  func reopen(history: [String]) throws {
    try screen.open(for: "tui", advice: "all commands work without it")
    line = EditedLine(history: history)
    session.style = commandStyle
  }

  /// Puts text at the cursor of the line, as if it were typed.
  func type(_ text: String) {
    line.insert(text)
  }

  /// Gives the terminal to something else for a while.
  ///
  /// - Throws: what `body` throws, and as ``reopen(history:)``.
  func whileLeft<T>(_ body: () throws -> T) throws -> T {
    screen.close()
    let result = Result { try body() }
    try screen.open(for: "tui", advice: "all commands work without it")
    return try result.get()
  }

  /// The panes that can be scrolled, as they follow each other; none in a window that is too small.
  var scrollable: [ScreenFocus.Pane] {
    let (columns, rows) = screen.size
    return ScreenLayout(width: columns, height: rows, view: view)?.scrollable ?? []
  }

  /// How commands print: as wide as the window, and no more at once than their pane shows.
  var commandStyle: TextStyle { view.commandStyle(screen.style) }

  // MARK: - Writing

  func write(_ text: String) {
    commands.write(text)
    // Whoever watches a long command sees how far it has come.
    if DispatchTime.now().uptimeNanoseconds - lastDrawn.uptimeNanoseconds > 100_000_000 {
      draw(prompt: nil)
    }
  }

  func complain(_ message: String) {
    commands.endLine()
    for line in wrapped(message, to: commandStyle.width) { commands.write(line + "\n") }
  }

  /// In place of the prompt.
  func progress(_ text: String?) { draw(prompt: text) }

  // MARK: - Reading

  func next(prompt: String) -> LineReply {
    commands.endLine()
    commands.scrollToEnd()
    // In this order: a ^C between the two gives up the line.
    screen.forgetInterrupt()
    nibble_interrupts_clear()
    refresh()
    while true {
      draw(prompt: prompt)
      if let key = screen.key(), let reply = reply(to: key, prompt: prompt) { return reply }
    }
  }

  // MARK: - Drawing

  /// Reads what stands at the cursor now.
  func refresh() {
    do {
      if model?.step != session.cursor.step { focus.follow() }
      model = try reader.model(at: session.cursor.step, columns: plotColumns)
    } catch {
      complain("\(error)")
    }
  }

  /// As many groups of steps as the plot can be wide.
  private var plotColumns: Int { max(screen.size.columns, ScreenLayout.minimum.columns) }

  func draw(prompt: String?) {
    lastDrawn = .now()
    let style = screen.style
    guard let model else { return }
    let (lines, cursor) = ScreenContents(model: model, view: view).lines(
      commands: &commands, focus: &focus,
      prompt: prompt.map { line.search?.prompt ?? $0 }, line: line, style: style)
    screen.draw(lines, cursor: cursor)
  }

  /// Replays steps in the panes.
  ///
  /// - Returns: the step at which it ended.
  func play(_ steps: ClosedRange<Int>, seconds: Double) throws -> Int {
    var columns = plotColumns
    var replay = try session.replay(of: steps, columns: columns)
    let pass = try session.trace.pass(at: steps.lowerBound).flatMap {
      $0.steps.contains(steps.upperBound) ? $0 : nil
    }
    return try screen.animate(steps, seconds: seconds) { step in
      if plotColumns != columns {  // another window
        columns = plotColumns
        replay = try session.replay(of: steps, columns: columns)
      }
      var plot = try replay.plot(at: step)
      // The heading has the rest of its title.
      if let pass { plot.title = "pass \(pass.id)" }
      model = try reader.model(at: step, columns: nil, plot: plot)
      draw(prompt: nil)
    }
  }
}
