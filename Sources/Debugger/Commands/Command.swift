/// One command of the debugger: its name, its manual and what it does, all in one place.
///
/// `help`, completion and abbreviations are made from these declarations.
struct Command: Sendable {
  /// The chapters of the manual.
  enum Chapter: String, CaseIterable, Sendable {
    case moving = "Moving"
    case stopping = "Stopping"
    case looking = "Looking"
    case running = "Running"
    case session = "The session"
  }

  /// What an empty line after the command does.
  enum Repetition: Sendable {
    /// The same line again.
    case same
    /// The command again without its arguments: it goes on where it stopped.
    case goingOn
    case nothing
  }

  /// What its arguments can be completed to.
  enum Completes: Sendable, Equatable {
    case nothing, commands, topics, expressions, tensors, values, places, grains, ranges
    case conditions, breakpoints, settings
    case words([String])
  }

  let name: String
  /// Names that stand for it even where they begin other commands too.
  var aliases: [String] = []
  /// Its arguments as the manual shows them: `[N]`.
  var arguments = ""
  let chapter: Chapter
  /// One line, without a full stop.
  let summary: String
  /// What there is to know beyond the summary.
  let help: String
  /// A line that can be typed.
  let example: String
  var repetition = Repetition.same
  var completes = Completes.nothing
  /// - Parameter arguments: the rest of the line, without spaces around it.
  let action: @Sendable (_ session: DebuggerSession, _ arguments: String) throws -> Void

  /// All commands, in the order of the manual.
  static let all: [Command] =
    moving + stopping + looking + numbers + memory + screen + running + session

  /// The command that a word means: a name or an alias, or else the only name that begins so.
  ///
  /// - Parameter made: names of commands that a person made, for which the word could also stand.
  /// - Throws: ``DebuggerError/unknownCommand(name:)`` or
  ///   ``DebuggerError/ambiguousCommand(name:matches:)``.
  static func named(
    _ word: String, among made: [String] = []
  ) throws(DebuggerError) -> Command {
    if let exact = all.first(where: { $0.name == word || $0.aliases.contains(word) }) {
      return exact
    }
    let matches = all.filter { $0.name.hasPrefix(word) }
    let names = matches.map(\.name) + made.filter { $0.hasPrefix(word) }
    switch names.count {
    case 0: throw .unknownCommand(name: word)
    case 1 where matches.count == 1: return matches[0]
    case 1: throw .unknownCommand(name: word)
    default: throw .ambiguousCommand(name: word, matches: names.sorted())
    }
  }
}

/// Reading a command's arguments.
extension Command {
  /// A number of times: 1 where nothing is said.
  static func count(_ arguments: String, of command: String) throws(DebuggerError) -> Int {
    if arguments.isEmpty { return 1 }
    guard let count = Int(arguments), count > 0 else {
      let isNegative = Int(arguments).map { $0 < 0 } ?? false
      let other = isNegative ? opposite(of: command) : nil
      throw .badArgument(
        command: command, found: arguments,
        expected: "a number from 1 up" + (other.map { " (the other way is \"\($0)\")" } ?? ""))
    }
    return count
  }

  /// The command that goes the other way, where one does.
  private static func opposite(of command: String) -> String? {
    let pairs = ["back": "forward", "forward": "back", "up": "down", "down": "up"]
    let reverse = "reverse-"
    let other =
      pairs[command]
      ?? (command.hasPrefix(reverse) ? String(command.dropFirst(reverse.count)) : reverse + command)
    return all.first { $0.name == other }?.name
  }

  /// Nothing at all.
  static func none(_ arguments: String, of command: String) throws(DebuggerError) {
    guard arguments.isEmpty else {
      throw .badArgument(command: command, found: arguments, expected: "no argument")
    }
  }
}
