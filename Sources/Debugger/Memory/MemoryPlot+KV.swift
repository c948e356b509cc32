import Basics
import Events
import TraceStore

extension MemoryPlot {
  /// The KV cache alone over a whole trace: at each moment the bytes in use, and above them those
  /// reserved for positions to come.
  ///
  /// - Parameter reached: called with the last step of each column.
  /// - Throws: what the trace and `reached` throw.
  /// - Complexity: O(columns × log steps): one moment is looked up for each column.
  static func ofKVCache(
    trace: Trace, columns count: Int, cursor: Int, reached: (Int) throws -> Void = { _ in }
  ) throws -> MemoryPlot {
    let last = try trace.eventCount()
    guard last > 0 else { throw DebuggerError.emptyTrace(path: trace.path) }
    let groups = min(max(1, count), last)
    var columns: [Column] = []
    for group in 0..<groups {
      let end = (group + 1) * last / groups
      let reserved = try trace.event(at: end)?.live.kvCache ?? 0
      let used = try trace.lastKVAppend(atOrBefore: end)?.cacheBytes ?? 0
      var use = MemoryUse()
      use.kvCache = min(used, reserved)
      use[Self.reserve] = reserved - use.kvCache
      columns.append(
        Column(firstStep: group * last / groups + 1, lastStep: end, most: use, least: use))
      try reached(end)
    }
    let passes = try trace.passes()
    var plot = MemoryPlot(
      title: passes.count == 1 ? "1 pass" : "\(passes.count) passes", columns: columns,
      peaks: MemoryUse(), marks: passes.map { Mark(step: $0.steps.lowerBound, label: "\($0.id)") },
      marked: "pass", cursor: cursor)
    plot.frame = Frame(baseline: MemoryUse(), highest: plot.highest)
    return plot
  }

  /// What is reserved and not in use is drawn as workspace is.
  static let reserve = MemoryCategory.workspace
}

extension DebuggerSession {
  /// Does `mem kv`.
  func plotKVCache() throws {
    let plot = try readingSteps {
      try MemoryPlot.ofKVCache(
        trace: trace, columns: style.width - 16, cursor: cursor.step, reached: $0)
    }
    guard plot.highest.total > 0 else {
      return show(["Nothing is in the KV cache in this trace."])
    }
    var lines = wrapped(
      "KV cache, \(plot.title), steps \(plot.firstStep) to \(plot.lastStep)", to: style.width
    ).map { style.paint($0, .bold) }
    lines += plot.bodyLines(style: style, height: plotHeight)
    let used = try trace.lastKVAppend(atOrBefore: cursor.step)
    let live = try trace.event(at: cursor.step)?.live.kvCache ?? 0
    let bytes = min(used?.cacheBytes ?? 0, live)
    lines += MemoryPlot.legendLines(
      [
        (.kvCache, "in use, here \(formatBytes(bytes))"),
        (MemoryPlot.reserve, "reserved beyond that, here \(formatBytes(live - bytes))"),
      ], style: style)
    if let append = try trace.lastKVAppend(atOrBefore: plot.lastStep) {
      let layers = Set(try trace.tensors().compactMap(\.layer)).count
      let position = clampedProduct(append.keyBytes + append.valueBytes, layers)
      lines += wrapped(
        "A position takes \(formatBytes(position)) in all \(layers) layers; at the end "
          + "\(formatBytes(append.cacheBytes)) are in use.", to: style.width - 2
      ).map { "  " + $0 }
    }
    show(lines)
  }
}
