import Basics
import Events
import TraceStore

extension MemoryPlot {
  /// Small plots under one another, all from zero and on one scale, for runs to be compared.
  ///
  /// - Parameter height: lines of each plot.
  public static func stacked(_ plots: [MemoryPlot], style: TextStyle, height: Int = 6) -> String {
    let highest = plots.map(\.highest.total).max() ?? 0
    let axis = PlotAxis(peak: max(highest, 1), height: max(height, 2))
    let labels = (0...axis.ticks).map { $0 == 0 ? "0" : formatBytes($0 * axis.tick) }
    let margin = labels.map(displayWidth).max() ?? 0
    let across = max(8, style.width - margin - 3)
    var lines: [String] = []
    for plot in plots {
      let peak = "peak \(formatBytes(plot.highest.total))"
      lines.append(style.paint("\(plot.title), \(peak)", .bold))
      let cells = plot.moments(across: across).map {
        plot.stackedCells(of: $0.use, above: MemoryUse(), axis: axis, style: style)
      }
      lines += axis.lines(of: cells, labels: labels, margin: margin, style: style)
      let rule = String(repeating: style.unicode ? "─" : "-", count: cells.count)
      lines.append(
        padded("0", to: margin, .right) + " " + (style.unicode ? "┼" : "+") + rule)
    }
    let categories = Self.stack.filter { category in plots.contains { $0.peaks[category] > 0 } }
    lines += legendLines(
      categories.reversed().map { ($0, $0.label) }, style: style)
    return lines.map { $0.trimmingTrailingSpaces() + "\n" }.joined()
  }
}
