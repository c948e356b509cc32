import Basics

/// A table whose columns are as wide as their widest cell; a cell with line breaks takes several
/// lines.
///
/// Of a long table, the widths are those of its first rows: what follows is written as it comes, and
/// a wider cell stands out. A box that is wider than it may be is written as lines, one for each value.
struct AlignedTable {
  enum Style { case box, markdown }

  /// What is kept before anything is written.
  private static let most = (rows: 10_000, bytes: 8 << 20)

  private var columns: [String] = []
  private var rows: [[String]] = []
  private var widths: [Int] = []
  /// Whether a cell takes several lines.
  private var hasTallRows = false
  private var bytes = 0
  /// Whether the head is written, and the widths stay as they are.
  private var hasBegun = false
  private var written = 0
  /// The most columns of a box.
  private let limit: Int
  /// Whether there is a line for each value instead of a table.
  private var isVertical = false

  init() { limit = .max }

  init(columns: [String], _ style: Style, limit: Int = .max) {
    self.limit = limit
    self.columns = columns.map { Self.lines(Self.title($0), style)[0] }
    widths = self.columns.map(displayWidth)
  }

  mutating func add(
    _ cells: [String], _ style: Style, to write: (String) throws -> Void
  ) throws {
    if !hasBegun {
      for (index, cell) in cells.enumerated() {
        let lines = Self.lines(cell, style)
        if lines.count > 1 { hasTallRows = true }
        for line in lines { widths[index] = max(widths[index], displayWidth(line)) }
        bytes += cell.utf8.count
      }
    }
    rows.append(cells)
    if hasBegun || rows.count >= Self.most.rows || bytes >= Self.most.bytes {
      try flush(style, to: write)
    }
  }

  /// Writes what is kept, and the end of the table.
  mutating func end(_ style: Style, to write: (String) throws -> Void) throws {
    try flush(style, to: write)
    if style == .box, !isVertical { try write(rule("└", "┴", "┘", "─")) }
  }

  private mutating func flush(_ style: Style, to write: (String) throws -> Void) throws {
    let bar = style == .box ? "│" : "|"
    let separator = style == .box ? rule("├", "┼", "┤", "─") : rule("|", "|", "|", "-")
    func line(_ cells: [String]) -> String {
      bar + " " + cells.joined(separator: " \(bar) ") + " \(bar)\n"
    }
    if !hasBegun, style == .box, widths.reduce(1, { $0 + $1 + 3 }) > limit { isVertical = true }
    if isVertical {
      for cells in rows {
        try write((written > 0 ? "\n" : "") + Self.vertical(columns, cells))
        written += 1
      }
      hasBegun = true
      rows = []
      return
    }
    if !hasBegun {
      let header = line(zip(columns, widths).map { Self.centred($0, width: $1) })
      try write((style == .box ? rule("┌", "┬", "┐", "─") : "") + header + separator)
      hasBegun = true
    }
    // Where a row takes several lines, rules tell the rows apart.
    let hasRules = style == .box && hasTallRows
    for cells in rows {
      let row = cells.map { Self.lines($0, style) }
      var text = hasRules && written > 0 ? separator : ""
      for lineIndex in 0..<max(1, row.map(\.count).max() ?? 1) {
        text += line(
          zip(row, widths).map { cell, width in
            Self.padded(lineIndex < cell.count ? cell[lineIndex] : "", width: width)
          })
      }
      written += 1
      try write(text)
    }
    rows = []
  }

  /// A row as sqlite3 has it with `-line`: the name of each column and its value. More lines of a
  /// value stand under its first.
  static func vertical(_ columns: [String], _ cells: [String]) -> String {
    let columns = columns.map(title)
    let width = max(5, columns.map(displayWidth).max() ?? 0)
    return zip(columns, cells).map { name, cell in
      String(repeating: " ", count: width - displayWidth(name)) + "\(name) = "
        + lines(cell).joined(separator: "\n" + String(repeating: " ", count: width + 3)) + "\n"
    }.joined()
  }

  private func rule(_ left: String, _ middle: String, _ right: String, _ dash: String) -> String {
    left + widths.map { String(repeating: dash, count: $0 + 2) }.joined(separator: middle)
      + right + "\n"
  }

  /// A column's name; one of several lines shows its first.
  static func title(_ name: String) -> String { lines(name).first ?? "" }

  /// The lines of a cell; of Markdown, which has but one, with `<br>` between them.
  private static func lines(_ text: String, _ style: Style) -> [String] {
    let lines = lines(text)
    switch style {
    case .box: return lines
    case .markdown: return [lines.joined(separator: "<br>").replacing("|", with: "\\|")]
    }
  }

  /// The lines of a text: any control character but a tab ends one, tabs reach to the next multiple
  /// of eight, and an end at the very end counts for nothing.
  private static func lines(_ text: String) -> [String] {
    if text.unicodeScalars.allSatisfy({ $0.value >= 0x20 }) { return [visible(text)] }
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
    return lines.map { visible($0) }
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
