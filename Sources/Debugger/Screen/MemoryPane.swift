import Basics
import TraceStore

/// The memory of the pass with the cursor in it.
struct MemoryPane {
  let model: ScreenModel

  var title: String {
    guard let plot = model.plot else { return "memory" }
    let base = plot.baseline.total
    return "memory of \(plot.title)" + (base > 0 ? ", above \(formatBytes(base))" : "")
  }

  /// - Returns: at most `rows` lines of at most `width` columns.
  func lines(width: Int, rows: Int, style: TextStyle) -> [String] {
    guard var plot = model.plot, rows >= 4 else { return [] }
    var style = style
    style.width = width
    if rows < 7 { plot.marks = [] }
    let axisRows = plot.marks.isEmpty ? 2 : 3
    var lines = plot.bodyLines(style: style, height: rows - axisRows, explains: false)
    // A plot is drawn a whole number of lines to a tick, so some may be left over below.
    lines = Array(lines.prefix(rows))
    return lines
  }
}

/// What is alive, by category, with the change since the stop before.
struct AlivePane {
  let model: ScreenModel

  func lines(rows: Int, style: TextStyle) -> [String] {
    let live = model.place.event.live
    let change = model.before.map { live.total - $0.total } ?? 0
    let changed = change == 0 ? "" : " (\(change > 0 ? "+" : "")\(formatBytes(change)))"
    let categories = MemoryPlot.stack.reversed().filter { live[$0] > 0 }
    let all = "\(formatBytes(live.total)) alive\(changed)"
    return Array(
      MemoryPlot.legendLines(
        categories.map { ($0, "\($0.look.word) \(formatBytes(live[$0]))") }, first: all,
        style: style
      ).prefix(rows))
  }
}
