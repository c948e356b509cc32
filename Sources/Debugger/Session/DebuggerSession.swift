import CLibEdit
import Inference
import Recording
import TraceStore

/// A debugging session over a trace: where it stands, what it prints to, and how it does a command.
public final class DebuggerSession {
  public let trace: Trace
  public internal(set) var cursor: Cursor
  let output: any OutputSink
  /// How to print; a terminal session asks for it anew at each command, as windows change.
  var style: TextStyle
  /// What the trace says about its run.
  let meta: [String: String]
  /// The model file, where it is known, for what a trace does not hold.
  let modelPath: String?
  /// The run that is recorded as the session goes, in a live one.
  let live: LiveRun?
  /// Whether the pass of a live run is to be given up; asked before every operation.
  var isCancelled: () -> Bool = { nibble_interrupted() }
  /// Places to come back to, by their numbers.
  var checkpoints = Checkpoints()
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
    trace: Trace, output: any OutputSink, style: TextStyle, modelPath: String? = nil,
    live: LiveRun? = nil
  ) throws {
    self.trace = trace
    self.output = output
    self.style = style
    self.modelPath = modelPath
    self.live = live
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
    try arrive(at: moved, ending)
  }

  /// Moves the cursor forwards by so many steps or frames; where that passes the end of a live run,
  /// the next pass is run, and the rest of the way lies in it.
  func advance(_ count: Int = 1, _ body: (inout Cursor, Int) throws -> Cursor.Ending) throws {
    var moved = cursor
    var ending = try body(&moved, count)
    var left = moved.left
    cursor = moved
    while ending == .end, try runNextPass() {
      moved = cursor
      ending = try body(&moved, left)
      left = moved.left
      cursor = moved
    }
    try arrive(at: moved, ending)
  }

  private func arrive(at moved: Cursor, _ ending: Cursor.Ending) throws {
    cursor = moved
    listed = nil
    switch ending {
    case .arrived: break
    case .beginning: show(["At the beginning of the trace."])
    case .end:
      show([
        live == nil || live?.ending != nil
          ? "At the end of the trace."
          : "At the end of what was run; \"continue\" runs the next pass."
      ])
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
    show(stopLines(place))
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
    let happened = wrapped(place.happened(style: style), to: style.width - 2, indent: "    ")
    lines += happened.map { "  " + $0 }
    if let op = place.op, place.step == op.steps.upperBound, place.failure == nil {
      let isShown = op.steps.count == 1 || [.compute, .append].contains(place.event.kind)
      lines += resultLines(of: op, isShown: isShown)
    }
    return lines + memoryLine(place.event.live, since: shown, style: style)
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
