import Basics

/// Commands that a person made.
struct Macros {
  /// The lines of those made with `define`, by name.
  var definitions: [String: [String]] = [:]
  /// What those made with `alias` stand for, by name.
  var aliases: [String: String] = [:]

  var names: [String] { (Array(definitions.keys) + Array(aliases.keys)).sorted() }
}

extension DebuggerSession {
  /// Does `define NAME`, whose lines follow.
  func define(_ name: String) throws {
    try checkFree(name, of: "define")
    macros.definitions[name] = try readBlock(of: "define \(name)")
    macros.aliases[name] = nil
  }

  /// Does `alias NAME = COMMAND`.
  func alias(_ arguments: String) throws {
    let parts = arguments.split(separator: "=", maxSplits: 1).map { String($0).trimmingSpaces() }
    guard parts.count == 2, !parts[1].isEmpty else {
      throw DebuggerError.badArgument(
        command: "alias", found: arguments, expected: "a name, \"=\" and a command")
    }
    try checkFree(parts[0], of: "alias")
    let (word, _) = Self.split(parts[1])
    if macros.aliases[word] == nil, macros.definitions[word] == nil { _ = try Command.named(word) }
    macros.aliases[parts[0]] = parts[1]
    macros.definitions[parts[0]] = nil
  }

  private func checkFree(_ name: String, of command: String) throws {
    let isName = name.allSatisfy { $0.isLetter || $0.isNumber || "-_".contains($0) }
    guard !name.isEmpty, isName else {
      throw DebuggerError.badArgument(
        command: command, found: name, expected: "a name of letters, digits, - and _")
    }
    guard !Command.all.contains(where: { $0.name == name || $0.aliases.contains(name) }) else {
      throw DebuggerError.badArgument(
        command: command, found: name, expected: "a name that no command has")
    }
  }

  /// The lines up to the `end` that belongs to a block.
  ///
  /// - Parameter command: what the block is of, for messages.
  func readBlock(of command: String) throws -> [String] {
    guard let source = sources.last else {
      throw DebuggerError.missingArgument(command: command, expected: "the lines that follow it")
    }
    var lines: [String] = []
    var depth = 1
    while true {
      guard case .line(let text) = nextLine(from: source, prompt: ">").reply else {
        throw DebuggerError.unfinishedBlock(command: command)
      }
      let line = text.trimmingSpaces()
      if line.isEmpty { continue }
      let (word, _) = Self.split(line)
      if word == "end" { depth -= 1 }
      if ["commands", "define"].contains(word) { depth += 1 }
      if depth == 0 { return lines }
      lines.append(line)
    }
  }

  /// Does the lines of a command made with `define`: `$arg0` is its first argument, `$argc` how
  /// many there are.
  func run(definition name: String, _ arguments: String) throws {
    guard let lines = macros.definitions[name] else { return }
    let words = arguments.split(separator: " ").map(String.init)
    let filled = lines.map { line in
      // From the last one, as $arg1 is the beginning of $arg10.
      words.indices.reversed().reduce(line.replacing("$argc", with: String(words.count))) {
        $0.replacing("$arg\($1)", with: words[$1])
      }
    }
    guard sources.count < 100 else { throw DebuggerError.tooDeep(name: name) }
    let source = ScriptedLines(filled)
    sources.append(source)
    defer { sources.removeLast() }
    while case .line(let line) = source.next(prompt: ""), !isOver {
      try checkInterrupted()
      try execute(line)
    }
  }
}
