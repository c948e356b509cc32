import TraceStore

extension Command {
  static let moving: [Command] = [
    Command(
      name: "step", aliases: ["s"], arguments: "[N]", chapter: .moving,
      summary: "Go on by one event, or by N",
      help: """
        An event is the finest grain there is: a tile is dequantized, multiplied or freed, a
        buffer is taken or returned, an operation's work is done, a position is appended to the
        KV cache. You stand at the event that has just happened. Where fewer than N are left, you
        stand at the last, and are told how many steps that were.
        """,
      example: "step 3",
      action: { session, arguments in
        try session.move(bySteps: count(arguments, of: "step"))
      }),
    Command(
      name: "reverse-step", aliases: ["rs"], arguments: "[N]", chapter: .moving,
      summary: "Go back by one event, or by N",
      help: """
        Undoes step: "step N" and "reverse-step N" take you back to where you were. Where an end or a
        breakpoint cut one short, fewer steps were made: at an end you are told how many, and "back"
        undoes either.
        """,
      example: "reverse-step",
      action: { session, arguments in
        try session.move(bySteps: -count(arguments, of: "reverse-step"))
      }),
    Command(
      name: "next", aliases: ["n"], arguments: "[N]", chapter: .moving,
      summary: "Go on to the end of an operation, over its tiles",
      help: """
        Finishes the operation that is under way, or else does the next one whole, and shows its
        result. With N, that many times.
        """,
      example: "next",
      action: { session, arguments in
        let count = try count(arguments, of: "next")
        try session.advance(count) { try $0.advance(.op, count: $1) }
      }),
    Command(
      name: "reverse-next", aliases: ["rn"], arguments: "[N]", chapter: .moving,
      summary: "Go back to where the operation before ended",
      help: "Undoes next where that began at the end of an operation.",
      example: "reverse-next",
      action: { session, arguments in
        let count = try count(arguments, of: "reverse-next")
        try session.move { try $0.retreat(.op, count: count) }
      }),
    Command(
      name: "finish", aliases: ["fin", "f"], arguments: "[tile | op | layer | pass]",
      chapter: .moving, summary: "Run to the end of the operation, or of the layer",
      help: """
        In the middle of an operation, runs to its end. At the end of one, runs to the end of the
        layer; standing there, to the end of the next layer. A word chooses the frame: "finish
        pass" runs to the end of the pass, "finish tile" to where the tile is freed; so do "up" and
        "down" before it. What comes before the first layer, and after the last, counts as a layer
        each.
        """,
      example: "finish pass", completes: .grains,
      action: { session, arguments in
        let grain = try grain(arguments, session, of: "finish")
        try session.advance { try $0.advance(grain, count: $1) }
      }),
    Command(
      name: "reverse-finish", aliases: ["rfin"], arguments: "[tile | op | layer | pass]",
      chapter: .moving, summary: "Run back to before the operation, or the layer, began",
      help: """
        In the middle of an operation, goes back to where the one before it ended. At the end of
        one, goes back to where the layer before ended. A word chooses the frame, as for finish,
        which it undoes where that began at the end of such a frame.
        """,
      example: "reverse-finish layer", completes: .grains,
      action: { session, arguments in
        let grain = try grain(arguments, session, of: "reverse-finish")
        try session.move { try $0.retreat(grain) }
      }),
    Command(
      name: "until", aliases: ["u"], arguments: "[LOCATION] [if EXPRESSION]", chapter: .moving,
      summary: "Run on to a place, but not beyond this pass",
      help: """
        Takes what break takes. Without anything, runs to where the next operation begins: past
        the tiles of this one.
        """,
      example: "until if mem.weights_dequantized > 100KiB", completes: .conditions,
      action: { session, arguments in try session.runUntil(arguments) }),
    Command(
      name: "advance", aliases: ["adv"], arguments: "LOCATION [if EXPRESSION]", chapter: .moving,
      summary: "Run on to a place, however far it is",
      help: "Takes what break takes. A live run goes on, pass by pass, until it comes there.",
      example: "advance layer 1", completes: .conditions,
      action: { session, arguments in try session.advance(arguments) }),
    Command(
      name: "continue", aliases: ["c"], arguments: "[N]", chapter: .moving,
      summary: "Run on to the next breakpoint, or to the end of the trace",
      help: """
        With N, to the Nth breakpoint from here. ^C ends a search that takes long; you then stand
        where you were.
        """,
      example: "continue",
      action: { session, arguments in
        let count = try count(arguments, of: "continue")
        try session.resume(backwards: false, count: count)
      }),
    Command(
      name: "reverse-continue", aliases: ["rc"], arguments: "[N]", chapter: .moving,
      summary: "Run back to the breakpoint before, or to the beginning of the trace",
      help: """
        At the first event of the recording, before the first pass, the packed weights are taken;
        the KV cache is taken during passes, as positions fill it.
        """,
      example: "reverse-continue",
      action: { session, arguments in
        let count = try count(arguments, of: "reverse-continue")
        try session.resume(backwards: true, count: count)
      }),
    Command(
      name: "back", arguments: "[N]", chapter: .moving,
      summary: "Go back to the place where you were before",
      help: "Undoes any move, as a browser goes back to the page before.",
      example: "back",
      action: { session, arguments in
        try session.walk(back: true, count: count(arguments, of: "back"))
      }),
    Command(
      name: "forward", aliases: ["fo"], arguments: "[N]", chapter: .moving,
      summary: "Go again where back came from", help: "Any other move forgets those places.",
      example: "forward",
      action: { session, arguments in
        try session.walk(back: false, count: count(arguments, of: "forward"))
      }),
    Command(
      name: "goto", aliases: ["g"], arguments: "STEP | +N | -N | start | end | peak | pass N | OP",
      chapter: .moving,
      summary: "Go to a step, to a pass, to an operation or to the memory's peak",
      help: """
        STEP is a number as every stop shows it; +N and -N count from here, and past the end of a
        live run +N runs the next pass. "start" and "end" are the first and the last step, "peak"
        the step at which most memory was alive. "pass N" is the first step of a pass, and OP an
        operation of this pass by its name: you stand at the end of it.

        Where a run was taken back and has branches, moves go along one of them: back through its
        own passes and then those that it shares with the branch that it began in, and forward to its
        end. A step that your branch does not have takes you to the branch that has it; "where" names
        both, and "goto end" goes to the end of the run.
        """,
      example: "goto ffn_gate-2", completes: .places,
      action: { session, arguments in try session.goTo(arguments) }),
  ]

  private static func grain(
    _ arguments: String, _ session: DebuggerSession, of command: String
  ) throws -> Grain {
    if arguments.isEmpty { return try session.selectedFrame ?? session.cursor.currentFrame() }
    let matches = Grain.allCases.filter { $0.rawValue.hasPrefix(arguments) }
    guard let grain = matches.first else {
      throw DebuggerError.badArgument(
        command: command, found: arguments, expected: "tile, op, layer or pass")
    }
    return grain
  }
}

extension DebuggerSession {
  /// Does `until`.
  func runUntil(_ arguments: String) throws {
    guard !arguments.isEmpty else {
      guard let next = try cursor.startOfOp(after: cursor.step) else {
        return try move { $0.go(to: .max) }
      }
      return try land(at: next, .arrived)
    }
    let end = try trace.pass(at: cursor.step)?.steps.upperBound ?? cursor.last
    let search = try target(arguments, of: "until")
    if cursor.step < end { return try run(to: search, butNoFurtherThan: end, .arrived) }
    // At its end, to the end of the next.
    var after = cursor
    _ = after.move(by: 1)
    let next = try trace.pass(at: after.step)?.steps.upperBound ?? cursor.last
    try run(to: search, butNoFurtherThan: next, next == cursor.last ? .end : .arrived)
  }

  /// Does `advance`.
  func advance(_ arguments: String) throws {
    guard !arguments.isEmpty else {
      throw DebuggerError.missingArgument(command: "advance", expected: Location.expected)
    }
    try run(
      to: target(arguments, of: "advance"), butNoFurtherThan: cursor.last, .end, runsOn: true)
  }

  /// The search for a location as it is when it is asked: a live run may get there only later.
  private func target(
    _ arguments: String, of command: String
  ) throws -> () throws -> TraceSearch {
    let (text, condition) = try splitCondition(arguments)
    let location = try text.isEmpty ? .anywhere : location(text, of: command)
    guard location != .anywhere || condition != nil else {
      throw DebuggerError.missingArgument(
        command: "\(command) any", expected: "a condition: \"\(command) if mem.live > 64MiB\"")
    }
    return { [unowned self] in try search(location, condition) }
  }

  /// The step that a place means which `goto` takes, or another command that names places so.
  func target(of text: String, for command: String) throws -> Int {
    let expected = "a step, +N, -N, start, end, peak, pass N or the name of an operation"
    let words = text.split(separator: " ").map(String.init)
    switch (words.first, words.count) {
    case (nil, _): throw DebuggerError.missingArgument(command: command, expected: expected)
    case ("start", 1): return 1
    case ("end", 1): return try takenBackTo ?? trace.eventCount()
    case ("peak", 1): return try reachablePeak().step
    case ("pass", 2):
      let count = try trace.passCount()
      guard count > 0 else {
        throw DebuggerError.nothingHere(what: "pass", step: cursor.step, advice: try passAdvice)
      }
      guard let number = Int(words[1]), let pass = try trace.pass(number) else {
        throw DebuggerError.badArgument(
          command: command, found: text, expected: "a pass from 1 to \(count)")
      }
      return pass.steps.lowerBound
    case (let word?, 1):
      if let number = Int(word) {
        if let first = word.first, "+-".contains(first) {
          var there = cursor
          _ = there.move(by: number)
          return there.step
        }
        return try checkedStep(number, text, of: command)
      }
      if let op = try op(named: word) { return op.steps.upperBound }
      throw DebuggerError.badArgument(command: command, found: text, expected: expected)
    default: throw DebuggerError.badArgument(command: command, found: text, expected: expected)
    }
  }

  /// A step of the trace, on whatever branch.
  func checkedStep(_ step: Int, _ text: String, of command: String) throws -> Int {
    let last = try trace.eventCount()
    guard (1...last).contains(step) else {
      throw DebuggerError.badArgument(
        command: command, found: text, expected: "a step from 1 to \(last)")
    }
    return step
  }
}
