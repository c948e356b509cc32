import Basics
import Events
import Inference
import TraceStore

extension MemoryPlot {
  /// The categories that are alive at some step, each with its fill and its own peak, and the
  /// peak of all together.
  func legendLines(style: TextStyle) -> [String] {
    let base = baseline
    let shown = Self.stack.reversed().filter { peaks[$0] > base[$0] }
    return Self.legendLines(
      shown.map { ($0, "\($0.label) \(formatBytes(peaks[$0]))") },
      last: "peak of all \(formatBytes(highest.total))", style: style)
  }

  /// Categories with their fills and what is said of each, as many on a line as fit.
  static func legendLines(
    _ categories: [(MemoryCategory, String)], first: String? = nil, last: String? = nil,
    style: TextStyle
  ) -> [String] {
    var entries = first.map { [(shown: style.paint($0, .bold), columns: displayWidth($0))] } ?? []
    entries += categories.map { category, text in
      let swatch = style.paint(
        style.isColoured && style.unicode ? "█" : fill(of: category, unicode: style.unicode),
        .memory(category))
      return (shown: "\(swatch) \(text)", columns: 2 + displayWidth(text))
    }
    if let last { entries.append((shown: style.paint(last, .bold), columns: displayWidth(last))) }

    var lines: [String] = []
    var line = " "
    var used = 1
    for entry in entries {
      if used + entry.columns + 3 > style.width, used > 1 {
        lines.append(line)
        line = " "
        used = 1
      }
      line += (used > 1 ? "   " : " ") + entry.shown
      used += (used > 1 ? 3 : 1) + entry.columns
    }
    lines.append(line)
    return lines
  }

  /// Two bars from zero: what was alive at most, and the same with every weight as float16.
  /// Empty where ``wholeModel`` is not known.
  func scaleLines(style: TextStyle) -> [String] {
    guard let wholeModel else { return [] }
    // The misconception keeps the packed weights and everything else beside its float16 copy.
    var feared = highest
    feared.weightsDequantized = max(wholeModel, highest.weightsDequantized)
    let scale = max(feared.total, 1)
    let names = ["this run", StrategyName.wholeModel.rawValue]
    let margin = 13
    let room = max(8, style.width - margin - 12)
    var lines = ["", style.paint("To scale, from zero:", .bold)]
    for (name, use) in zip(names, [highest, feared]) {
      var bar = ""
      var bytes = 0
      var drawn = 0
      for category in Self.stack {
        bytes += use[category]
        let end = Int((Double(bytes) * Double(room) / Double(scale)).rounded())
        let fill =
          !style.isColoured || !style.unicode
          ? Debugger.fill(of: category, unicode: style.unicode) : "█"
        bar += style.paint(String(repeating: fill, count: end - drawn), .memory(category))
        drawn = end
      }
      lines.append(
        " " + padded(name, to: margin - 2) + " " + bar + " " + formatBytes(use.total))
    }
    return lines
  }
}
