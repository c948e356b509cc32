extension Command {
  static let stopping: [Command] = [
    Command(
      name: "break", aliases: ["b"], arguments: "[LOCATION] [if EXPRESSION]", chapter: .stopping,
      summary: "Stop moves that come to a place, where a condition holds",
      help: """
        LOCATION is one of

          blk.3.attn_q    operations that read a weight tensor; blk.*.attn_q for every layer
          ffn_gate-3      an operation by its name; ffn_gate for every layer
          op matmul       operations of a kind, or by name
          layer 3         where a layer is entered
          token 5         where a position of the text goes in
          pass 2          where a pass begins
          step 1234       a step
          nan             operations whose result holds an infinity or a NaN, at their end
          any             anywhere, with a condition

        Without one it is the operation here. Moves stop at the first step of an operation, in both
        directions; goto, back, forward, peak and play do not stop on their way. In a live session
        continue runs one pass at a time.

        EXPRESSION is SQL over the fields that print shows of event, op, tile, tensor, matmul,
        token, pass, mem and kv (completion lists them), and over step and peak, the most bytes
        alive so far: event.kind = 'alloc' and event.bytes > 1MiB. Sizes and times can have a unit:
        mem.live > 64MiB, op.duration_ns > 5ms. A name that can never be, such as
        op.kind = 'MUL_MAT', is refused.

        With a condition a move stops where what it speaks of comes into being: a tile where it is
        made, a product where it is done, an operation at its end, where its result is known. Where
        it speaks of event, or of mem or peak without tile, matmul or kv, that is every step at
        which it holds; "watch" stops only where it begins to.
        """,
      example: "break op matmul if tile.value_max > 0.5", repetition: .nothing,
      completes: .conditions,
      action: { session, arguments in
        try session.setBreakpoint(arguments, of: "break", isTemporary: false)
      }),
    Command(
      name: "tbreak", aliases: ["tb"], arguments: "[LOCATION] [if EXPRESSION]",
      chapter: .stopping, summary: "The same, deleted at its first stop",
      help: "Takes what break takes.", example: "tbreak layer 1", repetition: .nothing,
      completes: .conditions,
      action: { session, arguments in
        try session.setBreakpoint(arguments, of: "tbreak", isTemporary: true)
      }),
    Command(
      name: "watch", arguments: "EXPRESSION [if EXPRESSION]", chapter: .stopping,
      summary: "Stop moves where the value of an expression changes",
      help: """
        The expression is as a condition's: mem.live > 64MiB stops where that becomes true or
        false, kv.bytes at every append to the KV cache, peak where more is alive than ever before.
        Its value is that of the last thing that it speaks of: tile.rows, of the last tile made.
        The stop shows it before and after. Backwards, moves stop at the same steps.
        """,
      example: "watch mem.live > 64MiB", repetition: .nothing, completes: .conditions,
      action: { session, arguments in try session.setWatchpoint(arguments) }),
    Command(
      name: "condition", arguments: "N [EXPRESSION]", chapter: .stopping,
      summary: "Give a breakpoint another condition, or none",
      help: "See break for what an expression is.",
      example: "condition 1 op.layer > 5", repetition: .nothing, completes: .conditions,
      action: { session, arguments in try session.setCondition(arguments) }),
    Command(
      name: "ignore", arguments: "N COUNT", chapter: .stopping,
      summary: "Pass over a breakpoint the next times it is reached",
      help: "Hits are counted all the same; \"info breakpoints\" shows them.",
      example: "ignore 1 20", repetition: .nothing, completes: .breakpoints,
      action: { session, arguments in try session.ignore(arguments) }),
    Command(
      name: "enable", arguments: "[N…]", chapter: .stopping,
      summary: "Let breakpoints stop moves again", help: "Without a number, all of them.",
      example: "enable 1", repetition: .nothing, completes: .breakpoints,
      action: { session, arguments in
        try session.forEachBreakpoint(arguments, of: "enable") { $0?.isEnabled = true }
      }),
    Command(
      name: "disable", arguments: "[N…]", chapter: .stopping,
      summary: "Keep breakpoints from stopping moves", help: "Without a number, all of them.",
      example: "disable 1 2", repetition: .nothing, completes: .breakpoints,
      action: { session, arguments in
        try session.forEachBreakpoint(arguments, of: "disable") { $0?.isEnabled = false }
      }),
    Command(
      name: "delete", aliases: ["d"], arguments: "[N…] | checkpoint N", chapter: .stopping,
      summary: "Delete breakpoints, or a checkpoint",
      help: "Without a number, all breakpoints. What was recorded stays.",
      example: "delete 2", repetition: .nothing, completes: .breakpoints,
      action: { session, arguments in
        let (what, number) = DebuggerSession.split(arguments)
        if !what.isEmpty, "checkpoint".hasPrefix(what), !number.isEmpty {
          return try session.checkpoints.delete(count(number, of: "delete"))
        }
        try session.forEachBreakpoint(arguments, of: "delete") { $0 = nil }
      }),
    Command(
      name: "commands", arguments: "[N]", chapter: .stopping,
      summary: "Say what to do after a stop at a breakpoint",
      help: """
        The lines that follow, up to "end", are done after each stop at breakpoint N, or at the one
        that was set last. With "silent" as the first of them the stop itself is not shown. A move
        among them is the last that is done.
        """,
      example: "commands 1", repetition: .nothing, completes: .breakpoints,
      action: { session, arguments in
        var breakpoint = try session.breakpoint(
          arguments.isEmpty ? "$bpnum" : arguments, of: "commands")
        breakpoint.commands = try session.readBlock(of: "commands \(breakpoint.id)")
        session.breakpoints[breakpoint.id] = breakpoint
      }),
    Command(
      name: "display", arguments: "[EXPRESSION]", chapter: .stopping,
      summary: "Print something at every stop",
      help: "Takes what print takes; without anything, prints what is displayed.",
      example: "display mem.live", completes: .expressions,
      action: { session, arguments in try session.display(arguments) }),
    Command(
      name: "undisplay", arguments: "[N…]", chapter: .stopping,
      summary: "Print something no more", help: "Without a number, all; see \"info display\".",
      example: "undisplay 1", repetition: .nothing,
      action: { session, arguments in try session.undisplay(arguments) }),
  ]
}
