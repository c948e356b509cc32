import Inference
import TraceStore

/// A debugging session over a trace: where it stands, what it prints to, and how it does a command.
public final class DebuggerSession {
  public let trace: Trace
  public internal(set) var cursor: Cursor
  var output: any OutputSink
  /// The terminal that a person sits at, where one does.
  var terminal: SessionTerminal?
  /// How to print; a terminal session asks for it anew at each command, as windows change.
  var style: TextStyle
  /// What the trace says about its run.
  let meta: [String: String]
  /// The model file, where it is known, for what a trace does not hold.
  let modelPath: String?
  /// What was alive at the last stop shown, for the change since then.
  var shown: MemoryUse?
  /// The step at which `list` goes on, until the cursor moves.
  var listed: Int?
  /// What an empty line does.
  private var repeated: String?
  /// Whether `quit` was typed.
  public private(set) var isOver = false

  /// - Throws: ``DebuggerError/emptyTrace(path:)``, or what the trace throws.
  public init(
    trace: Trace, output: any OutputSink, style: TextStyle, modelPath: String? = nil
  ) throws {
    self.trace = trace
    self.output = output
    self.style = style
    self.modelPath = modelPath
    cursor = try Cursor(trace: trace)
    meta = try trace.meta()
  }

  /// Does one line: a command, or a query that begins with SELECT, WITH, VALUES or EXPLAIN.
  ///
  /// - Parameter repeats: whether an empty line repeats the last command.
  /// - Throws: a ``DebuggerError`` or a ``TraceError``, whose description is one sentence.
  public func execute(_ line: String, repeats: Bool = false) throws {
    var line = line.trimmingSpaces()
    if line.isEmpty {
      guard repeats, let repeated else { return }
      line = repeated
    }
    if line.hasPrefix("#") { return }
    repeated = nil
    let (word, arguments) = Self.split(line)
    if ["SELECT", "WITH", "VALUES", "EXPLAIN"].contains(word.uppercased()) {
      repeated = line
      return try query(line)
    }
    let command = try Command.named(word)
    switch command.repetition {
    case .same: repeated = line
    case .goingOn: repeated = command.name
    case .nothing: break
    }
    try command.action(self, arguments)
  }

  /// The first word of a line and what follows it.
  static func split(_ line: String) -> (word: String, arguments: String) {
    let end = line.firstIndex { $0 == " " || $0 == "\t" } ?? line.endIndex
    return (String(line[..<end]), String(line[end...]).trimmingSpaces())
  }

  /// Ends the session after this command.
  func quit() {
    isOver = true
  }

  /// Writes lines as results.
  func show(_ lines: [String]) {
    output.write(lines.map { $0.trimmingTrailingSpaces() + "\n" }.joined())
  }

  // MARK: - Stops

  /// Moves the cursor, and shows where it came to and, where a move was cut short, why.
  func move(_ body: (inout Cursor) throws -> Cursor.Ending) throws {
    var moved = cursor
    let ending = try body(&moved)
    cursor = moved
    listed = nil
    switch ending {
    case .arrived: break
    case .beginning: show(["At the beginning of the trace."])
    case .end: show(["At the end of the trace."])
    }
    try showStop()
  }

  /// What stands at the cursor.
  func place(at step: Int? = nil) throws -> Place {
    try Place(
      trace, at: step ?? cursor.step, tileRows: meta["tile_rows"].flatMap { Int($0) })
  }

  /// Where the cursor stands, what has just happened, and what is alive.
  func showStop() throws {
    let place = try place()
    // The full screen shows the rest in its panes.
    show(terminal?.fullScreen == nil ? stopLines(place) : eventLines(place))
    shown = place.event.live
  }

  func stopLines(_ place: Place) -> [String] {
    let step = "step \(place.step) of \(cursor.last)"
    let heading = place.heading(style: style, width: style.width - displayWidth(step) - 2)
    var lines: [String] = []
    let room = style.width - displayWidth(step) - 2
    if displayWidth(heading) <= room {
      lines.append(
        style.paint(heading, .bold)
          + String(repeating: " ", count: room - displayWidth(heading) + 2)
          + style.paint(step, .dim))
    } else {
      lines += wrapped(heading, to: style.width, indent: "    ").map { style.paint($0, .bold) }
      lines.append(style.paint(step, .dim))
    }
    return lines + eventLines(place) + memoryLine(place.event.live, since: shown, style: style)
  }

  /// What happened at a stop and, at the end of an operation, its result.
  func eventLines(_ place: Place) -> [String] {
    let happened = wrapped(place.happened(style: style), to: style.width - 2, indent: "    ")
    var lines = happened.map { "  " + $0 }
    if let op = place.op, place.step == op.steps.upperBound, place.failure == nil {
      let isShown = op.steps.count == 1 || [.compute, .append].contains(place.event.kind)
      lines += resultLines(of: op, isShown: isShown)
    }
    return lines
  }

  /// An operation at its end: itself, unless it is shown already, and figures over all its values.
  private func resultLines(of op: TraceOp, isShown: Bool) -> [String] {
    var lines: [String] = []
    if !isShown { lines.append(Place.equation(of: op, style: style)) }
    if let statistics = op.statistics {
      let figures = [
        ("min", statistics.min), ("max", statistics.max), ("mean", statistics.mean),
        ("rms", statistics.rms),
      ].map { "\($0) \(formatReal($1, digits: 4))" }.joined(separator: ", ")
      lines.append("\(formatCount(statistics.count)) values: \(figures)")
    }
    return lines.flatMap { wrapped($0, to: style.width - 2, indent: "    ").map { "  " + $0 } }
  }
}

extension String {
  func trimmingSpaces() -> String {
    guard let first = firstIndex(where: { !$0.isWhitespace }),
      let last = lastIndex(where: { !$0.isWhitespace })
    else { return "" }
    return String(self[first...last])
  }
}
