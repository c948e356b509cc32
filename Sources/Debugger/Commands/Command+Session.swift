import TraceStore

extension Command {
  static let session: [Command] = [
    Command(
      name: "help", aliases: ["h"], arguments: "[COMMAND]", chapter: .session,
      summary: "Show all commands, or one in full",
      help: "A command can be shortened as long as no other begins the same.",
      example: "help finish", repetition: .nothing, completes: .commands,
      action: { session, arguments in
        session.show(
          try arguments.isEmpty
            ? Manual.overview(style: session.style)
            : Manual.page(of: Command.named(arguments), style: session.style))
      }),
    Command(
      name: "quit", aliases: ["q", "exit"], chapter: .session,
      summary: "Leave the debugger",
      help: "^D at an empty prompt does the same.",
      example: "quit", repetition: .nothing,
      action: { session, arguments in
        try none(arguments, of: "quit")
        session.quit()
      }),
  ]
}

/// The manual, made from the declarations of the commands.
enum Manual {
  /// Every command with its summary, by chapter.
  static func overview(style: TextStyle) -> [String] {
    let names = Command.all.map { name(of: $0) }
    let column = (names.map(displayWidth).max() ?? 0) + 2
    var lines: [String] = []
    for chapter in Command.Chapter.allCases {
      if !lines.isEmpty { lines.append("") }
      lines.append(style.paint(chapter.rawValue, .bold))
      for command in Command.all where command.chapter == chapter {
        let first = "  " + padded(name(of: command), to: column)
        let summary = wrapped(command.summary, to: max(20, style.width - column - 2))
        for (index, line) in summary.enumerated() {
          lines.append((index == 0 ? first : String(repeating: " ", count: column + 2)) + line)
        }
      }
    }
    lines.append("")
    lines += wrapped(
      "\"help COMMAND\" says more. A command can be shortened as long as no other begins the same; "
        + "an empty line repeats the last one; a line that begins with SELECT is a query.",
      to: style.width)
    return lines
  }

  /// One command in full.
  static func page(of command: Command, style: TextStyle) -> [String] {
    var usage = command.name
    if !command.arguments.isEmpty { usage += " " + command.arguments }
    var lines = [style.paint(usage, .bold)]
    lines += wrapped(command.summary + ".", to: style.width - 2).map { "  " + $0 }
    if !command.aliases.isEmpty {
      lines.append("  Short: " + command.aliases.joined(separator: ", "))
    }
    lines.append("")
    for (index, paragraph) in command.help.split(separator: "\n\n").enumerated() {
      if index > 0 { lines.append("") }
      // A paragraph of lines that are indented is a list, and keeps its lines.
      if paragraph.hasPrefix("  ") {
        lines += paragraph.split(separator: "\n").map(String.init)
      } else {
        lines += wrapped(paragraph.split(separator: "\n").joined(separator: " "), to: style.width)
      }
    }
    return lines + ["", "Example: \(command.example)"]
  }

  private static func name(of command: Command) -> String {
    ([command.name] + command.aliases.prefix(1).filter { $0.count < 4 }).joined(separator: ", ")
  }
}
