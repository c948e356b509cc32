import Basics
import CTerminal
import Events
import Recording
import TraceStore

/// A debugging session over a trace: where it stands, what it prints to, and how it does a command.
public final class DebuggerSession {
  public let trace: Trace
  public internal(set) var cursor: Cursor
  var output: any OutputSink
  /// The terminal that a person sits at, where one does.
  var terminal: SessionTerminal?
  /// Whether a terminal is written to in colour.
  var usesColour = true
  /// How to print; a terminal session asks for it anew at each command, as windows change.
  var style: TextStyle
  /// What the trace says about its run.
  let meta: [String: String]
  /// The model file, where it is known, for what a trace does not hold.
  let modelPath: String?
  /// Outputs of operations and weights, from the trace or from the model file.
  let values: ValueSource
  /// Where `x` goes on.
  var examined: Examination?
  /// The run that is recorded as the session goes, in a live one.
  let live: LiveRun?
  /// Whether the pass of a live run is to be given up; asked before every operation.
  var isCancelled: () -> Bool = { nibble_interrupted() }
  /// The step that a live run was taken back to, until its next pass.
  var takenBackTo: Int?
  /// Places to come back to, by their numbers.
  var checkpoints = Checkpoints()
  /// What was alive at the last stop shown, for the change since then.
  var shown: MemoryUse?
  /// The step at which `list` goes on, until the cursor moves.
  var listed: Int?
  var breakpoints = Breakpoints()
  /// The places that moves led away from, for `back`, and those that `back` left, for `forward`.
  var trail = Trail()
  /// The frame that `up` and `down` chose, until the cursor moves.
  var selectedFrame: Grain?
  /// What is printed at each stop.
  var displays = Displays()
  /// What `define` and `alias` made.
  var macros = Macros()
  /// Where the lines come from that are being done; the innermost last.
  var sources: [any LineSource] = []
  /// Commands of the breakpoint that was hit, still to be done.
  var queued: [String] = []
  /// How often a move has come to a stop.
  var stops = 0
  /// Lines that were typed, the newest last.
  var history: [String] = []
  /// What an empty line does.
  var repeated: String?
  /// Whether `quit` was typed.
  public private(set) var isOver = false
  /// The exit code that `quit` asked for.
  private(set) var exitCode: Int32 = 0

  /// - Parameters:
  ///   - modelPath: the model file, in place of the one that the trace names.
  ///   - originalPath: the same model before its weights were quantized, for what int4 cost.
  /// - Throws: ``DebuggerError/emptyTrace(path:)``, or what the trace throws.
  public init(
    trace: Trace, output: any OutputSink, style: TextStyle, modelPath: String? = nil,
    originalPath: String? = nil, live: LiveRun? = nil
  ) throws {
    self.trace = trace
    self.output = output
    self.style = style
    self.modelPath = modelPath
    self.live = live
    cursor = try Cursor(trace: trace)
    meta = try trace.meta()
    shown = try trace.event(at: cursor.step)?.live
    values = ValueSource(
      trace: trace, meta: meta, modelName: modelPath, originalPath: originalPath)
  }

  /// Ends the session after this command.
  func quit(_ exitCode: Int32) {
    isOver = true
    self.exitCode = exitCode
  }

  /// Writes lines as results.
  func show(_ lines: [String]) {
    output.write(lines.map { $0.trimmingTrailingSpaces() + "\n" }.joined())
  }

  // MARK: - Stops

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
    showDisplays()
  }

  func stopLines(_ place: Place) -> [String] {
    let whole = "step \(place.step) of \(cursor.last)"
    var lines: [String] = []
    for step in [whole, "step \(place.step)"] where lines.isEmpty {
      let room = style.width - displayWidth(step) - 2
      let heading = place.heading(style: style, width: room)
      guard displayWidth(heading) <= room else { continue }
      lines.append(
        style.paint(heading, .bold) + padded("", to: room - displayWidth(heading) + 2)
          + style.paint(step, .dim))
    }
    if lines.isEmpty {
      let heading = place.heading(style: style, width: style.width)
      lines = wrapped(heading, to: style.width, indent: "    ").map { style.paint($0, .bold) }
      lines.append(style.paint(whole, .dim))
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
