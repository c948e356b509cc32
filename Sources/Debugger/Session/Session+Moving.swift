import Basics
import TraceStore

extension DebuggerSession {
  /// Whether more can be recorded than there is, on the branch that one is on.
  var canGrow: Bool { isOnRun && live?.ending == nil }

  /// Whether one is on the branch of a live run that goes on: the last that was begun or, after the
  /// run was taken back, the way to where it was taken back to.
  var isOnRun: Bool {
    guard live != nil else { return false }
    if let takenBackTo { return cursor.last == takenBackTo }
    return (try? cursor.history == trace.history(ofBranch: .max)) ?? false
  }

  /// Moves the cursor as far as a breakpoint lets it, and shows where it came to and, where a
  /// move was cut short, why.
  ///
  /// - Parameters:
  ///   - stops: whether breakpoints on the way stop the move.
  ///   - steps: how many steps were asked for, where it is steps that are counted.
  func move(
    stops: Bool = true, steps: Int? = nil, _ body: (inout Cursor) throws -> Cursor.Ending
  ) throws {
    var moved = cursor
    let ending = try body(&moved)
    try land(at: moved.step, ending, stops: stops, steps: steps)
  }

  /// Does `step N` and, where the count is negative, `reverse-step`.
  func move(bySteps count: Int, stops: Bool = true) throws {
    if count < 0 { return try move(stops: stops, steps: count) { $0.move(by: count) } }
    try advance(count, stops: stops, steps: count) { $0.move(by: $1) }
  }

  /// Moves the cursor forwards by so many steps or frames; where that passes the end of a live run,
  /// the next pass is run, and the rest of the way lies in it.
  func advance(
    _ count: Int = 1, stops: Bool = true, steps: Int? = nil,
    _ body: (inout Cursor, Int) throws -> Cursor.Ending
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
    try land(at: moved.step, ending, stops: stops, from: origin, steps: steps)
  }

  /// Does `continue` and `reverse-continue`: to the next breakpoint, the count-th of them. At the
  /// end of what was recorded, a live session runs the next pass and goes on to its end.
  func resume(backwards: Bool, count: Int) throws {
    let origin = cursor.step
    let hasRun = try !backwards && isOnRun && cursor.step == cursor.last && runNextPass()
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
        let place = try search()
        let found = try searching { progress in
          try first(in: way(to: end), backwards: false, progress) { stretch in
            try trace.firstStep(of: place, in: stretch, backwards: false)
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
    at step: Int, _ ending: Cursor.Ending, stops: Bool = true, from origin: Int? = nil,
    steps: Int? = nil
  ) throws {
    let hit = stops ? try firstHit(towards: step) : nil
    try arrive(
      at: hit?.step ?? step, hit == nil ? ending : .arrived, hit, from: origin ?? cursor.step,
      steps: steps)
  }

  private func firstHit(towards target: Int) throws -> Hit? {
    try firstHit(in: way(to: target), backwards: target < cursor.step)
  }

  /// The steps between here and a step of the branch, that one with them, in the order in which a
  /// move goes through them.
  private func way(to target: Int) -> [ClosedRange<Int>] {
    target > cursor.step
      ? cursor.history.ranges(after: cursor.step, through: target)
      : cursor.history.ranges(before: cursor.step, downTo: target)
  }

  private func arrive(
    at step: Int, _ ending: Cursor.Ending, _ hit: Hit?, from origin: Int, steps: Int? = nil
  ) throws {
    trail.leave(origin, for: step)
    try stand(at: step)
    stops += 1
    let commands = hit?.causes.map(\.breakpoint.commands) ?? []
    queued = commands.flatMap { $0.first == "silent" ? Array($0.dropFirst()) : $0 }
    if !commands.isEmpty, commands.allSatisfy({ $0.first == "silent" }) { return }
    switch ending {
    case .arrived: break
    case .beginning:
      let text = "At the beginning of the trace\(made(of: steps, from: origin))."
      show(wrapped(text, to: style.width))
    case .end: show(wrapped(try endText(made(of: steps, from: origin)), to: style.width))
    }
    if let hit { show(lines(of: hit)) }
    try showStop()
  }

  /// How many of the steps that were asked for a move has made that an end cut short, and what
  /// undoes those: `, after 12 of 100 steps; "reverse-step 12" goes back`.
  private func made(of asked: Int?, from origin: Int) -> String {
    let made = cursor.history.index(of: cursor.step) - cursor.history.index(of: origin)
    guard let asked, made != 0 else { return "" }
    let undoing = made > 0 ? "reverse-step" : "step"
    return ", after \(abs(made)) of \(asked.magnitude) steps; "
      + "\"\(undoing) \(abs(made))\" goes back"
  }

  /// What is said at the end of the branch.
  ///
  /// - Parameter made: what there is to say of steps that could not be made.
  private func endText(_ made: String) throws -> String {
    if canGrow { return "At the end of what was run; \"continue\" runs the next pass." }
    if live != nil, !isOnRun {
      return "At the end of branch \(cursor.history.branch)\(made); "
        + "\"goto end\" goes to where the run goes on."
    }
    let isLast = try cursor.last == trace.eventCount()
    return "At the end of \(isLast ? "the trace" : "branch \(cursor.history.branch)")\(made)."
  }

  /// Moves the cursor without a word.
  func stand(at step: Int) throws {
    // The way back to where the run was taken back to is the run's, whatever else goes through it.
    if let takenBackTo, !cursor.history.contains(step) {
      let line = try trace.history(at: takenBackTo).through(takenBackTo)
      if let line, line.contains(step) { try endMoves(at: takenBackTo) }
    }
    try cursor.stand(at: step)
    listed = nil
    selectedFrame = nil
  }

  /// Lets moves end where a live run was taken back to.
  func endMoves(at step: Int) throws {
    takenBackTo = step
    try cursor.stand(at: step)
    cursor.end(at: step)
  }

  /// Does `goto`.
  func goTo(_ arguments: String) throws {
    if let count = Int(arguments), let sign = arguments.first, "+-".contains(sign) {
      return try move(bySteps: count, stops: false)
    }
    let origin = cursor.step
    let target = try target(of: arguments, for: "goto")
    if arguments == "end", let takenBackTo { try endMoves(at: takenBackTo) }
    try arrive(at: target, .arrived, nil, from: origin)
  }

  /// Goes to a step of any branch, over all breakpoints.
  func jump(to step: Int) throws {
    try arrive(at: step, .arrived, nil, from: cursor.step)
  }

  /// Does `back` and `forward`: as far as there are places.
  func walk(back: Bool, count: Int) throws {
    var step: Int?
    for _ in 0..<count {
      guard let next = trail.walk(from: step ?? cursor.step, back: back) else { break }
      step = next
    }
    guard let step else {
      throw DebuggerError.cannotMove(
        reason: back
          ? "There is no place before this one; \"back\" undoes moves."
          : "There is no place after this one; \"forward\" undoes \"back\".")
    }
    try stand(at: step)
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
