import Basics
import CTerminal
import Foundation
import TraceStore

/// A shell of SQL over a trace, with sqlite3's habits: statements end with a semicolon and may take
/// several lines; a line that begins with a dot is a command of the shell.
public final class SQLShell {
  let session: QuerySession
  /// Where results go that are sent nowhere else, and messages.
  let output: any OutputSink
  var style: TextStyle
  var format: TableFormat
  var hasHeaders = true
  var showsTime = false
  /// Whether results that go nowhere else are shown on a terminal.
  let isOnTerminal: Bool
  /// The file that results go to, instead.
  var file: ResultFile?
  /// Lines of a statement that has not ended.
  var pending = ""
  /// Whether a person types.
  private var isInteractive = false
  /// Files that are being read, the innermost last.
  var reading: [String] = []
  private(set) var isOver = false
  private(set) lazy var completion = SQLCompletion(session)

  public init(
    session: QuerySession, output: any OutputSink, style: TextStyle, format: TableFormat = .box,
    isOnTerminal: Bool = false
  ) {
    self.session = session
    self.output = output
    self.isOnTerminal = isOnTerminal
    self.style = style
    self.format = format
  }

  func quit() { isOver = true }

  /// Does the lines of a source until it ends or `.quit` is typed. What is wrong is said, and where
  /// a person types, the shell goes on.
  ///
  /// - Throws: the first error, where nobody types; there ^C is one, ``TraceError/interrupted``.
  public func run(_ lines: any LineSource) throws {
    if lines.isInteractive { isInteractive = true }
    var (number, first) = (0, 1)
    while !isOver {
      let reply = lines.next(prompt: pending.isEmpty ? "sql> " : "...> ")
      if !lines.isTyped, nibble_interrupted() {
        pending = ""
        throw TraceError.interrupted
      }
      switch reply {
      case .end:
        if lines.isInteractive { return output.write("\n") }
        // A last statement needs no semicolon.
        do { return try finishStatement() } catch { throw located(error, line: first) }
      case .interrupted:
        pending = ""
      case .switchScreen(let typed):
        (lines as? TerminalLines)?.type(typed)  // there is one screen
      case .line(let line):
        number += 1
        if pending.isEmpty { first = number }
        do {
          try execute(line)
          if lines.isInteractive { style.width = TextStyle.standardOutput().width }
        } catch {
          pending = ""
          guard lines.isInteractive else { throw located(error, line: first) }
          output.complain("\(error)")
        }
      }
    }
  }

  /// What went wrong in a file that is being read, with its name and the line.
  private func located(_ error: any Error, line: Int) -> any Error {
    guard let path = reading.last, (error as? SQLShellError)?.isLocated != true,
      !isInterruption(error)
    else { return error }
    var line = line
    if let error = error as? TraceError, case .sql(_, let query, let offset) = error {
      line += query.utf8.prefix(offset ?? 0).count { $0 == UInt8(ascii: "\n") }
    }
    return SQLShellError("\(path):\(line): \(error)", isLocated: true)
  }

  /// Does one line: a command, or a part of a statement.
  public func execute(_ line: String) throws {
    if pending.isEmpty {
      let trimmed = line.trimmingSpaces()
      if trimmed.isEmpty || trimmed.hasPrefix("--") { return }
      if trimmed.hasPrefix(".") { return try command(trimmed) }
    }
    pending += pending.isEmpty ? line : "\n" + line
    if QuerySession.isComplete(pending) { try finishStatement() }
  }

  private func finishStatement() throws {
    let sql = pending
    pending = ""
    if !sql.trimmingSpaces().isEmpty { try query(sql) }
  }

  /// Runs statements and writes their results.
  func query(_ sql: String) throws {
    let start = ContinuousClock.now
    var isEmpty = true
    let formatter = TableFormatter(
      format, hasHeaders: hasHeaders, width: style.width,
      boxLimit: isInteractive && file == nil ? style.width : .max
    ) {
      isEmpty = false
      try self.write($0)
    }
    defer { endOnce() }
    try session.run(sql, into: formatter)
    if isEmpty, isInteractive, file == nil, isForPeople { show(["No rows."]) }
    if showsTime {
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      show(["Run Time: real \(String(format: "%.3f", seconds))"])
    }
  }

  /// Whether results are a picture for people, and not data for a program.
  private var isForPeople: Bool { [.box, .line, .bars, .sparkline].contains(format) }

  /// Does a line that begins with a dot.
  private func command(_ line: String) throws {
    let (word, arguments) = Self.split(line)
    let command = try SQLCommand.named(word)
    try command.action(self, arguments)
    if command.name != ".once" && command.writes { endOnce() }
  }

  /// The words of a command; quotes hold one together.
  static func split(_ line: String) -> (word: String, arguments: [String]) {
    var words: [String] = []
    var word = ""
    var quote: Character?
    var isWord = false
    for character in line {
      if let open = quote {
        if character == open { quote = nil } else { word.append(character) }
      } else if character == "'" || character == "\"" {
        quote = character
        isWord = true
      } else if character == " " || character == "\t" {
        if isWord { words.append(word) }
        (word, isWord) = ("", false)
      } else {
        word.append(character)
        isWord = true
      }
    }
    if isWord { words.append(word) }
    return (words.first ?? "", Array(words.dropFirst()))
  }

  /// Writes lines as results.
  func show(_ lines: [String]) {
    output.write(lines.map { $0.trimmingTrailingSpaces() + "\n" }.joined())
  }
}

/// What the shell cannot do, in a sentence that says what can be typed instead.
public struct SQLShellError: Error, Equatable, CustomStringConvertible {
  public let description: String
  /// Whether it names the file and the line.
  let isLocated: Bool

  init(_ description: String, isLocated: Bool = false) {
    // It may have what was typed, or what a file says.
    self.description = visible(description, keeping: ["\n"])
    self.isLocated = isLocated
  }
}
