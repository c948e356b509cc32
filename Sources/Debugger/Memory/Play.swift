import CTerminal
import TraceStore

/// What `play` was asked for.
struct PlayRequest: Equatable {
  /// The two ends as they were typed, or none.
  var ends: [String]
  var speed = 1.0

  /// - Throws: ``DebuggerError/badArgument(command:found:expected:)``.
  init(_ arguments: String) throws {
    var words = arguments.split(separator: " ").map(String.init)
    if let place = words.firstIndex(where: { $0.hasPrefix("--speed") }) {
      let option = words.remove(at: place)
      var value = option.dropFirst("--speed".count)
      if value.first == "=" {
        value = value.dropFirst()
      } else if value.isEmpty, place < words.count {
        value = words.remove(at: place)[...]
      }
      guard let speed = Double(value), speed.isFinite, speed > 0 else {
        throw DebuggerError.badArgument(
          command: "play", found: String(value),
          expected: "a speed above 0, such as --speed 2")
      }
      self.speed = speed
    }
    guard words.isEmpty || words.count == 2 else {
      throw DebuggerError.badArgument(
        command: "play", found: words.joined(separator: " "),
        expected: "two places to go from and to, or none")
    }
    ends = words
  }
}

extension DebuggerSession {
  /// Does `play`.
  func play(_ arguments: String) throws {
    let request = try PlayRequest(arguments)
    let steps = try playedSteps(request)
    let seconds = try playedSeconds(steps) / request.speed
    let advice = "\"mem\" draws the same as text"
    guard let terminal else {
      throw DebuggerError.noScreen(
        command: "play", reason: "this session has none", advice: advice)
    }
    let reached: Int
    if let fullScreen = terminal.fullScreen {
      reached = try fullScreen.play(steps, seconds: seconds)
    } else {
      let screen = try Screen.open(for: "play", advice: advice)
      defer { screen.close() }
      screen.colour = usesColour
      reached = try play(steps, seconds: seconds, on: screen)
    }
    nibble_interrupts_clear()  // a ^C that ended the replay was for nothing else
    try jump(to: reached)
  }

  private func play(_ steps: ClosedRange<Int>, seconds: Double, on screen: Screen) throws -> Int {
    var replay = try replay(of: steps, columns: screen.style.width)
    return try screen.animate(steps, seconds: seconds, holds: true) { step in
      var style = screen.style
      guard style.width >= ScreenLayout.minimum.columns, style.height >= 12 else {
        screen.draw([StyledText(parsing: ScreenLayout.tooSmall)])
        return
      }
      style.height -= 1
      let lines = try replay.lines(at: place(at: step), style: style)
      screen.draw(lines.map { StyledText(parsing: $0, unicode: style.unicode) })
    }
  }

  /// The steps from one place to another; without them the rest of this pass, or all of it where
  /// it is at its end.
  func playedSteps(_ request: PlayRequest) throws -> ClosedRange<Int> {
    if request.ends.count == 2 {
      let ends = try request.ends.map { try target(of: $0, for: "play") }
      guard ends[0] <= ends[1] else {
        throw DebuggerError.badArgument(
          command: "play", found: request.ends.joined(separator: " "),
          expected: "a place to go from before the one to go to")
      }
      return ends[0]...ends[1]
    }
    guard let pass = try passPlayed() else { return 1...cursor.last }
    let isInside = pass.steps.contains(cursor.step) && cursor.step < pass.steps.upperBound
    return (isInside ? cursor.step : pass.steps.lowerBound)...pass.steps.upperBound
  }

  /// The pass here, or the last before here, or the first.
  private func passPlayed() throws -> TracePass? {
    if let pass = try trace.pass(at: cursor.step) { return pass }
    let op = try trace.op(startingAtOrBefore: cursor.step)
    return try trace.pass(op?.pass ?? 1)
  }

  /// A pass takes 8 seconds, a range its share of that or several times that: at least one second
  /// and at most a minute.
  private func playedSeconds(_ steps: ClosedRange<Int>) throws -> Double {
    let pass = try trace.pass(at: steps.upperBound) ?? passPlayed()
    let whole = pass?.steps.count ?? steps.count
    return min(max(8 * Double(steps.count) / Double(whole), 1), 60)
  }

  /// The replay of a range: marks at its layers where it lies in one pass, else at its passes.
  func replay(of steps: ClosedRange<Int>, columns: Int) throws -> Replay {
    if let pass = try trace.pass(at: steps.lowerBound), pass.steps.contains(steps.upperBound) {
      let tokens = try trace.tokens(inPass: pass.id)
      return try Replay(
        trace: trace, steps: steps, title: Place.title(of: pass, tokens: tokens, style: style),
        columns: columns, marks: layerMarks(of: trace.ops(inPass: pass.id), in: steps),
        marked: "layer")
    }
    let passes = try trace.passes().filter { steps.contains($0.steps.lowerBound) }
    return try Replay(
      trace: trace, steps: steps, title: passes.count == 1 ? "1 pass" : "\(passes.count) passes",
      columns: columns,
      marks: passes.map { .init(step: $0.steps.lowerBound, label: "\($0.id)") }, marked: "pass")
  }

  /// A mark where each layer begins.
  func layerMarks(of ops: [TraceOp], in steps: ClosedRange<Int>? = nil) -> [MemoryPlot.Mark] {
    var marks: [MemoryPlot.Mark] = []
    for (previous, op) in zip([nil] + ops.map { Optional($0) }, ops) {
      if let layer = op.layer, previous?.layer != layer,
        steps?.contains(op.steps.lowerBound) ?? true
      {
        marks.append(.init(step: op.steps.lowerBound, label: "\(layer)"))
      }
    }
    return marks
  }
}

extension Screen {
  /// Frames a second of a replay.
  private static let frameRate = 20

  /// Goes through steps in a given time, whatever their number, until a key is pressed.
  ///
  /// - Parameters:
  ///   - holds: whether the last frame stays for a second, or until a key.
  ///   - draw: shows one of the steps.
  /// - Returns: the step that was shown last.
  func animate(
    _ steps: ClosedRange<Int>, seconds: Double, holds: Bool = false,
    draw: (_ step: Int) throws -> Void
  ) throws -> Int {
    let clock = ContinuousClock()
    let start = clock.now
    var frame = 0
    var step = steps.lowerBound
    while true {
      let passed = start.duration(to: clock.now) / .seconds(1)
      let share = min(passed / seconds, 1)
      step = steps.lowerBound + Int(Double(steps.count - 1) * share)
      try draw(step)
      if share == 1, !holds { return step }
      frame += 1
      let due = start + .milliseconds(frame * 1000 / Self.frameRate)
      let wait = share == 1 ? 1000 : max(0, Int(clock.now.duration(to: due) / .milliseconds(1)))
      switch key(milliseconds: wait) {
      case nil: if share == 1 { return step }
      case .resize: break
      default: return step
      }
    }
  }
}
