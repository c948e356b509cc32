import Inference
import TraceStore

extension MemoryPlot {
  /// The plot of a range of steps of a trace.
  ///
  /// - Parameters:
  ///   - columns: how many groups of steps to tell apart: half the characters across are enough.
  /// - Throws: what the trace throws.
  /// - Complexity: O(steps of the range); memory for a hundred thousand steps at a time.
  public init(
    trace: Trace, steps: ClosedRange<Int>, title: String, columns count: Int = 80,
    marks: [Mark] = [], marked: String = "", cursor: Int? = nil
  ) throws {
    let last = try trace.eventCount()
    guard last > 0 else { throw DebuggerError.emptyTrace(path: trace.path) }
    let first = min(max(1, steps.lowerBound), last)
    let steps = first...max(first, min(steps.upperBound, last))
    // Few enough steps are told apart one by one; `moments(across:)` draws them so.
    let groups = steps.count <= 2 * count ? steps.count : max(1, count)

    var columns: [Column] = []
    var peaks = MemoryUse()
    let chunk = 100_000
    var start = steps.lowerBound
    while start <= steps.upperBound {
      let end = min(steps.upperBound, start + chunk - 1)
      let profile = try trace.memoryProfile(start...end, buckets: end - start + 1)
      for (offset, use) in profile.enumerated() {
        let step = start + offset
        for category in MemoryCategory.allCases {
          peaks[category] = max(peaks[category], use[category])
        }
        let group = (step - steps.lowerBound) * groups / steps.count
        if group == columns.count {
          columns.append(Column(firstStep: step, lastStep: step, most: use, least: use))
          continue
        }
        columns[group].lastStep = step
        if use.total > columns[group].most.total { columns[group].most = use }
        if use.total < columns[group].least.total { columns[group].least = use }
      }
      start = end + 1
    }
    guard !columns.isEmpty else { throw DebuggerError.emptyTrace(path: trace.path) }
    let whole = clampedSum(
      try trace.tensors().map { DebuggerSession.dequantizedBytes($0) ?? 0 })
    self.init(
      title: title, columns: columns, peaks: peaks, marks: marks, marked: marked, cursor: cursor,
      wholeModel: whole > 0 ? whole : nil)
  }

  /// The plot of a whole trace, a mark at the start of each pass; for the summary of a recording.
  public init(trace: Trace, columns: Int = 80) throws {
    let passes = try trace.passes()
    try self.init(
      trace: trace, steps: 1...max(1, trace.eventCount()),
      title: passes.count == 1 ? "1 pass" : "\(passes.count) passes", columns: columns,
      marks: passes.map { Mark(step: $0.steps.lowerBound, label: "\($0.id)") }, marked: "pass")
  }
}

extension DebuggerSession {
  /// Does `mem`.
  func plotMemory(_ arguments: String) throws {
    let place = try place()
    let words = ["op", "layer", "pass", "all"]
    let matches = words.filter { $0.hasPrefix(arguments) }
    guard let chosen = arguments.isEmpty ? defaultRange(place) : matches.first
    else {
      throw DebuggerError.badArgument(
        command: "mem", found: arguments, expected: "op, layer, pass or all")
    }
    let plot =
      try chosen == "all"
      ? MemoryPlot(trace: trace, columns: style.width) : memoryPlot(of: chosen, place)
    var shown = plot
    shown.cursor = cursor.step
    output.write(shown.render(style: style, height: min(12, max(4, style.height - 10))))
  }

  /// The frame that `up` or `down` chose, or else the pass, or the whole trace.
  private func defaultRange(_ place: Place) -> String {
    switch selectedFrame {
    case .tile, .op: "op"
    case .layer: "layer"
    case .pass, nil: place.pass == nil ? "all" : "pass"
    }
  }

  private func memoryPlot(of range: String, _ place: Place) throws -> MemoryPlot {
    guard let pass = place.pass else {
      throw DebuggerError.nothingHere(
        what: "pass", step: place.step, advice: "\"mem all\" draws the whole trace")
    }
    let title = Place.title(of: pass, tokens: place.tokens, style: style)
    if range == "pass" {
      let ops = try trace.ops(inPass: pass.id)
      var marks: [MemoryPlot.Mark] = []
      for (previous, op) in zip([nil] + ops.map { Optional($0) }, ops) {
        if let layer = op.layer, previous?.layer != layer {
          marks.append(.init(step: op.steps.lowerBound, label: "\(layer)"))
        }
      }
      return try MemoryPlot(
        trace: trace, steps: pass.steps, title: title, columns: style.width, marks: marks,
        marked: "layer")
    }
    guard let op = try place.op ?? trace.op(startingAtOrBefore: place.step), op.pass == pass.id
    else {
      throw DebuggerError.nothingHere(
        what: "operation", step: place.step, advice: "\"next\" goes to one")
    }
    if range == "op" {
      return try MemoryPlot(
        trace: trace, steps: op.steps, title: "\(title), \(op.name)", columns: style.width)
    }
    let first = try cursor.firstOp(ofLayerWith: op)
    let last = try cursor.lastOp(ofLayerWith: op)
    let ops = try (first.id...last.id).compactMap { try trace.op($0) }
    return try MemoryPlot(
      trace: trace, steps: try trace.steps(from: first, through: last),
      title: "\(title), \(op.layer.map { "layer \($0)" } ?? "\(first.name) to \(last.name)")",
      columns: style.width,
      marks: ops.map { .init(step: $0.steps.lowerBound, label: Place.shortName(of: $0)) })
  }
}
