/// The terminal that a person sits at: the line editor, and the full screen while it is on.
final class SessionTerminal {
  /// `nil` where commands do not come from a person.
  let lines: TerminalLines?
  /// The full screen while it is on.
  var fullScreen: FullScreen?
  /// The full screen as it was left, with what stands on it.
  fileprivate var left: FullScreen?

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
    let lines = terminal.lines
    if let left = terminal.left {
      try left.reopen(history: lines?.history ?? [])
      terminal.fullScreen = left
    } else {
      let screen = try Screen.open(for: "tui", advice: advice)
      screen.colour = usesColour
      terminal.fullScreen = FullScreen(
        session: self, screen: screen, history: lines?.history ?? [],
        remember: { lines?.remember($0) })
    }
    terminal.left = nil
    if let fullScreen = terminal.fullScreen { output = fullScreen }
  }

  /// Does `tui disable`, and what must be done before a session ends.
  ///
  /// - Returns: whether there was a full screen.
  @discardableResult
  func disableFullScreen() -> Bool {
    guard let terminal, let fullScreen = terminal.fullScreen else { return false }
    fullScreen.close()
    output = fullScreen.plainOutput
    terminal.left = fullScreen
    terminal.fullScreen = nil
    style = .standardOutput(colour: usesColour)
    return true
  }

  /// Reads a line from a source, or where a person types: on the full screen while it is on. ^X a
  /// goes from one to the other.
  ///
  /// - Returns: also where it was read, which is where the lines of a block are read too.
  func nextLine(
    from lines: any LineSource, prompt: String
  ) -> (reply: LineReply, source: any LineSource) {
    while true {
      let isTyped = lines is TerminalLines || lines is FullScreen
      let source = isTyped ? terminal?.fullScreen ?? terminal?.lines ?? lines : lines
      if !sources.isEmpty { sources[sources.count - 1] = source }
      let reply = source.next(prompt: prompt)
      guard case .switchScreen(let typed) = reply else { return (reply, source) }
      _ = attempt { try switchScreen() }
      if let fullScreen = terminal?.fullScreen {
        fullScreen.type(typed)
      } else {
        terminal?.lines?.type(typed)
      }
    }
  }

  private func switchScreen() throws {
    if disableFullScreen() { try showStop() } else { try enableFullScreen() }
  }
}
