extension Command {
  static let screen: [Command] = [
    Command(
      name: "tui", arguments: "enable | disable", chapter: .session,
      summary: "Show the operations, the tile, the memory and the commands side by side",
      help: """
        "tui enable" takes the whole terminal: the operations of the pass, the tile or operation at
        the cursor, the memory of the pass, what is alive, and below them the commands, which all
        work as before. Page Up and Page Down scroll what they print, the arrow keys edit the line
        and go through the history, Tab completes. "tui disable" goes back to lines alone. `nibble
        step --tui` begins here.
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
