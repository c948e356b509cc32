import Inference
import TraceStore

extension DebuggerSession {
  /// Whether more can be recorded than there is.
  var canGrow: Bool { live.map { $0.ending == nil } ?? false }

  /// Moves the cursor as far as a breakpoint lets it, and shows where it came to and, where a
  /// move was cut short, why.
  ///
  /// - Parameter stops: whether breakpoints on the way stop the move.
  func move(stops: Bool = true, _ body: (inout Cursor) throws -> Cursor.Ending) throws {
    var moved = cursor
    let ending = try body(&moved)
    try land(at: moved.step, ending, stops: stops)
  }

  /// Moves the cursor forwards by so many steps or frames; where that passes the end of a live run,
  /// the next pass is run, and the rest of the way lies in it.
  func advance(
    _ count: Int = 1, stops: Bool = true, _ body: (inout Cursor, Int) throws -> Cursor.Ending
  ) throws {
    let origin = cursor.step
    var moved = cursor
    var ending = try body(&moved, count)
    while ending == .end, canGrow {
      // What is recorded is gone through before more is run.
      if stops, let hit = try firstHit(towards: moved.step) {
        return try arrive(at: hit.step, .arrived, hit, from: origin)
      }
      let left = moved.left
      cursor.step = moved.step
      guard try runNextPass() else { break }
      moved = cursor
      ending = try body(&moved, left)
    }
    try land(at: moved.step, ending, stops: stops, from: origin)
  }

  /// Does `continue` and `reverse-continue`: to the next breakpoint, the count-th of them. At the
  /// end of what was recorded, a live session runs the next pass and goes on to its end.
  func resume(backwards: Bool, count: Int) throws {
    let origin = cursor.step
    let hasRun = try !backwards && cursor.step == cursor.last && runNextPass()
    for round in 1...count {
      let end = backwards ? 1 : cursor.last
      let hit: Hit?
      do {
        hit = try firstHit(towards: end)
      } catch {
        if !hasRun { cursor.step = origin }
        throw error
      }
      if hit == nil || round == count {
        let ending: Cursor.Ending =
          hit != nil || hasRun ? .arrived : backwards ? .beginning : .end
        return try arrive(at: hit?.step ?? end, ending, hit, from: origin)
      }
      cursor.step = hit?.step ?? end
    }
  }

  /// Does `until` and `advance`: to a location or, where there is none on the way, to a step.
  ///
  /// - Parameter runsOn: whether a live run goes on until it comes there.
  func run(
    to search: () throws -> TraceSearch, butNoFurtherThan end: Int, _ ending: Cursor.Ending,
    runsOn: Bool = false
  ) throws {
    let origin = cursor.step
    var (end, ending) = (end, ending)
    while true {
      if cursor.step < end {
        let steps = cursor.step + 1...end
        let found = try searching { progress in
          try Self.first(in: steps, backwards: false) { stretch in
            progress.show { "searching, \(stretch.lowerBound) of \(self.cursor.last) steps" }
            return try trace.firstStep(of: search(), in: stretch, backwards: false)
          }
        }
        if let found { return try land(at: found, .arrived, from: origin) }
      }
      // In a live run it may yet come.
      guard runsOn, canGrow else { return try land(at: end, ending, from: origin) }
      if let hit = try firstHit(towards: end) {
        return try arrive(at: hit.step, .arrived, hit, from: origin)
      }
      cursor.step = end
      guard try runNextPass() else { return try land(at: end, .end, from: origin) }
      (end, ending) = (cursor.last, .arrived)
    }
  }

  /// Goes to a step, or to the first breakpoint on the way.
  func land(
    at step: Int, _ ending: Cursor.Ending, stops: Bool = true, from origin: Int? = nil
  ) throws {
    let hit = stops ? try firstHit(towards: step) : nil
    try arrive(
      at: hit?.step ?? step, hit == nil ? ending : .arrived, hit, from: origin ?? cursor.step)
  }

  private func firstHit(towards target: Int) throws -> Hit? {
    let here = cursor.step
    if target == here { return nil }
    return target > here
      ? try firstHit(in: here + 1...target, backwards: false)
      : try firstHit(in: target...here - 1, backwards: true)
  }

  private func arrive(
    at step: Int, _ ending: Cursor.Ending, _ hit: Hit?, from origin: Int
  ) throws {
    trail.leave(origin, for: step)
    stand(at: step)
    stops += 1
    let commands = hit?.causes.map(\.breakpoint.commands) ?? []
    queued = commands.flatMap { $0.first == "silent" ? Array($0.dropFirst()) : $0 }
    if !commands.isEmpty, commands.allSatisfy({ $0.first == "silent" }) { return }
    switch ending {
    case .arrived: break
    case .beginning: show(["At the beginning of the trace."])
    case .end:
      show([
        canGrow
          ? "At the end of what was run; \"continue\" runs the next pass."
          : "At the end of the trace."
      ])
    }
    if let hit { show(lines(of: hit)) }
    try showStop()
  }

  /// Moves the cursor without a word.
  func stand(at step: Int) {
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
    stand(at: step)
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
