import Basics
import CTerminal
import TraceStore

extension DebuggerSession {
  /// Does one line: a command, or a query that begins with SELECT, WITH, VALUES or EXPLAIN; then
  /// the commands of a breakpoint that it led to.
  ///
  /// - Parameter repeats: whether a person typed it: then an empty line repeats the one before.
  /// - Throws: a ``DebuggerError`` or a ``TraceError``, whose description is one sentence.
  public func execute(_ line: String, repeats: Bool = false) throws {
    var line = line.trimmingSpaces()
    if repeats {
      if line.isEmpty {
        guard let repeated else { return }
        line = repeated
      } else {
        history.append(line)
      }
      repeated = repetition(of: line)
    }
    // Where a command stops anew, what an outer breakpoint still had to do is given up, as in gdb.
    let (outer, stopsBefore) = (queued, stops)
    queued = []
    defer { queued = stops == stopsBefore ? outer : [] }
    try perform(line)
    guard !queued.isEmpty else { return }
    // A block among them is read from them, and not from what is typed next.
    let lines = QueuedLines(self)
    sources.append(lines)
    defer { sources.removeLast() }
    while !isOver, case .line(let command) = lines.next(prompt: "") {
      try checkInterrupted()
      try perform(command)
    }
  }

  /// - Throws: ``DebuggerError/interrupted`` where ^C came since the last line that was typed.
  func checkInterrupted() throws {
    if nibble_interrupted() { throw DebuggerError.interrupted }
  }

  /// What an empty line does after a line.
  private func repetition(of line: String) -> String? {
    if Self.isQuery(line) { return line }
    let command = try? Command.named(Self.split(expanded(line)).word)
    switch command?.repetition ?? .same {
    case .same: return line.hasPrefix("#") ? nil : line
    case .goingOn: return command?.name
    case .nothing: return nil
    }
  }

  private func perform(_ line: String) throws {
    if line.isEmpty || line.hasPrefix("#") { return }
    if line.hasPrefix("!") { return try shell(String(line.dropFirst())) }
    if Self.isQuery(line), Self.splitPipe(line) == nil { return try query(line) }
    let line = Self.isQuery(line) ? line : expanded(line)
    if let (command, filter) = Self.splitPipe(line) {
      guard !filter.isEmpty else {
        throw DebuggerError.missingArgument(command: "|", expected: "a command of the shell")
      }
      return try pipe(into: filter) { try perform(command) }
    }
    let (word, arguments) = Self.split(line)
    if macros.definitions[word] != nil { return try run(definition: word, arguments) }
    try Command.named(word, among: macros.names).action(self, arguments)
  }

  /// A line whose first word stands for something, with that in its place.
  func expanded(_ line: String) -> String {
    var line = line
    // One may stand for another, but not for itself.
    for _ in 0..<100 {
      let (word, arguments) = Self.split(line)
      guard let meaning = macros.aliases[word] else { break }
      line = arguments.isEmpty ? meaning : meaning + " " + arguments
    }
    return line
  }

  static func isQuery(_ line: String) -> Bool {
    ["SELECT", "WITH", "VALUES", "EXPLAIN"].contains(split(line).word.uppercased())
  }

  /// `info tensors | head` as its command and what filters its output; of a query, what follows
  /// its last semicolon. In conditions `|` is SQL's.
  private static func splitPipe(_ line: String) -> (command: String, filter: String)? {
    let isQuery = isQuery(line) || split(line).word == "sql"
    if !isQuery, (try? Command.named(split(line).word))?.completes == .conditions { return nil }
    var quote: Character?
    var last: Character?
    var found: String.Index?
    for index in line.indices {
      let character = line[index]
      if let open = quote {
        if character == open { quote = nil }
      } else if character == "'" || character == "\"" {
        quote = character
      } else if character == "|", !isQuery || last == ";" {
        found = index
        break
      }
      if character != " " { last = character }
    }
    guard let found else { return nil }
    let filter = String(line[line.index(after: found)...]).trimmingSpaces()
    let command = String(line[..<found]).trimmingSpaces()
    return command.isEmpty ? nil : (command, filter)
  }

  /// The first word of a line and what follows it; a slash begins what follows, as in `x/32xb`.
  static func split(_ line: String) -> (word: String, arguments: String) {
    let end = line.firstIndex { $0 == " " || $0 == "\t" || $0 == "/" } ?? line.endIndex
    return (String(line[..<end]), String(line[end...]).trimmingSpaces())
  }
}

/// The commands that a breakpoint still has to do.
private final class QueuedLines: LineSource {
  let isInteractive = false
  private unowned let session: DebuggerSession

  init(_ session: DebuggerSession) { self.session = session }

  func next(prompt: String) -> LineReply {
    session.queued.isEmpty ? .end : .line(session.queued.removeFirst())
  }
}
