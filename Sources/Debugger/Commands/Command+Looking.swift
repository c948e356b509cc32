extension Command {
  static let looking: [Command] = [
    Command(
      name: "where", aliases: ["bt", "backtrace", "w"], chapter: .looking,
      summary: "Show this stop again, and the frames it lies in",
      help: """
        The frames are tile, operation, layer and pass, from the smallest, each with the steps
        from its first to its last. The one that finish leaves is marked; "up" and "down" choose
        another. What stands in brackets after a size, as in "dequantized 72 KiB (+72 KiB)", is the
        change since the stop shown before, wherever that was.
        """,
      example: "where",
      action: { session, arguments in
        try none(arguments, of: "where")
        try session.showFrames()
      }),
    Command(
      name: "up", arguments: "[N]", chapter: .looking,
      summary: "Choose the next larger frame: operation, layer, pass",
      help: """
        With N, that many times, as far as there are frames. You stay where you are. finish and
        reverse-finish leave the frame that was chosen, and mem draws it, until you move. Before
        that the operation is chosen while it is under way, and at its end the layer; "where" marks
        the frame.
        """,
      example: "up",
      action: { session, arguments in
        try session.selectFrame(by: count(arguments, of: "up"))
      }),
    Command(
      name: "down", arguments: "[N]", chapter: .looking,
      summary: "Choose the next smaller frame: layer, operation, tile", help: "See up.",
      example: "down",
      action: { session, arguments in
        try session.selectFrame(by: -count(arguments, of: "down"))
      }),
    Command(
      name: "frame", arguments: "[N]", chapter: .looking,
      summary: "Choose a frame by its number, or show the one that is chosen",
      help: "\"where\" numbers the frames from 0, the smallest. See up.",
      example: "frame 1",
      action: { session, arguments in try session.selectFrame(arguments) }),
    Command(
      name: "list", aliases: ["l"], arguments: "[STEP | -]", chapter: .looking,
      summary: "List the events around here",
      help: """
        Shows ten events with this one, or STEP, among them, along the branch. "list" again, or an empty line, shows
        the ten that follow; "list -" the ten before the first shown.
        """,
      example: "list 100", repetition: .goingOn,
      action: { session, arguments in try session.list(arguments) }),
    Command(
      name: "mem", arguments: "[op | layer | pass | all | kv | peak]", chapter: .looking,
      summary: "Draw live memory, stacked by category, with the cursor in it",
      help: """
        Draws the pass, or one operation, one layer or the whole trace; "mem kv" the KV cache alone
        over the whole trace, in use and reserved; "mem peak" the operation in which most memory was
        alive, and what was alive then. Packed weights that stay
        alive throughout are left out below the axis, and the title says how much: a tile is so
        much smaller that it would not be seen above them. Two bars from zero show the proportion,
        beside what the model would take were it float16 all at once.
        """,
      example: "mem layer", completes: .ranges,
      action: { session, arguments in try session.plotMemory(arguments) }),
    Command(
      name: "info", aliases: ["i"], arguments: "TOPIC [PATTERN]", chapter: .looking,
      summary: "Show \(InfoTopic.all.map(\.name).joined(separator: ", "))",
      help: InfoTopic.manual,
      example: "info memory", completes: .topics,
      action: { session, arguments in try session.info(arguments) }),
    Command(
      name: "sql", arguments: "QUERY", chapter: .looking,
      summary: "Ask the trace in SQL",
      help: """
        The trace is a database; the query can read everything in it and change nothing. A line
        that begins with SELECT, WITH, VALUES or EXPLAIN needs no "sql" before it.
        "info tables" lists what can be asked; docs/sql.md has every view and function, such as
        vec_norm and tensor_value. ^C ends a query that takes long.
        """,
      example: "sql SELECT kind, count(*) FROM event GROUP BY kind;",
      action: { session, arguments in
        guard !arguments.isEmpty else {
          throw DebuggerError.missingArgument(command: "sql", expected: "a query")
        }
        try session.query(arguments)
      }),
  ]
}
