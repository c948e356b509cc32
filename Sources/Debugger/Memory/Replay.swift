import Basics
import Events
import TraceStore

/// The memory of a range of steps, drawn as far as it has come: what `play` shows.
///
/// The axis is that of the whole range from the first moment on, so that nothing jumps, and the
/// last moment is the plot that `mem` draws. Each step of the range is read once, when it is
/// reached.
struct Replay {
  let trace: Trace
  let steps: ClosedRange<Int>
  let title: String
  let marks: [MemoryPlot.Mark]
  let marked: String
  private let frame: MemoryPlot.Frame
  private let peaks: MemoryUse
  private var read: MemoryColumns

  /// - Parameter columns: how many groups of steps to tell apart.
  init(
    trace: Trace, steps: ClosedRange<Int>, title: String, columns count: Int,
    marks: [MemoryPlot.Mark], marked: String
  ) throws {
    self.trace = trace
    self.steps = steps
    self.title = title
    self.marks = marks
    self.marked = marked
    read = MemoryColumns(steps: steps, columns: count)
    // The highest moment of each group: over a long range found without reading its steps.
    let profile = try trace.memoryProfile(steps, buckets: read.groups)
    guard let first = try trace.event(at: steps.lowerBound)?.live, !profile.isEmpty else {
      throw TraceError.corrupt(path: trace.path, reason: "no event at step \(steps.lowerBound)")
    }
    let whole = MemoryPlot(
      title: title,
      columns: ([first] + profile).map {
        .init(firstStep: steps.lowerBound, lastStep: steps.lowerBound, most: $0, least: $0)
      },
      peaks: profile.reduce(into: MemoryUse()) { peaks, use in
        for category in MemoryCategory.allCases {
          peaks[category] = max(peaks[category], use[category])
        }
      })
    frame = MemoryPlot.Frame(baseline: whole.baseline, highest: whole.highest)
    peaks = whole.peaks
  }

  /// The plot as it is when a step has just happened; earlier steps stay drawn.
  mutating func plot(at step: Int) throws -> MemoryPlot {
    try read.read(trace, through: step)
    var plot = MemoryPlot(
      title: title, columns: read.filled(with: frame.baseline), peaks: read.peaks, marks: marks,
      marked: marked, cursor: step)
    plot.frame = frame
    return plot
  }

  /// How many steps were read so far.
  var readCount: Int { read.next - steps.lowerBound }

  /// One frame for a terminal of this size: the plot, what is alive by category, where the
  /// replay has come to and what happened there.
  mutating func lines(at place: Place, style: TextStyle) throws -> [String] {
    let plot = try plot(at: place.step)
    let room = style.width - 2
    let heading = wrapped(place.heading(style: style, width: room), to: room)
    let happened = wrapped(place.happened(style: style), to: room - 2)
    // A low window does without what can be done without.
    let isLow = style.height < 20
    let above = plot.titleLines(style: style).prefix(isLow ? 1 : 4)
    var below = Array(
      MemoryPlot.liveLines(place.event.live, of: peaks, style: style).prefix(isLow ? 2 : 4))
    if !isLow { below.append("") }
    below += heading.prefix(1).map { style.paint($0, .bold) }
    if !isLow {
      below += happened.prefix(2).map { "  " + $0 } + (happened.count < 2 ? [""] : [])
    }
    below.append(style.paint("step \(place.step), any key stops", .dim))
    let height = max(2, style.height - above.count - below.count - 3)
    return above + plot.bodyLines(style: style, height: height, explains: false) + below
  }
}

extension MemoryPlot {
  /// What is alive by category, the plot's colours or fills beside it, and all of it together.
  ///
  /// - Parameter peaks: categories that have nothing here are left out.
  static func liveLines(
    _ live: MemoryUse, of peaks: MemoryUse, style: TextStyle
  ) -> [String] {
    // Figures as wide as they can get: nothing moves while they change.
    func figure(_ bytes: Int) -> String { padded(formatBytes(bytes), to: 9, .right) }
    let shown = stack.reversed().filter { peaks[$0] > 0 }
    return legendLines(
      shown.map { ($0, "\($0.look.word) \(figure(live[$0]))") },
      last: "all \(figure(live.total))", style: style)
  }
}
