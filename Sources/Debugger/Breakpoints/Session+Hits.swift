import Basics
import CTerminal
import TraceStore

/// The breakpoints that a move came upon at a step.
struct Hit {
  /// A breakpoint, and the value of what it watches before and after.
  typealias Cause = (breakpoint: Breakpoint, before: SQLValue?, after: SQLValue?)

  let step: Int
  let causes: [Cause]
}

extension DebuggerSession {
  /// How many steps are searched at first, which is what a breakpoint looks through in vain where
  /// another is near, and how many at most.
  private static let (firstStretch, longestStretch) = (500_000, 4_000_000)

  /// The first breakpoint that a move through some ranges of steps comes upon, counted as a hit;
  /// `nil` where the way is free.
  ///
  /// - Throws: ``DebuggerError/searchInterrupted(step:)`` after ^C.
  func firstHit(in way: [ClosedRange<Int>], backwards: Bool) throws -> Hit? {
    if breakpoints.enabled.isEmpty { return nil }
    return try searching { progress in
      try first(in: way, backwards: backwards, progress) { stretch in
        try firstHit(inStretch: stretch, backwards: backwards)
      }
    }
  }

  /// What a search finds first, going through some ranges of steps stretch by stretch.
  func first<Found>(
    in way: [ClosedRange<Int>], backwards: Bool, _ progress: Progress,
    _ search: (ClosedRange<Int>) throws -> Found?
  ) throws -> Found? {
    let last = cursor.last
    for stretch in way.lazy.flatMap({ Self.stretches(of: $0, backwards: backwards) }) {
      progress.show { "searching, \(stretch.lowerBound) of \(last) steps; ^C ends it" }
      if let found = try search(stretch) { return found }
    }
    return nil
  }

  /// Does a search, which ^C ends.
  func searching<T>(_ body: (Progress) throws -> T) throws -> T {
    do {
      return try interruptibly(body)
    } catch TraceError.interrupted {
      throw DebuggerError.searchInterrupted(step: cursor.step)
    }
  }

  private func firstHit(inStretch steps: ClosedRange<Int>, backwards: Bool) throws -> Hit? {
    var rest = steps
    var next: [Int: Int?] = [:]
    while true {
      if nibble_interrupted() { throw TraceError.interrupted }
      let enabled = breakpoints.enabled
      for breakpoint in enabled where next[breakpoint.id] == nil {
        next[breakpoint.id] = .some(
          try firstStep(of: breakpoint, in: rest, backwards: backwards))
      }
      let found = enabled.compactMap { breakpoint in
        (next[breakpoint.id] ?? nil).map { (id: breakpoint.id, step: $0) }
      }
      guard let step = backwards ? found.map(\.step).max() : found.map(\.step).min() else {
        return nil
      }
      let causes = try found.filter { $0.step == step }.compactMap { try count($0.id, at: step) }
      if !causes.isEmpty { return Hit(step: step, causes: causes) }
      for (id, at) in found where at == step { next[id] = nil }
      guard step != (backwards ? rest.lowerBound : rest.upperBound) else { return nil }
      rest = backwards ? rest.lowerBound...step - 1 : step + 1...rest.upperBound
    }
  }

  /// The step at which a breakpoint stops a move through some steps.
  private func firstStep(
    of breakpoint: Breakpoint, in steps: ClosedRange<Int>, backwards: Bool
  ) throws -> Int? {
    switch breakpoint.kind {
    case .location(.step(let step)):
      guard steps.contains(step) else { return nil }
      let holds = try breakpoint.condition.map { try trace.value(of: $0, at: step).isTrue }
      return holds ?? true ? step : nil
    case .location(let location):
      return try trace.firstStep(
        of: search(location, breakpoint.condition), in: steps, backwards: backwards)
    case .change(let expression):
      var rest = steps
      while let step = try trace.firstChange(of: expression, in: rest, backwards: backwards) {
        guard let condition = breakpoint.condition else { return step }
        if try trace.value(of: condition, at: step).isTrue { return step }
        guard step != (backwards ? rest.lowerBound : rest.upperBound) else { return nil }
        rest = backwards ? rest.lowerBound...step - 1 : step + 1...rest.upperBound
      }
      return nil
    }
  }

  /// Counts a hit; `nil` where the breakpoint is passed over.
  private func count(_ id: Int, at step: Int) throws -> Hit.Cause? {
    guard var breakpoint = breakpoints[id] else { return nil }
    breakpoint.hits += 1
    let isPassedOver = breakpoint.ignored > 0
    if isPassedOver { breakpoint.ignored -= 1 }
    breakpoints[id] = breakpoint.isTemporary && !isPassedOver ? nil : breakpoint
    if isPassedOver { return nil }
    guard case .change(let expression) = breakpoint.kind else { return (breakpoint, nil, nil) }
    return (
      breakpoint, try trace.value(of: expression, at: step - 1),
      try trace.value(of: expression, at: step)
    )
  }

  /// What was hit, as it is shown before the stop.
  func lines(of hit: Hit) -> [String] {
    hit.causes.flatMap { breakpoint, before, after -> [String] in
      let title = style.paint("\(breakpoint.title)", .bold)
      guard let before, let after, case .change(let expression) = breakpoint.kind else {
        return ["\(title), \(breakpoint.what)"]
      }
      func shown(_ value: SQLValue) -> String {
        guard case .integer(let number) = value, number >= 1024,
          !expression.objects.isDisjoint(with: [.mem, .kv])
        else { return value.text ?? "nothing" }
        return "\(number) (\(formatBytes(number)))"
      }
      return [
        "\(title): \(breakpoint.what)", "  Old value = \(shown(before))",
        "  New value = \(shown(after))",
      ]
    }
  }

  /// Stretches of steps, in the order in which a move goes through them, each twice as long as the
  /// one before.
  private static func stretches(
    of steps: ClosedRange<Int>, backwards: Bool
  ) -> some Sequence<ClosedRange<Int>> {
    var (rest, length) = (Range(steps), firstStretch)
    return AnyIterator {
      guard !rest.isEmpty else { return nil }
      let stretch = ClosedRange(backwards ? rest.suffix(length) : rest.prefix(length))
      rest = backwards ? rest.dropLast(length) : rest.dropFirst(length)
      length = min(2 * length, longestStretch)
      return stretch
    }
  }
}

extension SQLValue {
  /// Whether a condition that has this value holds.
  var isTrue: Bool {
    switch self {
    case .integer(let value): value != 0
    case .real(let value): value != 0
    case .null, .text, .blob: false
    }
  }
}
