extension Command {
  static let memory: [Command] = [
    Command(
      name: "peak", chapter: .looking,
      summary: "Go to where most memory was alive, and list every buffer there",
      help: """
        Moves to the step of the highest total of live bytes, the first where there are several, and
        lists the buffers alive right after it: the largest first, each with its share of the
        total. Buffers of one size that follow each other, as the pages of the KV cache do, share a
        line, with the step at which the first was taken: "blk.0 kv 0..<1328, 83 of 12 KiB".
        """,
      example: "peak",
      action: { session, arguments in
        try none(arguments, of: "peak")
        try session.goToPeak()
      }),
    Command(
      name: "play", arguments: "[FROM TO] [--speed X]", chapter: .looking,
      summary: "Replay memory as it rose and fell, on the whole terminal",
      help: """
        The plot fills from left to right while buffers come and go. FROM and TO are places as "goto"
        takes them, in one word each; without them the rest of this pass is played, or the whole
        pass at its end. A pass takes about 8 seconds; "--speed 2" is twice as fast. Any key stops,
        and you stand at the step that was reached.
        """,
      example: "play --speed 4", completes: .places,
      action: { session, arguments in try session.play(arguments) }),
  ]
}
