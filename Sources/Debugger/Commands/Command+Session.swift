import Basics
import Foundation
import TraceStore

extension Command {
  static let session: [Command] = [
    Command(
      name: "help", aliases: ["h"], arguments: "[COMMAND]", chapter: .session,
      summary: "Show all commands, or one in full",
      help: "A command can be shortened as long as no other begins the same.",
      example: "help finish", repetition: .nothing, completes: .commands,
      action: { session, arguments in try session.help(arguments) }),
    Command(
      name: "define", arguments: "NAME", chapter: .session,
      summary: "Make a command of several",
      help: """
        The lines that follow, up to "end", are what it does. $arg0 in them is its first argument,
        $arg1 its second, $argc how many there are.
        """,
      example: "define nl", repetition: .nothing,
      action: { session, arguments in try session.define(arguments) }),
    Command(
      name: "alias", arguments: "NAME = COMMAND", chapter: .session,
      summary: "Give a command, with arguments if you like, another name",
      help: "What follows the name when it is used, follows the command.",
      example: "alias ml = mem layer", repetition: .nothing,
      action: { session, arguments in try session.alias(arguments) }),
    Command(
      name: "save", arguments: "breakpoints FILE", chapter: .session,
      summary: "Write the breakpoints as commands that set them again",
      help: "With their conditions and commands; source brings them back.",
      example: "save breakpoints stops.nibble", repetition: .nothing,
      action: { session, arguments in try session.save(arguments) }),
    Command(
      name: "source", arguments: "FILE", chapter: .session,
      summary: "Do the commands of a file",
      help: """
        One command a line; a line that begins with # is a comment. The first that fails ends it.
        At the start, .nibbleinit in the home directory is done by itself.
        """,
      example: "source stops.nibble", repetition: .nothing,
      action: { session, arguments in
        guard !arguments.isEmpty else {
          throw DebuggerError.missingArgument(command: "source", expected: "a file of commands")
        }
        try session.execute(file: arguments)
      }),
    Command(
      name: "history", arguments: "[N]", chapter: .session,
      summary: "Show the lines typed last",
      help: """
        Ten, or N. Up and Down bring them back, ^R searches them; they are kept from one session to
        the next.
        """,
      example: "history 20", repetition: .nothing,
      action: { session, arguments in
        session.showHistory(arguments.isEmpty ? 10 : try count(arguments, of: "history"))
      }),
    Command(
      name: "shell", aliases: ["!"], arguments: "COMMAND", chapter: .session,
      summary: "Run a command of the shell",
      help: """
        "!COMMAND" does the same. After a command of the debugger, "| COMMAND" hands its output to
        one: "info tensors | grep attn"; after a query, behind its semicolon. The full screen leaves
        the terminal to it, and Enter comes back.
        """,
      example: "shell ls -l", repetition: .nothing,
      action: { session, arguments in try session.shell(arguments) }),
    Command(
      name: "quit", aliases: ["q", "exit"], arguments: "[N]", chapter: .session,
      summary: "Leave the debugger",
      help: "With N as the exit code, 0 to 255. ^D at an empty prompt leaves too.",
      example: "quit", repetition: .nothing,
      action: { session, arguments in
        guard let code = arguments.isEmpty ? 0 : UInt8(arguments) else {
          throw DebuggerError.badArgument(
            command: "quit", found: arguments, expected: "an exit code from 0 to 255")
        }
        session.quit(Int32(code))
      }),
  ]
}

extension DebuggerSession {
  /// Does `help`.
  func help(_ word: String) throws {
    if word.isEmpty {
      show(Manual.overview(style: style, made: macros.names))
    } else if let lines = macros.definitions[word] {
      show(["\(word) does:"] + lines.map { "  " + $0 })
    } else if let meaning = macros.aliases[word] {
      show(["\(word) stands for \(meaning)."])
    } else {
      show(Manual.page(of: try Command.named(word, among: macros.names), style: style))
    }
  }

  /// Does `history`.
  func showHistory(_ count: Int) {
    let column = String(history.count).count
    show(
      history.enumerated().suffix(count).map { index, line in
        "  " + padded(String(index + 1), to: column, .right) + "  " + line
      })
  }

  /// Does `save breakpoints`.
  func save(_ arguments: String) throws {
    let (what, path) = Self.split(arguments)
    guard !what.isEmpty, "breakpoints".hasPrefix(what) else {
      throw DebuggerError.badArgument(
        command: "save", found: arguments, expected: "\"breakpoints\" and the name of a file")
    }
    guard !path.isEmpty else {
      throw DebuggerError.missingArgument(
        command: "save breakpoints", expected: "the name of a file")
    }
    let kind = (try? FileStatus(path: path, followsLinks: false))?.kind ?? .file
    do {
      // A device or a link is written to, and not replaced by a file.
      try breakpointLines.map { $0 + "\n" }.joined().write(
        toFile: path, atomically: kind == .file, encoding: .utf8)
    } catch {
      throw DebuggerError.unwritable(path: path)
    }
    let count = breakpoints.all.count
    show(["Saved \(count) \(count == 1 ? "breakpoint" : "breakpoints") to \(path)."])
  }
}

/// The manual, made from the declarations of the commands.
public enum Manual {
  /// All of it as Markdown: what `nibble step --help-commands` prints, and docs/debugger.md.
  public static func markdown() -> String {
    let style = TextStyle(width: 96)
    var lines = ["# Commands of the debugger", ""]
    for chapter in Command.Chapter.allCases {
      lines += ["## \(chapter.rawValue)", ""]
      for command in Command.all where command.chapter == chapter {
        lines += ["### \(command.name)", "", "```"]
        lines += page(of: command, style: style) + ["```", ""]
      }
    }
    return lines.dropLast().map { $0.trimmingTrailingSpaces() + "\n" }.joined()
  }

  /// Every command with its summary, by chapter.
  static func overview(style: TextStyle, made: [String] = []) -> [String] {
    let names = Command.all.map { name(of: $0) }
    let column = (names.map(displayWidth).max() ?? 0) + 2
    var lines: [String] = []
    for chapter in Command.Chapter.allCases {
      if !lines.isEmpty { lines.append("") }
      lines.append(style.paint(chapter.rawValue, .bold))
      for command in Command.all where command.chapter == chapter {
        let first = "  " + padded(name(of: command), to: column)
        lines += wrapped(command.summary, to: max(20, style.width - column - 2))
          .prefixed(first: first, others: padded("", to: column + 2))
      }
    }
    if !made.isEmpty {
      lines += ["", style.paint("Made by you", .bold)]
      lines += wrapped(made.joined(separator: ", "), to: style.width - 2).map { "  " + $0 }
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
