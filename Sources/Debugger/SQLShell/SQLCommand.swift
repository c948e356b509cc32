import TraceStore

/// One command of the SQL shell: its name, its manual and what it does, all in one place.
struct SQLCommand: Sendable {
  /// What its arguments can be completed to.
  enum Completes: Sendable, Equatable {
    case nothing, tables, commands, files
    case words([String])
  }

  let name: String
  /// Its arguments as the manual shows them: `[NAME]`.
  var arguments = ""
  /// How many it takes.
  let counts: ClosedRange<Int>
  /// One line, without a full stop.
  let summary: String
  /// What there is to know beyond the summary; may be empty.
  var help = ""
  var completes = Completes.nothing
  /// Whether it writes results, which `.once` can send to a file.
  var writes = false
  private let body: @Sendable (SQLShell, [String]) throws -> Void

  init(
    _ name: String, _ arguments: String = "", counts: ClosedRange<Int> = 0...0, summary: String,
    help: String = "", completes: Completes = .nothing, writes: Bool = false,
    _ body: @escaping @Sendable (SQLShell, [String]) throws -> Void
  ) {
    self.name = name
    self.arguments = arguments
    self.counts = counts
    self.summary = summary
    self.help = help
    self.completes = completes
    self.writes = writes
    self.body = body
  }

  var usage: String { arguments.isEmpty ? name : name + " " + arguments }

  func action(_ shell: SQLShell, _ arguments: [String]) throws {
    guard counts.contains(arguments.count) else {
      throw SQLShellError("Usage: \(usage).")
    }
    try body(shell, arguments)
  }

  /// The command that a word means: a name, or the only one that begins so.
  ///
  /// - Throws: ``SQLShellError`` where none does or several do.
  static func named(_ word: String) throws -> SQLCommand {
    if word == ".exit" { return try named(".quit") }
    if let exact = all.first(where: { $0.name == word }) { return exact }
    let matches = all.filter { $0.name.hasPrefix(word) }
    switch matches.count {
    case 0: throw SQLShellError("There is no command \(word); .help lists them.")
    case 1: return matches[0]
    default:
      throw SQLShellError(
        "\(word) begins several commands: \(matches.map(\.name).joined(separator: ", ")).")
    }
  }

  /// `on` or `off`.
  static func isOn(_ word: String, of command: String) throws -> Bool {
    switch word.lowercased() {
    case "on", "1", "yes", "true": true
    case "off", "0", "no", "false": false
    default: throw SQLShellError("\(command) takes on or off, not \"\(word)\".")
    }
  }
}
