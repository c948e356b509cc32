import Basics

/// Places that a person wants to come back to, by numbers that count from 1 and are not used again.
struct Checkpoints {
  private(set) var steps: [(number: Int, step: Int)] = []
  private var count = 0

  /// - Returns: the number of the new checkpoint.
  mutating func add(_ step: Int) -> Int {
    count += 1
    steps.append((count, step))
    return count
  }

  /// The step of a checkpoint.
  ///
  /// - Throws: ``DebuggerError/noCheckpoint(number:)``.
  func step(of number: Int) throws(DebuggerError) -> Int {
    guard let found = steps.first(where: { $0.number == number }) else {
      throw .noCheckpoint(number: number)
    }
    return found.step
  }

  /// - Throws: ``DebuggerError/noCheckpoint(number:)``.
  mutating func delete(_ number: Int) throws(DebuggerError) {
    _ = try step(of: number)
    steps.removeAll { $0.number == number }
  }
}

extension DebuggerSession {
  /// Does `checkpoint`.
  func addCheckpoint() throws {
    let number = checkpoints.add(cursor.step)
    show(["Checkpoint \(number): \(try heading(of: cursor.step))"])
  }

  func infoCheckpoints() {
    guard !checkpoints.steps.isEmpty else {
      return show(["There are no checkpoints; \"checkpoint\" makes one here."])
    }
    var table = Table([("", .left), ("number", .right), ("step", .right), ("place", .left)])
    for (number, step) in checkpoints.steps {
      table.add(
        step == cursor.step ? "=>" : "", String(number), String(step),
        (try? heading(of: step)) ?? "")
    }
    show(table.lines(style: style))
  }

  private func heading(of step: Int) throws -> String {
    try place(at: step).heading(style: style, width: style.width - 20)
  }

  /// Does `restart`: goes to a checkpoint and, in a live session, takes the run back to the end of
  /// the pass that it lies in.
  func restart(_ number: Int) throws {
    let step = try checkpoints.step(of: number)
    let origin = cursor.step
    if let live {
      let behind = try trace.passBehind(step)
      if try live.goBack(toEndOf: behind?.id) {
        try endMoves(at: trace.pass(at: step)?.steps.upperBound ?? step)
        let positions = behind.map { $0.firstPosition + $0.tokens } ?? 0
        show(
          wrapped(
            "The run is back at the end of \(behind.map { "pass \($0.id)" } ?? "loading"), at position"
              + " \(positions). What is run next is another branch.", to: style.width))
      }
    }
    trail.leave(origin, for: step)
    try stand(at: step)
    try showStop()
  }
}
