import Basics
import CTerminal
import TraceStore

extension MemoryPlot {
  /// The plot of a range of steps of a trace.
  ///
  /// - Parameters:
  ///   - columns: how many groups of steps to tell apart: half the characters across are enough.
  ///   - reached: called with the last step that was read, while more are to be read.
  /// - Throws: what the trace and `reached` throw.
  /// - Complexity: O(steps of the range); memory for a hundred thousand steps at a time.
  public init(
    trace: Trace, steps: ClosedRange<Int>, title: String, columns count: Int = 80,
    marks: [Mark] = [], marked: String = "", cursor: Int? = nil,
    reached: (Int) throws -> Void = { _ in }
  ) throws {
    let last = try trace.eventCount()
    guard last > 0 else { throw DebuggerError.emptyTrace(path: trace.path) }
    let first = min(max(1, steps.lowerBound), last)
    let steps = first...max(first, min(steps.upperBound, last))
    var groups = MemoryColumns(steps: steps, columns: count)
    try groups.read(trace, through: steps.upperBound, reached: reached)
    guard !groups.columns.isEmpty else { throw DebuggerError.emptyTrace(path: trace.path) }
    let whole = clampedSum(try trace.tensors().map { $0.dequantizedBytes ?? 0 })
    self.init(
      title: title, columns: groups.columns, peaks: groups.peaks, marks: marks, marked: marked,
      cursor: cursor, wholeModel: whole > 0 ? whole : nil)
  }

  /// The plot of a whole trace, a mark at the start of each pass; for the summary of a recording.
  public init(
    trace: Trace, columns: Int = 80, reached: (Int) throws -> Void = { _ in }
  ) throws {
    let passes = try trace.passes()
    try self.init(
      trace: trace, steps: 1...max(1, trace.eventCount()),
      title: passes.count == 1 ? "1 pass" : "\(passes.count) passes", columns: columns,
      marks: passes.map { Mark(step: $0.steps.lowerBound, label: "\($0.id)") }, marked: "pass",
      reached: reached)
  }
}

extension DebuggerSession {
  /// Does `mem`.
  func plotMemory(_ arguments: String) throws {
    let place = try place()
    let words = ["op", "layer", "pass", "all", "kv", "peak"]
    let matches = words.filter { $0.hasPrefix(arguments) }
    guard let chosen = arguments.isEmpty ? defaultRange(place) : matches.first,
      arguments.isEmpty || matches.count == 1
    else {
      throw DebuggerError.badArgument(
        command: "mem", found: arguments, expected: "op, layer, pass, all, kv or peak")
    }
    if chosen == "kv" { return try plotKVCache() }
    if chosen == "peak" { return try plotPeak() }
    var shown = try readingSteps { try memoryPlot(of: chosen, place, reached: $0) }
    shown.cursor = cursor.step
    output.write(shown.render(style: style, height: plotHeight))
  }

  /// Reads steps, telling how far it is; ^C ends it.
  ///
  /// - Parameter body: is given what it has to call with the last step that it read, now and then.
  /// - Throws: ``TraceError/interrupted``, and what `body` throws.
  func readingSteps<T>(_ body: ((Int) throws -> Void) throws -> T) throws -> T {
    try interruptibly { progress in
      try body { step in
        if nibble_interrupted() { throw TraceError.interrupted }
        progress.show { "reading step \(step) of \(self.cursor.last); ^C ends it" }
      }
    }
  }

  /// The frame that `up` or `down` chose, or else the pass, or the whole trace.
  private func defaultRange(_ place: Place) -> String {
    switch selectedFrame {
    case .tile, .op: "op"
    case .layer: "layer"
    case .pass, nil: place.pass == nil ? "all" : "pass"
    }
  }

  private func memoryPlot(
    of range: String, _ place: Place, reached: (Int) throws -> Void
  ) throws -> MemoryPlot {
    if range == "all" {
      return try MemoryPlot(trace: trace, columns: style.width, reached: reached)
    }
    guard let pass = place.pass else {
      throw DebuggerError.nothingHere(
        what: "pass", step: place.step, advice: "\"mem all\" draws the whole trace")
    }
    let title = Place.title(of: pass, tokens: place.tokens, style: style)
    if range == "pass" {
      let marks = layerMarks(of: try trace.ops(inPass: pass.id))
      return try MemoryPlot(
        trace: trace, steps: pass.steps, title: title, columns: style.width, marks: marks,
        marked: "layer", reached: reached)
    }
    guard let op = try place.op ?? trace.op(startingAtOrBefore: place.step), op.pass == pass.id
    else {
      throw DebuggerError.nothingHere(
        what: "operation", step: place.step, advice: try opAdvice)
    }
    if range == "op" {
      return try MemoryPlot(
        trace: trace, steps: op.steps, title: "\(title), \(op.name)", columns: style.width,
        reached: reached)
    }
    let first = try cursor.firstOp(ofLayerWith: op)
    let last = try cursor.lastOp(ofLayerWith: op)
    let ops = try (first.id...last.id).compactMap { try trace.op($0) }
    return try MemoryPlot(
      trace: trace, steps: try trace.steps(from: first, through: last),
      title: "\(title), \(op.layer.map { "layer \($0)" } ?? "\(first.name) to \(last.name)")",
      columns: style.width,
      marks: ops.map { .init(step: $0.steps.lowerBound, label: Place.shortName(of: $0)) },
      reached: reached)
  }
}
