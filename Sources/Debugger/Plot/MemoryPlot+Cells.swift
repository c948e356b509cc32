import Events

/// Lower blocks, from one eighth to the whole.
let lowerBlocks = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

/// How a category is told apart where there is no colour.
func fill(of category: MemoryCategory, unicode: Bool) -> String {
  unicode ? category.look.fill : category.look.asciiFill
}

/// One character of a plot with its colours.
struct Cell {
  var text: String
  var ink: Ink?
  var background: Ink?

  /// Neighbours of the same colours share one change of colour.
  static func joined(_ cells: [Cell], style: TextStyle) -> String {
    var line = ""
    var run = ""
    for (index, cell) in cells.enumerated() {
      run += cell.text
      if index + 1 < cells.count, cells[index + 1].ink == cell.ink,
        cells[index + 1].background == cell.background
      {
        continue
      }
      line += cell.ink.map { style.paint(run, $0, on: cell.background) } ?? run
      run = ""
    }
    return line
  }
}

extension MemoryPlot {
  /// A stretch of one line of one column: a category, or nothing, from an eighth to another.
  private struct Stretch {
    var category: MemoryCategory?
    var from: Int
    var to: Int
    var size: Int { to - from }
  }

  /// One character across, from the axis upwards: a cell for each line.
  func stackedCells(
    of use: MemoryUse, above base: MemoryUse, axis: PlotAxis, style: TextStyle
  ) -> [Cell] {
    var edges: [(category: MemoryCategory, top: Int)] = []
    var bytes = 0
    for category in Self.stack {
      bytes += use[category] - base[category]
      edges.append((category, axis.eighths(bytes)))
    }
    return (0..<axis.lines).map { line in
      cell(stretches(of: edges, from: line * 8), style: style)
    }
  }

  /// What lies in the eight eighths from `bottom`, from below.
  private func stretches(
    of edges: [(category: MemoryCategory, top: Int)], from bottom: Int
  ) -> [Stretch] {
    var found: [Stretch] = []
    var lower = bottom
    for edge in edges {
      let upper = min(edge.top, bottom + 8)
      if upper > lower {
        found.append(Stretch(category: edge.category, from: lower - bottom, to: upper - bottom))
        lower = upper
      }
    }
    if lower < bottom + 8 { found.append(Stretch(category: nil, from: lower - bottom, to: 8)) }
    return found
  }

  private func cell(_ stretches: [Stretch], style: TextStyle) -> Cell {
    guard style.isColoured, style.unicode else {
      let (text, category) = plainCell(stretches, style: style)
      return Cell(text: text, ink: category.map { .memory($0) })
    }
    // A character has two colours: of more than two stretches the largest two are kept.
    var kept = stretches
    while kept.count > 2, let smallest = kept.indices.min(by: { kept[$0].size < kept[$1].size }) {
      let removed = kept.remove(at: smallest)
      if smallest == 0 { kept[0].from = removed.from } else { kept[smallest - 1].to = removed.to }
    }
    guard let lower = kept.first, let category = lower.category else { return Cell(text: " ") }
    let upper = kept.count > 1 ? kept[1].category : nil
    return Cell(
      text: lowerBlocks[lower.to - 1], ink: .memory(category), background: upper.map { .memory($0) }
    )
  }

  /// Without colour a character is the fill of what takes most of it; where the stack ends in
  /// it, less than half of it is shown as a low block.
  private func plainCell(
    _ stretches: [Stretch], style: TextStyle
  ) -> (String, MemoryCategory?) {
    let filled = stretches.filter { $0.category != nil }
    let height = filled.reduce(0) { $0 + $1.size }
    guard height > 0, let most = filled.max(by: { $0.size < $1.size }), let category = most.category
    else { return (" ", nil) }
    let whole = fill(of: category, unicode: style.unicode)
    guard style.unicode else { return (height >= 4 ? whole : height >= 2 ? "_" : " ", category) }
    if category == .weightsDequantized || height < 4 { return (lowerBlocks[height - 1], category) }
    return (whole, category)
  }
}
