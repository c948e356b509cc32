import Basics
import Events
import TraceStore

extension DebuggerSession {
  /// Does `peak`: goes to the step of the highest live memory and lists what is alive there.
  func goToPeak() throws {
    let peak = try reachablePeak()
    try jump(to: peak.step)
    show([""] + (try buffersByShare(at: peak.step)))
  }

  /// The peak, where a damaged trace does not have it beyond its end.
  func reachablePeak() throws -> (step: Int, live: MemoryUse) {
    guard let peak = try trace.peak() else { throw DebuggerError.emptyTrace(path: trace.path) }
    guard try (1...trace.eventCount()).contains(peak.step) else {
      throw TraceError.corrupt(path: trace.path, reason: "a peak at step \(peak.step)")
    }
    return peak
  }

  /// Does `mem peak`: the operation around the peak, and the largest buffers alive at it.
  func plotPeak() throws {
    let peak = try reachablePeak()
    let here = try place(at: peak.step)
    let around =
      try here.op?.steps ?? max(1, peak.step - 40)...min(trace.eventCount(), peak.step + 40)
    var title =
      here.pass.map { Place.title(of: $0, tokens: here.tokens, style: style) } ?? "loading"
    if let op = here.op { title += ", \(op.name)" }
    var plot = try readingSteps {
      try MemoryPlot(
        trace: trace, steps: around, title: "\(title), around the peak at step \(peak.step)",
        columns: style.width, marks: [.init(step: peak.step, label: "peak")], cursor: cursor.step,
        reached: $0)
    }
    plot.wholeModel = nil
    output.write(plot.render(style: style, height: plotHeight))
    show([""] + (try buffersByShare(at: peak.step, atMost: 6)))
  }

  /// Lines of a plot that leave room for what stands around it.
  var plotHeight: Int { min(12, max(4, style.height - 10)) }

  /// The buffers alive at a step, the largest first, with their shares of the whole.
  ///
  /// - Parameter atMost: how many lines to show; the buffers of the others are counted.
  private func buffersByShare(at step: Int, atMost count: Int = .max) throws -> [String] {
    let buffers = try trace.buffers(aliveAt: step)
    let runs = BufferRun.joining(buffers).sorted {
      ($0.bytes, $1.first.id) > ($1.bytes, $0.first.id)
    }
    let total = clampedSum(buffers.map(\.bytes))
    func share(_ bytes: Int) -> String {
      let tenths = (1000 * Double(bytes) / Double(max(total, 1))).rounded()
      return tenths < 1 && bytes > 0 ? "<0.1 %" : "\(tenths / 10) %"
    }
    var table = Table([
      ("bytes", .right), ("share", .right), ("category", .left), ("since", .right),
      ("buffer", .left),
    ])
    for run in runs.prefix(count) {
      table.add(
        formatBytes(run.bytes), share(run.bytes), run.first.category.look.word,
        String(run.first.allocatedStep), run.name)
    }
    var lines = table.lines(style: style)
    let others = runs.dropFirst(count)
    if !others.isEmpty {
      let (number, rest) = (
        others.reduce(0) { $0 + $1.count }, clampedSum(others.map(\.bytes))
      )
      lines.append("and \(number) more, \(formatBytes(rest)), \(share(rest))")
    }
    var sum = "\(buffers.count) buffers, \(formatBytes(total)) alive at step \(step)"
    if runs.count < buffers.count { sum += "; \"info buffers\" lists each by itself" }
    return lines + wrapped(sum + ".", to: style.width)
  }
}
