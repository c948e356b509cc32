import Basics
import Events
import TraceStore

/// The y axis of a plot: round ticks in binary units, a whole number of lines apart.
struct PlotAxis: Equatable {
  /// Bytes between two ticks: a power of two.
  var tick: Int
  var ticks: Int
  /// Lines of the plot between two ticks.
  var linesPerTick: Int

  var lines: Int { ticks * linesPerTick }
  /// Bytes at the top of the plot.
  var top: Int { ticks * tick }

  /// The axis that holds `peak` bytes in at most `height` lines: of the powers of two that give
  /// three to six ticks, the one that leaves least empty above the peak.
  init(peak: Int, height: Int) {
    let most = max(1, min(6, height / 2))
    tick = 1
    while (peak - 1) / tick + 1 > most { tick *= 2 }
    ticks = (peak - 1) / tick + 1
    let coarser = (peak - 1) / (tick * 2) + 1
    if coarser >= 3, coarser * 2 == ticks {
      tick *= 2
      ticks = coarser
    }
    linesPerTick = max(1, height / ticks)
  }

  /// The lines of a plot from the top, behind the axis with its labels.
  ///
  /// - Parameters:
  ///   - cells: for each character across, one a line from the axis upwards.
  ///   - labels: one a tick, that of the axis itself first.
  func lines(of cells: [[Cell]], labels: [String], margin: Int, style: TextStyle) -> [String] {
    (0..<lines).reversed().map { line in
      // A tick's label stands on the line whose upper edge it is.
      let isTick = (line + 1) % linesPerTick == 0
      let label = isTick ? labels[(line + 1) / linesPerTick] : ""
      let edge = style.unicode ? (isTick ? "┤" : "│") : (isTick ? "+" : "|")
      return padded(label, to: margin, .right) + " " + edge
        + Cell.joined(cells.map { $0[line] }, style: style)
    }
  }

  /// Bytes as eighths of a line from the axis; what is there at all is at least one eighth high.
  func eighths(_ bytes: Int) -> Int {
    let exact = Double(bytes) * Double(lines * 8) / Double(top)
    return bytes > 0 ? max(1, Int(exact.rounded())) : 0
  }
}

extension MemoryPlot {
  /// The plot with both axes, the marks and the cursor.
  ///
  /// - Parameter explains: whether to say what two characters stand for, where they do.
  func bodyLines(style: TextStyle, height: Int, explains: Bool = true) -> [String] {
    let base = baseline
    let peak = (frame?.highest ?? highest).total - base.total
    let axis = PlotAxis(peak: max(peak, 1), height: height)
    let labels = (0...axis.ticks).map { index in
      if index == 0 { return base.total > 0 ? formatBytes(base.total) : "0" }
      return (base.total > 0 ? "+" : "") + formatBytes(index * axis.tick)
    }
    let margin = labels.map(displayWidth).max() ?? 0
    let across = max(8, style.width - margin - 3)
    let shown = moments(across: across)
    let cells = shown.map { stackedCells(of: $0.use, above: base, axis: axis, style: style) }

    var lines = axis.lines(of: cells, labels: labels, margin: margin, style: style)
    lines += xAxis(shown, margin: margin, origin: labels[0], style: style)
    if explains, !isExact(across: across) {
      let text = "Columns come in pairs: the most and the least alive in the same few steps."
      lines += wrapped(text, to: style.width - 2).map { "  " + $0 }
    }
    return lines
  }

  /// Whether each column has one moment to show, and a character of its own, or more than one.
  func isExact(across: Int) -> Bool {
    columns.count <= across && columns.allSatisfy { $0.most == $0.least }
  }

  /// One character across: the steps it stands for and the moment it shows.
  struct Moment {
    var lastStep: Int
    var use: MemoryUse
  }

  /// What to draw in `across` characters: each step once or several times where they fit, else
  /// the most and the least of each group of steps, side by side.
  func moments(across: Int) -> [Moment] {
    guard !isExact(across: across) else {
      return (0..<across).map { place in
        let column = columns[place * columns.count / across]
        return Moment(lastStep: column.lastStep, use: column.most)
      }
    }
    let groups = min(columns.count, across / 2)
    let pairs = (0..<groups).flatMap { place -> [Moment] in
      let members = columns[place * columns.count / groups..<(place + 1) * columns.count / groups]
      let most = members.max { $0.most.total < $1.most.total }?.most ?? MemoryUse()
      let least = members.min { $0.least.total < $1.least.total }?.least ?? MemoryUse()
      let last = members.last?.lastStep ?? lastStep
      return [Moment(lastStep: last, use: most), Moment(lastStep: last, use: least)]
    }
    return pairs
  }

  /// The axis with a notch at each mark, the marks' labels, and the cursor.
  private func xAxis(_ shown: [Moment], margin: Int, origin: String, style: TextStyle) -> [String] {
    func place(of step: Int) -> Int? {
      guard step >= firstStep, step <= lastStep else { return nil }
      return shown.firstIndex { $0.lastStep >= step }
    }
    let placed = marks.compactMap { mark in place(of: mark.step).map { (mark, $0) } }
    let notches = Set(placed.map(\.1))
    let rule = shown.indices.map { index in
      if style.unicode { return notches.contains(index) ? "┬" : "─" }
      return notches.contains(index) ? "+" : "-"
    }
    let corner = style.unicode ? "┼" : "+"
    let indent = String(repeating: " ", count: margin + 2)
    var lines = [padded(origin, to: margin, .right) + " " + corner + rule.joined()]

    var labels = LabelLine(width: shown.count)
    for (mark, index) in placed { labels.put(mark.label, at: index) }
    if !labels.isEmpty {
      lines.append(padded(marked, to: margin, .right) + "  " + labels.text)
    }
    if let cursor, let index = place(of: cursor) {
      var line = LabelLine(width: shown.count)
      line.put((style.unicode ? "▲" : "^") + " step \(cursor)", at: index, shift: true)
      lines.append(indent + style.paint(line.text.trimmingTrailingSpaces(), .bold))
    }
    return lines
  }
}

/// A line on which labels are put where there is room for them.
struct LabelLine {
  private var cells: [Character]
  private var end = -1
  private(set) var isEmpty = true

  init(width: Int) {
    cells = Array(repeating: " ", count: width)
  }

  /// Puts a label with its first character at a column, or leaves it out where it would touch
  /// another or pass the end.
  ///
  /// - Parameter shift: write the words before the first character where there is no room after.
  mutating func put(_ label: String, at column: Int, shift: Bool = false) {
    var characters = Array(label)
    var start = column
    if column + characters.count > cells.count {
      guard shift, let marker = characters.first, column + 1 >= characters.count else { return }
      characters = Array(characters.dropFirst(2)) + [" ", marker]
      start = column + 1 - characters.count
    }
    guard start > end else { return }
    for (offset, character) in characters.enumerated() { cells[start + offset] = character }
    end = start + characters.count
    isEmpty = false
  }

  var text: String { String(cells) }
}
