import TraceStore

/// A line of text in a live run: a branch, or one that becomes a branch with its next pass.
struct LiveLine {
  /// Its branch of the trace; `nil` until it has a pass of its own.
  private(set) var parent: Int?
  var branch: Int?
  /// Those that are in the KV cache or were, and those that are known beforehand.
  var tokens: [TraceToken]
  /// How many of ``tokens`` are known beforehand: passes of several tokens run them.
  private(set) var given: Int
  /// How many of those had been run before this line began.
  private(set) var known = 0
  /// For each position in the KV cache, the pass that computed it.
  var passes: [Int] = []
  /// Positions that a pass of this line has taken in, or tried to.
  var attempted = 0
  /// The likeliest token after ``tokens``, once it is known.
  var choice: TraceToken?
  /// The token that is to go in its place.
  var forced: TraceToken?
  /// The step that was the last when the line was begun.
  var leftAt = 0

  init(prompt: [TraceToken]) {
    branch = 0
    tokens = prompt
    given = prompt.count
  }

  /// What goes in after ``tokens``.
  var next: TraceToken? { forced ?? choice }

  /// The same text, of which `count` positions stay in the KV cache and the rest is run again.
  func refilled(keeping count: Int) -> LiveLine {
    cut(at: passes.count, keeping: count, choice: choice, forced: forced)
  }

  /// The text up to a position that was the end of a pass, with what of the prompt follows it.
  ///
  /// - Parameters:
  ///   - count: positions that stay in the KV cache.
  ///   - choice: the likeliest token after that position.
  func cut(
    at end: Int, keeping count: Int, choice: TraceToken?, forced: TraceToken? = nil
  ) -> LiveLine {
    var line = self
    line.parent = branch ?? parent
    line.branch = nil
    line.given = max(end, given)
    line.known = end
    line.tokens = Array(tokens.prefix(line.given))
    line.passes = Array(passes.prefix(count))
    line.attempted = 0
    line.choice = choice
    line.forced = forced
    for index in count..<line.tokens.count {
      // Nothing of this line gave them a probability.
      line.tokens[index].logprob = nil
      line.tokens[index].topK = []
    }
    return line
  }

  /// Says of the tokens that the line does not share that they are of `branch`.
  mutating func name(_ branch: Int) {
    for index in passes.count..<tokens.count { tokens[index].branch = branch }
    choice?.branch = branch
    forced?.branch = branch
  }
}
