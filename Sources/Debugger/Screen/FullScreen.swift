import CLibEdit
import Dispatch
import TraceStore

/// The full-screen mode: reads the lines of a session and shows what its commands print, between
/// panes that follow the cursor.
final class FullScreen: LineSource, OutputSink {
  let isInteractive = true
  /// Where the session wrote before.
  let plainOutput: any OutputSink
  /// Which panes are shown.
  var view = ScreenView.split

  // A session that is over has no full screen.
  private unowned let session: DebuggerSession
  private let screen: Screen
  private let reader: ScreenModelReader
  private var commands = CommandPane()
  private var line: EditedLine
  private let remember: (String) -> Void
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

  /// How commands print: as wide as the window, and no more at once than their pane shows.
  private var commandStyle: TextStyle {
    var style = screen.style
    style.width = max(style.width, 20)
    if let layout = ScreenLayout(width: style.width, height: style.height, view: view) {
      style.height = max(layout.commandRows + 8, 12)
    }
    return style
  }

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
    for line in wrapped(message, to: max(20, screen.size.columns)) { commands.write(line + "\n") }
  }

  /// In place of the prompt.
  func progress(_ text: String?) { draw(prompt: text) }

  // MARK: - Reading

  func next(prompt: String) -> LineReply {
    commands.endLine()
    commands.scrollToEnd()
    nibble_interrupts_clear()
    screen.forgetInterrupt()
    refresh()
    while true {
      draw(prompt: prompt)
      guard let key = screen.key() else { continue }
      switch key {
      case .enter:
        let text = line.text
        commands.scrollToEnd()
        commands.write(prompt + text + "\n")
        line.clear(remembering: true)
        let entry = text.trimmingSpaces()
        if !entry.isEmpty { remember(entry) }
        draw(prompt: nil)
        session.style = commandStyle
        return .line(text)
      case .interrupt:
        commands.scrollToEnd()
        commands.write(prompt + line.text + "\n")
        line.clear()
        return .interrupted
      case .character("\u{04}") where line.text.isEmpty: return .end
      case .end: return .end
      case .character("\t"): complete(prompt: prompt)
      case .pageUp: commands.scrollUp()
      case .pageDown: commands.scrollDown()
      case .resize: refresh()
      case .character("\u{0C}"): screen.repaint()  // ^L
      default:
        if line.edit(key) { commands.scrollToEnd() }
      }
    }
  }

  private func complete(prompt: String) {
    let completion = session.complete(line.before)
    if !completion.candidates.isEmpty {
      commands.write(prompt + line.text + "\n" + completion.candidates)
    }
    line.insert(completion.insert)
    commands.scrollToEnd()
  }

  // MARK: - Drawing

  /// Reads what stands at the cursor now.
  private func refresh() {
    do {
      model = try reader.model(at: session.cursor.step, columns: plotColumns)
    } catch {
      complain("\(error)")
    }
  }

  /// As many groups of steps as the plot can be wide.
  private var plotColumns: Int { max(screen.size.columns, ScreenLayout.minimum.columns) }

  private func draw(prompt: String?) {
    lastDrawn = .now()
    let style = screen.style
    guard let model else { return }
    let (lines, cursor) = ScreenContents(model: model, view: view).lines(
      commands: &commands, prompt: prompt, line: line, style: style)
    screen.draw(lines, cursor: cursor)
  }

  /// Replays steps in the panes.
  ///
  /// - Returns: the step at which it ended.
  func play(_ steps: ClosedRange<Int>, seconds: Double) throws -> Int {
    var columns = plotColumns
    var replay = try session.replay(of: steps, columns: columns)
    return try screen.animate(steps, seconds: seconds) { step in
      if plotColumns != columns {  // another window
        columns = plotColumns
        replay = try session.replay(of: steps, columns: columns)
      }
      model = try reader.model(at: step, columns: nil, plot: replay.plot(at: step))
      draw(prompt: nil)
    }
  }
}
