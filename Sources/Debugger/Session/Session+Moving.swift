import Inference
import TraceStore

extension DebuggerSession {
  /// Whether more can be recorded than there is.
  var canGrow: Bool { false }

  /// Runs the next pass of a live session.
  ///
  /// - Returns: whether there was one; the trace has grown then.
  func runNextPass() throws -> Bool { false }

  /// Moves the cursor as far as a breakpoint lets it, and shows where it came to and, where a
  /// move was cut short, why.
  ///
  /// - Parameter stops: whether breakpoints on the way stop the move.
  func move(stops: Bool = true, _ body: (inout Cursor) throws -> Cursor.Ending) throws {
    var moved = cursor
    var ending = try body(&moved)
    while ending == .end, try runNextPass() {
      moved = cursor
      ending = try body(&moved)
    }
    try land(at: moved.step, ending, stops: stops)
  }

  /// Does `continue` and `reverse-continue`: to the next breakpoint, the count-th of them.
  func resume(backwards: Bool, count: Int) throws {
    var ending = Cursor.Ending.arrived
    for round in 1...count {
      if !backwards, cursor.step == cursor.last { _ = try runNextPass() }
      var moved = cursor
      let hit = try firstHit(towards: backwards ? 1 : cursor.last)
      ending = moved.go(to: hit?.step ?? (backwards ? .min : .max))
      if hit == nil || round == count {
        return try arrive(at: moved.step, ending, hit)
      }
      leave(for: moved.step)
    }
  }

  /// Does `until` and `advance`: to a location or, where there is none on the way, to a step.
  func run(to search: TraceSearch, butNoFurtherThan end: Int, _ ending: Cursor.Ending) throws {
    guard cursor.step < cursor.last else { return try move { $0.go(to: .max) } }
    let steps = cursor.step + 1...cursor.last
    let found = try searching { _ in
      try trace.firstStep(of: search, in: steps, backwards: false)
    }
    guard let found, found <= end else { return try land(at: end, ending) }
    try land(at: found, .arrived)
  }

  /// Goes to a step, or to the first breakpoint on the way.
  func land(at step: Int, _ ending: Cursor.Ending, stops: Bool = true) throws {
    let hit = stops ? try firstHit(towards: step) : nil
    try arrive(at: hit?.step ?? step, hit == nil ? ending : .arrived, hit)
  }

  private func firstHit(towards target: Int) throws -> Hit? {
    let here = cursor.step
    if target == here { return nil }
    return target > here
      ? try firstHit(in: here + 1...target, backwards: false)
      : try firstHit(in: target...here - 1, backwards: true)
  }

  private func arrive(at step: Int, _ ending: Cursor.Ending, _ hit: Hit?) throws {
    leave(for: step)
    stops += 1
    let commands = hit?.causes.first { !$0.breakpoint.commands.isEmpty }?.breakpoint.commands ?? []
    queued = commands.filter { $0 != "silent" }
    if commands.first == "silent" { return }
    switch ending {
    case .arrived: break
    case .beginning: show(["At the beginning of the trace."])
    case .end: show(["At the end of the trace."])
    }
    if let hit { show(lines(of: hit)) }
    try showStop()
  }

  /// Moves the cursor without a word.
  private func leave(for step: Int) {
    trail.leave(cursor.step, for: step)
    place(cursorAt: step)
  }

  private func place(cursorAt step: Int) {
    _ = cursor.go(to: step)
    listed = nil
    selectedFrame = nil
  }

  /// Does `back` and `forward`.
  func walk(back: Bool, count: Int) throws {
    var step: Int?
    for _ in 0..<count {
      guard let next = trail.walk(from: step ?? cursor.step, back: back) else { break }
      step = next
    }
    guard let step else {
      return show([
        back ? "There is no place before this one." : "There is no place after this one."
      ])
    }
    place(cursorAt: step)
    try showStop()
  }
}

/// The places that were visited, as a browser keeps its pages.
struct Trail {
  private var past: [Int] = []
  private var future: [Int] = []

  mutating func leave(_ step: Int, for next: Int) {
    guard step != next else { return }
    past.append(step)
    future = []
  }

  mutating func walk(from step: Int, back: Bool) -> Int? {
    guard let next = back ? past.popLast() : future.popLast() else { return nil }
    if back { future.append(step) } else { past.append(step) }
    return next
  }
}
