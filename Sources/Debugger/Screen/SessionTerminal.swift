/// The terminal that a person sits at: the line editor, and the full screen while it is on.
final class SessionTerminal {
  /// `nil` where commands do not come from a person.
  let lines: TerminalLines?
  var fullScreen: FullScreen?

  init(lines: TerminalLines?) {
    self.lines = lines
  }
}

extension DebuggerSession {
  /// Does `tui enable`.
  func enableFullScreen() throws {
    let advice = "all commands work without it"
    guard let terminal else {
      throw DebuggerError.noScreen(
        command: "tui", reason: "this session has none", advice: advice)
    }
    guard terminal.fullScreen == nil else { return }
    let screen = try Screen.open(for: "tui", advice: advice)
    screen.colour = usesColour
    let lines = terminal.lines
    let fullScreen = FullScreen(
      session: self, screen: screen, history: lines?.history ?? [],
      remember: { lines?.remember($0) })
    terminal.fullScreen = fullScreen
    output = fullScreen
  }

  /// Does `tui disable`, and what must be done before a session ends.
  ///
  /// - Returns: whether there was a full screen.
  @discardableResult
  func disableFullScreen() -> Bool {
    guard let terminal, let fullScreen = terminal.fullScreen else { return false }
    fullScreen.close()
    output = fullScreen.plainOutput
    terminal.fullScreen = nil
    style = .standardOutput(colour: usesColour)
    return true
  }
}
