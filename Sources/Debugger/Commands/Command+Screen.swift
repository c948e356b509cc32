extension Command {
  static let screen: [Command] = [
    Command(
      name: "tui", arguments: "enable | disable", chapter: .session,
      summary: "Show the operations, the tile, the memory and the commands side by side",
      help: """
        "tui enable" takes the whole terminal: the operations of the pass, the tile or operation at
        the cursor, the memory of the pass, what is alive, and below them the commands, which all
        work as before. "tui disable" goes back to lines alone. `nibble step --tui` begins here.

        The keys are gdb's, and those of the line:

          ^X a          leave the full screen, or enter it
          ^X o          the next pane gets the focus: the one whose title is reversed
          ^X 2          the next layout
          Up, Down      scroll the pane in focus; in the commands, go through the history
          Page Up, Down scroll the pane in focus by a page
          ^P, ^N        go through the history, wherever the focus is
          ^R            search the history; ^R again finds an older line, ^G gives up
          Alt-b, Alt-f  go a word back or forward; Alt-d and ^W cut one, ^Y puts it back
          Tab           complete
          ^L            draw everything anew
        """,
      example: "tui enable", repetition: .nothing, completes: .words(["enable", "disable"]),
      action: { session, arguments in
        let matches = ["enable", "disable"].filter { $0.hasPrefix(arguments) }
        switch (matches.count, matches.first) {
        case (1, "enable"): try session.enableFullScreen()
        case (1, _): if session.disableFullScreen() { try session.showStop() }
        default:
          let expected = "enable or disable"
          if arguments.isEmpty {
            throw DebuggerError.missingArgument(command: "tui", expected: expected)
          }
          throw DebuggerError.badArgument(command: "tui", found: arguments, expected: expected)
        }
      }),
    Command(
      name: "focus", aliases: ["fs"], arguments: "PANE | next | prev", chapter: .session,
      summary: "Choose the pane that the arrow and page keys scroll",
      help: """
        PANE is operations, tile, tensor or commands; it has to be one that is shown. ^X o goes to
        the next one. A step brings the operations back to where the cursor is.
        """,
      example: "focus operations", repetition: .nothing,
      completes: .words(ScreenFocus.Pane.allCases.map(\.rawValue) + ["next", "prev"]),
      action: { session, arguments in try session.focus(arguments) }),
    Command(
      name: "layout", arguments: "split | tile | tensor | memory", chapter: .session,
      summary: "Choose what the full screen shows above the commands",
      help: """
        "split" shows the operations, the tile or operation at the cursor, and the memory; "tile" and
        "tensor" give the tile, or the tensors of the operation, all the room beside the operations;
        "memory" gives the memory the whole width. In a small window some panes are left out.
        """,
      example: "layout memory", repetition: .nothing,
      completes: .words(ScreenView.allCases.map(\.rawValue)),
      action: { session, arguments in
        let names = ScreenView.allCases.map(\.rawValue)
        let expected = "split, tile, tensor or memory"
        guard !arguments.isEmpty else {
          throw DebuggerError.missingArgument(command: "layout", expected: expected)
        }
        let matches = names.filter { $0.hasPrefix(arguments) }
        let exact = matches.first { $0 == arguments }
        guard let name = exact ?? (matches.count == 1 ? matches[0] : nil),
          let view = ScreenView(rawValue: name)
        else {
          throw DebuggerError.badArgument(
            command: "layout", found: arguments, expected: expected)
        }
        // gdb's "layout" turns its full screen on as well.
        try session.enableFullScreen()
        session.terminal?.fullScreen?.view = view
      }),
  ]
}

extension DebuggerSession {
  /// Does `focus`. As in gdb it turns the full screen on.
  fileprivate func focus(_ word: String) throws {
    let names = ScreenFocus.Pane.allCases.map(\.rawValue)
    let expected = "operations, tile, tensor, commands, next or prev"
    guard !word.isEmpty else {
      throw DebuggerError.missingArgument(command: "focus", expected: expected)
    }
    // "cmd" is gdb's name of the commands.
    let matches =
      word == "cmd"
      ? ["commands"]
      : (names + ["next", "prev"]).filter {
        $0.hasPrefix(word)
      }
    guard matches.count == 1, let name = matches.first else {
      throw DebuggerError.badArgument(command: "focus", found: word, expected: expected)
    }
    try enableFullScreen()
    guard let fullScreen = terminal?.fullScreen else { return }
    let shown = fullScreen.scrollable
    guard let pane = ScreenFocus.Pane(rawValue: name) else {
      return fullScreen.focus.go(by: name == "next" ? 1 : -1, among: shown)
    }
    guard shown.contains(pane) else {
      throw DebuggerError.badArgument(
        command: "focus", found: word,
        expected: "one of the panes that are shown: "
          + shown.map(\.rawValue).joined(separator: ", "))
    }
    fullScreen.focus.go(to: pane, among: shown)
  }
}
