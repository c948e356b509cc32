extension Command {
  static let running: [Command] = [
    Command(
      name: "generate", arguments: "[N]", chapter: .running,
      summary: "Run N passes more of a live run, one token each",
      help: """
        Each takes in the token that the one before found likeliest. You stand at the end of the
        last. ^C gives up the pass that is under way and keeps those before it.

        A live session runs a model as you go: `nibble step -m MODEL -p PROMPT` starts one.
        """,
      example: "generate 5",
      action: { session, arguments in
        try session.generate(try count(arguments, of: "generate"))
      }),
    Command(
      name: "token", arguments: "ID | \"TEXT\"", chapter: .running,
      summary: "Choose the token that the next pass of a live run takes in",
      help: """
        It goes in place of the one that the model found likeliest. A text has to be one token;
        most begin with a space. "info tokens" shows which others were likely.
        """,
      example: "token \" there\"",
      action: { session, arguments in try session.forceToken(arguments) }),
    Command(
      name: "set", arguments: "strategy | tile-rows | kv-type | memory-budget VALUE",
      chapter: .running,
      summary: "Change how the next passes of a live run are run",
      help: """
        "set strategy fused", "set tile-rows 16" and "set kv-type q8_0" hold from the next pass on;
        the KV cache stays. But another type of it means that it is filled again: the next pass
        runs all tokens so far, as a branch of its own. "set memory-budget 96MiB" holds all that
        is alive to a limit, "set memory-budget none" to none.
        """,
      example: "set tile-rows 16", completes: .settings,
      action: { session, arguments in try session.changeSetting(arguments) }),
    Command(
      name: "show", arguments: "[strategy | tile-rows | kv-type | memory-budget]",
      chapter: .running,
      summary: "Show how this pass was run, and how the next will be",
      help: "\"info settings\" does the same.",
      example: "show", completes: .settings,
      action: { session, arguments in try session.showSettings(arguments) }),
    Command(
      name: "checkpoint", chapter: .running,
      summary: "Remember this place, to come back to it",
      help: "\"info checkpoints\" lists them, and \"restart N\" goes to one.",
      example: "checkpoint", repetition: .nothing,
      action: { session, arguments in
        try none(arguments, of: "checkpoint")
        try session.addCheckpoint()
      }),
    Command(
      name: "restart", arguments: "N", chapter: .running,
      summary: "Go to a checkpoint, and take a live run back to it",
      help: """
        A live run is taken back to the end of the pass that the checkpoint lies in, to the positions
        that were in the KV cache then; a pass that was given up counts as not run. You can step on
        to the end of that pass. What is run next belongs to another branch: both stay in the trace,
        and "info passes", "info tokens" and every stop tell them apart. "help goto" says how moves
        go along a branch.

        Where a later branch has overwritten what was in the cache, it is filled again first.
        """,
      example: "restart 1", repetition: .nothing,
      action: { session, arguments in
        guard !arguments.isEmpty else {
          throw DebuggerError.missingArgument(
            command: "restart", expected: "the number of a checkpoint")
        }
        try session.restart(try count(arguments, of: "restart"))
      }),
  ]
}
