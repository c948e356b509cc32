/// A table whose columns are as wide as their widest cell; a cell with line breaks takes several
/// lines.
struct AlignedTable {
  enum Style { case box, markdown }

  private var columns: [String] = []
  private var rows: [[String]] = []
  private var widths: [Int] = []
  /// Whether a cell takes several lines.
  private var hasTallRows = false

  init() {}

  init(columns: [String]) {
    // A name of several lines shows its first.
    self.columns = columns.map { Self.lines($0).first ?? "" }
    widths = self.columns.map(displayWidth)
  }

  mutating func add(_ cells: [String]) {
    for (index, cell) in cells.enumerated() {
      let lines = Self.lines(cell)
      if lines.count > 1 { hasTallRows = true }
      for line in lines { widths[index] = max(widths[index], displayWidth(line)) }
    }
    rows.append(cells)
  }

  func write(_ style: Style, to write: (String) throws -> Void) rethrows {
    let bar = style == .box ? "│" : "|"
    func line(_ cells: [String]) -> String {
      bar + " " + cells.joined(separator: " \(bar) ") + " \(bar)\n"
    }
    func rule(_ left: String, _ middle: String, _ right: String, _ dash: String) -> String {
      left + widths.map { String(repeating: dash, count: $0 + 2) }.joined(separator: middle)
        + right + "\n"
    }
    let separator =
      style == .box ? rule("├", "┼", "┤", "─") : rule("|", "|", "|", "-")
    let header = zip(columns, widths).map { Self.centred($0, width: $1) }
    try write((style == .box ? rule("┌", "┬", "┐", "─") : "") + line(header) + separator)
    // Where a row takes several lines, rules tell the rows apart.
    let hasRules = style == .box && hasTallRows
    for (index, cells) in rows.enumerated() {
      let row = cells.map(Self.lines)
      let height = row.map(\.count).max() ?? 1
      var text = ""
      for lineIndex in 0..<max(1, height) {
        text += line(
          zip(row, widths).map { cell, width in
            Self.padded(lineIndex < cell.count ? cell[lineIndex] : "", width: width)
          })
      }
      if hasRules && index + 1 < rows.count { text += separator }
      try write(text)
    }
    if style == .box { try write(rule("└", "┴", "┘", "─")) }
  }

  /// The lines of a cell: any control character but a tab ends one, tabs reach to the next multiple
  /// of eight, and an end at the very end counts for nothing.
  private static func lines(_ text: String) -> [String] {
    if text.unicodeScalars.allSatisfy({ $0.value >= 0x20 }) { return [text] }
    var lines: [String] = []
    var line = ""
    var column = 0
    var previous: Unicode.Scalar?
    for scalar in text.unicodeScalars {
      defer { previous = scalar }
      if scalar == "\n" && previous == "\r" { continue }
      if scalar.value >= 0x20 {
        line.unicodeScalars.append(scalar)
        column += 1
      } else if scalar == "\t" {
        let spaces = 8 - column % 8
        line += String(repeating: " ", count: spaces)
        column += spaces
      } else {
        lines.append(line)
        line = ""
        column = 0
      }
    }
    if !line.isEmpty || lines.isEmpty { lines.append(line) }
    return lines
  }

  private static func padded(_ text: String, width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - displayWidth(text)))
  }

  private static func centred(_ text: String, width: Int) -> String {
    let space = max(0, width - displayWidth(text))
    return String(repeating: " ", count: space / 2) + text
      + String(repeating: " ", count: (space + 1) / 2)
  }
}
