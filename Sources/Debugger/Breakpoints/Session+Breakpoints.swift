import Basics
import TraceStore

extension DebuggerSession {
  /// Does `break` and `tbreak`.
  func setBreakpoint(_ arguments: String, of command: String, isTemporary: Bool) throws {
    let (text, condition) = try splitCondition(arguments)
    let location: Location
    if text.isEmpty {
      guard let op = try place().op else {
        throw DebuggerError.missingArgument(command: command, expected: Location.expected)
      }
      location = .op(op.name)
    } else {
      location = try self.location(text, of: command)
    }
    if location == .anywhere && condition == nil {
      throw DebuggerError.missingArgument(
        command: "\(command) any", expected: "a condition: \"\(command) any if mem.live > 64MiB\"")
    }
    let added = breakpoints.add(
      .location(location), condition: condition, isTemporary: isTemporary)
    show(["\(added.title): \(description(of: added))"])
  }

  /// Does `watch`.
  func setWatchpoint(_ arguments: String) throws {
    let (text, condition) = try splitCondition(arguments)
    guard !text.isEmpty else {
      throw DebuggerError.missingArgument(
        command: "watch", expected: "an expression such as kv.bytes, mem.live > 64MiB or peak")
    }
    let added = breakpoints.add(.change(try expression(text)), condition: condition)
    show(["\(added.title): \(description(of: added))"])
  }

  /// Does `condition N [EXPRESSION]`.
  func setCondition(_ arguments: String) throws {
    let (word, text) = Self.split(arguments)
    var breakpoint = try breakpoint(word, of: "condition")
    if text.isEmpty, breakpoint.kind == .location(.anywhere) {
      throw DebuggerError.missingArgument(
        command: "condition", expected: "an expression; \(breakpoint.title) is nothing without one")
    }
    breakpoint.condition = text.isEmpty ? nil : try expression(text)
    breakpoints[breakpoint.id] = breakpoint
    show([
      text.isEmpty
        ? "\(breakpoint.title) now stops always."
        : "\(breakpoint.title): \(description(of: breakpoint))"
    ])
  }

  /// Does `ignore N COUNT`.
  func ignore(_ arguments: String) throws {
    let (word, text) = Self.split(arguments)
    var breakpoint = try breakpoint(word, of: "ignore")
    guard let count = Int(text), count >= 0 else {
      throw DebuggerError.badArgument(
        command: "ignore", found: arguments, expected: "a breakpoint's number and how often")
    }
    breakpoint.ignored = count
    breakpoints[breakpoint.id] = breakpoint
    let times = count == 1 ? "time" : "\(count) times"
    show([
      count == 0
        ? "\(breakpoint.title) stops the next time it is reached."
        : "\(breakpoint.title) is passed over the next \(times)."
    ])
  }

  /// Does `enable`, `disable` and `delete` for the breakpoints named, or for all.
  func forEachBreakpoint(
    _ arguments: String, of command: String, body: (inout Breakpoint?) -> Void
  ) throws {
    let words = arguments.split { " ,".contains($0) }.map(String.init).flatMap(Self.numbers)
    let ids =
      try words.isEmpty
      ? breakpoints.all.map(\.id) : words.map { try breakpoint($0, of: command).id }
    if ids.isEmpty { return show(["There are no breakpoints."]) }
    for id in ids { body(&breakpoints[id]) }
  }

  /// `2-4` as its numbers; another word as it is.
  private static func numbers(in word: String) -> [String] {
    let ends = word.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard ends.count == 2, let first = ends[0], let last = ends[1], first <= last,
      last - first < 10_000
    else { return [word] }
    return (first...last).map(String.init)
  }

  /// The breakpoint that a word of a command names.
  func breakpoint(_ word: String, of command: String) throws -> Breakpoint {
    guard !word.isEmpty else {
      throw DebuggerError.missingArgument(command: command, expected: "a breakpoint's number")
    }
    guard word != "$bpnum" || !breakpoints.all.isEmpty else {
      throw DebuggerError.missingArgument(
        command: command, expected: "a breakpoint, and there is none yet; \"break\" sets one")
    }
    let id = word == "$bpnum" ? breakpoints.all.last?.id : Int(word)
    guard let found = id.flatMap({ breakpoints[$0] }) else {
      throw DebuggerError.unknownName(
        name: "breakpoint \(word)", advice: "\"info breakpoints\" lists them")
    }
    return found
  }

  /// Does `info breakpoints`.
  func infoBreakpoints() {
    guard !breakpoints.all.isEmpty else {
      return show(["There are no breakpoints; \"break\" and \"watch\" set them."])
    }
    var table = Table([
      ("num", .right), ("type", .left), ("enabled", .left), ("hits", .right), ("what", .left),
    ])
    for breakpoint in breakpoints.all {
      let type: String
      switch breakpoint.kind {
      case .location: type = breakpoint.isTemporary ? "tbreak" : "break"
      case .change: type = "watch"
      }
      table.add(
        String(breakpoint.id), type, breakpoint.isEnabled ? "yes" : "no", String(breakpoint.hits),
        description(of: breakpoint)
          + (breakpoint.ignored > 0 ? ", passed over \(breakpoint.ignored) more" : ""))
      for line in breakpoint.commands { table.add("", "", "", "", "  " + line) }
    }
    show(table.lines(style: style))
  }

  private func description(of breakpoint: Breakpoint) -> String {
    breakpoint.what + (breakpoint.condition.map { " if \($0.text)" } ?? "")
  }

  /// `blk.3.attn_q if tile.value_max > 0.5` as its location and its condition.
  func splitCondition(
    _ arguments: String
  ) throws -> (location: String, condition: SearchExpression?) {
    if arguments.hasPrefix("if ") {
      return ("", try expression(String(arguments.dropFirst(3))))
    }
    guard let word = Self.rangeOfIf(in: arguments) else { return (arguments, nil) }
    return (
      String(arguments[..<word.lowerBound]).trimmingSpaces(),
      try expression(String(arguments[word.upperBound...]))
    )
  }

  /// Where ` if ` stands outside quotes.
  private static func rangeOfIf(in text: String) -> Range<String.Index>? {
    var quote: Character?
    for index in text.indices {
      let character = text[index]
      if let open = quote {
        if character == open { quote = nil }
      } else if character == "'" || character == "\"" {
        quote = character
      } else if text[index...].hasPrefix(" if ") {
        return index..<text.index(index, offsetBy: 4)
      }
    }
    return nil
  }

  /// A condition that SQLite understands.
  func expression(_ text: String) throws -> SearchExpression {
    let expression = try SearchExpression(text.trimmingSpaces())
    try trace.check(expression)
    return expression
  }

  /// The lines that set the breakpoints again, for `save breakpoints`.
  var breakpointLines: [String] {
    breakpoints.all.flatMap { breakpoint -> [String] in
      var lines = [breakpoint.line]
      // In the file, "$bpnum" is the one that was set last.
      if breakpoint.ignored > 0 { lines.append("ignore $bpnum \(breakpoint.ignored)") }
      if !breakpoint.isEnabled { lines.append("disable $bpnum") }
      if !breakpoint.commands.isEmpty {
        lines += ["commands"] + breakpoint.commands.map { "  " + $0 } + ["end"]
      }
      return lines
    }
  }
}
