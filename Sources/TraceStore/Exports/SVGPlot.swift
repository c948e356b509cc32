import Basics
import Events
import Foundation

/// The drawing of ``SVGExport``, in pixels of a picture that scales to any size.
struct SVGPlot {
  static let columnCount = 320

  let title: String
  let figures: String
  let columns: [MemoryColumn]
  let peaks: MemoryUse
  let peakStep: Int
  /// The step at which the memory budget ended the run, and how.
  let failure: (step: Int, text: String)?
  /// First steps of the passes.
  let passes: [(id: Int, step: Int)]

  /// Where the plot lies; below the lines of text.
  private var area: (left: Double, top: Double, width: Double, height: Double) {
    (left: 78, top: failure == nil ? 82 : 101, width: 792, height: 284)
  }
  private var height: Double { area.top + area.height + 104 }

  private var firstStep: Int { columns.first?.firstStep ?? 1 }
  private var lastStep: Int { columns.last?.lastStep ?? 1 }
  private var base: MemoryUse { columns.alwaysThere(peaks: peaks) }
  private var shown: [MemoryCategory] { MemoryCategory.stack.filter { peaks[$0] > base[$0] } }

  var text: String {
    let base = base
    let axis = Axis(
      peak: max(columns.highest.total - base.total, 1), from: area.top, height: area.height)
    return """
      <?xml version="1.0" encoding="UTF-8"?>
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 \(number(height))" width="900" height="\(number(height))" \
      role="img" aria-labelledby="title figures" font-family="sans-serif" font-size="13">
      <title id="title">\(markup(title))</title>
      <desc id="figures">\(markup(figures))</desc>
      <style>
      .paper { fill: #ffffff } text { fill: #222222 } .rule { stroke: #222222; fill: none }
      .grid { stroke: #222222; stroke-opacity: 0.15; fill: none } .quiet { fill: #555555 }
      text.fail { fill: #b3261e } path.fail { stroke: #b3261e; stroke-width: 2; fill: none }
      @media (prefers-color-scheme: dark) {
      .paper { fill: #16181d } text { fill: #e8e8e8 } .rule { stroke: #e8e8e8 }
      .grid { stroke: #e8e8e8; stroke-opacity: 0.2 } .quiet { fill: #aaaaaa }
      text.fail { fill: #ff8a80 } path.fail { stroke: #ff8a80 } \(darkColours)
      }
      </style>
      <rect class="paper" width="900" height="100%"/>
      <text x="16" y="26" font-size="17" font-weight="bold">\(markup(title))</text>
      <text x="16" y="46">\(markup(figures))</text>

      """ + yAxis(axis, base) + areas(axis, base) + xAxis() + peakMark(axis, base) + failureMark
        + legend(base)
        + "</svg>\n"
  }

  // MARK: - Axes

  /// Round ticks, 1, 2, 2.5 or 5 times a power of ten MiB apart.
  private struct Axis {
    let tick: Double
    let top: Double
    private let from, height: Double

    init(peak: Int, from: Double, height: Double) {
      let peak = Double(peak) / 1_048_576
      let power = pow(10, (log10(peak / 6)).rounded(.down))
      let tick = [1, 2, 2.5, 5, 10].map { $0 * power }.first { peak / $0 <= 6 } ?? 10 * power
      self.tick = tick
      top = (peak / tick).rounded(.up) * tick
      self.from = from
      self.height = height
    }

    func y(_ bytes: Int) -> Double {
      from + height * (1 - Double(bytes) / 1_048_576 / top)
    }
  }

  private func x(_ step: Double) -> Double {
    let count = Double(lastStep - firstStep + 1)
    return area.left + area.width * (step - Double(firstStep)) / count
  }

  private func yAxis(_ axis: Axis, _ base: MemoryUse) -> String {
    var text = ""
    for tick in 0...Int((axis.top / axis.tick).rounded()) {
      let value = Double(tick) * axis.tick
      let y = area.top + area.height * (1 - value / axis.top)
      text += """
        <path class="grid" d="M\(number(area.left)) \(number(y))h\(number(area.width))"/>
        <text x="\(number(area.left - 8))" y="\(number(y + 4))" text-anchor="end">\
        \(label(value, tick, base))</text>

        """
    }
    let above =
      base.total == 0
      ? ""
      : " above \(formatBytes(base.total)) of "
        + [base.weights > 0 ? "packed weights" : nil, base.kvCache > 0 ? "KV cache" : nil]
        .compactMap { $0 }.joined(separator: " and ") + ", alive throughout and not drawn"
    return text
      + "<text class=\"quiet\" x=\"16\" y=\"\(number(area.top - 17))\" font-size=\"12\">MiB\(above)</text>\n"
  }

  /// A tick's: how much more than what is not drawn, or at the axis itself how much that is.
  private func label(_ value: Double, _ tick: Int, _ base: MemoryUse) -> String {
    if tick == 0 { return String(format: "%.4g", Double(base.total) / 1_048_576) }
    return (base.total > 0 ? "+" : "") + String(format: "%.4g", value)
  }

  /// Steps below, and a tick for each pass where they are few enough to be told apart.
  private func xAxis() -> String {
    let bottom = area.top + area.height
    var text = "<path class=\"rule\" d=\"M\(number(area.left)) \(number(area.top))"
    text += "V\(number(bottom))h\(number(area.width))\"/>\n"
    var nextLabel = -Double.infinity
    for pass in passes where passes.count <= 200 {
      let x = x(Double(pass.step))
      text += "<path class=\"rule\" d=\"M\(number(x)) \(number(bottom))v5\"/>\n"
      if x < nextLabel { continue }
      nextLabel = x + 30
      text +=
        "<text x=\"\(number(x))\" y=\"\(number(bottom + 18))\" font-size=\"11\">\(pass.id)</text>\n"
    }
    let passText = passes.isEmpty || passes.count > 200 ? "" : "pass (ticks), "
    if columns.contains(where: { $0.most != $0.least }) {
      text += """
        <text class="quiet" x="\(number(area.left))" y="\(number(bottom + 34))" \
        font-size="12">columns in pairs: the most and the least alive in the same few steps</text>

        """
    }
    text += """
      <text class="quiet" x="\(number(area.left + area.width))" y="\(number(bottom + 34))" \
      text-anchor="end" font-size="12">\(passText)steps \(formatCount(firstStep)) to \
      \(formatCount(lastStep))</text>

      """
    return text
  }

  // MARK: - Areas

  /// The two moments of each column, side by side: where it begins, and what was alive.
  private var moments: [(step: Double, use: MemoryUse)] {
    columns.flatMap { column -> [(step: Double, use: MemoryUse)] in
      let middle = Double(column.firstStep + column.lastStep + 1) / 2
      let most = (step: Double(column.firstStep), use: column.most)
      return column.most == column.least ? [most] : [most, (step: middle, use: column.least)]
    }
  }

  private func areas(_ axis: Axis, _ base: MemoryUse) -> String {
    let moments = moments
    var below = Array(repeating: 0, count: moments.count)
    var text = ""
    for category in MemoryCategory.stack {
      let above = zip(below, moments).map { $0 + $1.use[category] - base[category] }
      defer { below = above }
      guard shown.contains(category) else { continue }
      let ends = moments.dropFirst().map(\.step) + [Double(lastStep + 1)]
      var path = "M\(number(x(moments.first?.step ?? 0))) \(number(axis.y(above.first ?? 0)))"
      path += edge(Array(zip(ends, above)), axis)
      path += "V\(number(axis.y(below.last ?? 0)))"
      let starts = moments.map(\.step)
      path += edge(Array(zip(starts, below).reversed()), axis) + "Z"
      text += "<path class=\"\(category.name)\" fill=\"\(category.look.light)\" d=\"\(path)\">"
      text += "<title>\(category.label)</title></path>\n"
    }
    return text
  }

  /// Stairs: up or down to a height, then across to where it ends.
  private func edge(_ stairs: [(Double, Int)], _ axis: Axis) -> String {
    var path = ""
    var height: String?
    for (index, (step, bytes)) in stairs.enumerated() {
      let y = number(axis.y(bytes))
      if y != height { path += "V\(y)" }
      height = y
      let isLast = index + 1 == stairs.count
      if isLast || number(axis.y(stairs[index + 1].1)) != y { path += "H\(number(x(step)))" }
    }
    return path
  }

  private func peakMark(_ axis: Axis, _ base: MemoryUse) -> String {
    let x = x(Double(peakStep) + 0.5)
    let y = axis.y(columns.highest.total - base.total)
    let isRight = x > area.left + area.width / 2
    let label = "peak \(formatBytes(columns.highest.total)) at step \(formatCount(peakStep))"
    return """
      <path class="rule" stroke-dasharray="3 3" d="M\(number(x)) \(number(y - 3))V\(number(area.top + area.height))"/>
      <circle class="rule" cx="\(number(x))" cy="\(number(y))" r="4"/>
      <text x="\(number(x + (isRight ? -8 : 8)))" y="\(number(y - 7))" \
      text-anchor="\(isRight ? "end" : "start")" font-weight="bold">\(label)</text>

      """
  }

  /// What ended the run, and where.
  private var failureMark: String {
    guard let failure else { return "" }
    let x = number(x(Double(failure.step) + 0.5))
    return """
      <path class="fail" d="M\(x) \(number(area.top))v\(number(area.height))"/>
      <text class="fail" x="16" y="65">Failed at step \(formatCount(failure.step)): \
      \(markup(failure.text))</text>

      """
  }

  private var darkColours: String {
    shown.map { ".\($0.name) { fill: \($0.look.dark) }" }.joined(separator: " ")
  }

  private func legend(_ base: MemoryUse) -> String {
    var text = ""
    for (index, category) in shown.reversed().enumerated() {
      let x = area.left + Double(index % 3) * 266
      let y = area.top + area.height + 58 + Double(index / 3) * 22
      text += """
        <rect x="\(number(x))" y="\(number(y - 11))" width="13" height="13" \
        class="\(category.name)" fill="\(category.look.light)"/>
        <text x="\(number(x + 19))" y="\(number(y))">\(category.label), \
        \(formatBytes(peaks[category])) at most</text>

        """
    }
    return text
  }

  private func number(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return tenths % 10 == 0 ? "\(tenths / 10)" : String(format: "%.1f", Double(tenths) / 10)
  }
}
