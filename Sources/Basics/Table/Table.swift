/// Rows under headings, each column as wide as its widest cell on a terminal.
///
/// The widths are those of the rows before the first ``take()``: a later row is written as it
/// comes, and a wider cell of it stands out. So a table of any length takes little memory.
public struct Table: Sendable {
  public enum Style: Sendable {
    /// Two spaces between columns, none at the ends of lines; no heading if all titles are empty.
    case plain
    /// As sqlite3 has it with `-box`. A cell with line breaks takes several lines.
    case box
    /// As sqlite3 has it with `-markdown`.
    case markdown
  }

  public typealias Column = (title: String, alignment: Alignment)

  /// Rows and bytes that are kept before anything is written.
  public static let most = (rows: 10_000, bytes: 8 << 20)

  private let style: Style
  private let columns: [Column]
  private let limit: Int
  private(set) var widths: [Int]
  private var rows: [[String]] = []
  private var bytes = 0
  private var hasTallRows = false
  /// The heading was taken, and the widths stay as they are.
  private var hasBegun = false
  /// A row was taken.
  private var hasRows = false
  /// There is a line for each value instead of a table.
  private var isVertical = false

  /// - Parameters:
  ///   - widths: the least columns of the terminal that each column takes.
  ///   - limit: the most columns of the terminal that a box takes; a wider one becomes a line for
  ///     each value.
  public init(
    _ columns: [Column], style: Style = .plain, atLeast widths: [Int] = [], limit: Int = .max
  ) {
    self.style = style
    self.limit = limit
    self.columns = columns.map {
      (style == .plain ? $0.title : Self.lines(Self.title($0.title), style)[0], $0.alignment)
    }
    self.widths = self.columns.map { displayWidth($0.title) }
    for (index, width) in widths.enumerated() { self.widths[index].raise(to: width) }
  }

  public mutating func add(_ cells: [String]) {
    if !hasBegun {
      for (index, cell) in cells.enumerated() {
        let lines = Self.lines(cell, style)
        if lines.count > 1 { hasTallRows = true }
        for line in lines { widths[index].raise(to: displayWidth(line)) }
        bytes += cell.utf8.count
      }
    }
    rows.append(cells)
  }

  public mutating func add(_ cells: String...) { add(cells) }

  /// True once so much is kept that it should be taken.
  public var isFull: Bool {
    hasBegun || rows.count >= Self.most.rows || bytes >= Self.most.bytes
  }

  /// The columns of the terminal that a line takes.
  public var width: Int {
    let gap = style == .plain ? 2 : 3
    return widths.reduce(style == .plain ? -gap : 1) { $0 + $1 + gap }
  }

  /// The heading, if it was not taken before, and the rows that are kept: texts without their last
  /// line feed. The rows are forgotten.
  public mutating func take() -> [String] {
    if !hasBegun { isVertical = style == .box && width > limit }
    var texts = hasBegun ? [] : heading
    hasBegun = true
    for row in rows {
      texts.append(text(of: row))
      hasRows = true
    }
    rows = []
    return texts
  }

  /// The rows that are left, and the end of a box.
  public mutating func finish() -> [String] {
    take() + (style == .box && !isVertical ? [rule("└", "┴", "┘", "─")] : [])
  }

  private var heading: [String] {
    let titles = columns.map(\.title)
    if isVertical { return [] }
    if style == .plain { return titles.allSatisfy(\.isEmpty) ? [] : [line(titles)] }
    let centred = zip(titles, widths).map { padded($0, to: $1, .centre) }
    return [
      ((style == .box ? [rule("┌", "┬", "┐", "─")] : []) + [line(centred), separator])
        .joined(separator: "\n")
    ]
  }

  private func text(of row: [String]) -> String {
    if isVertical {
      return (hasRows ? "\n" : "") + Self.vertical(columns.map(\.title), row)
    }
    if style == .plain { return line(row) }
    let cells = row.map { Self.lines($0, style) }
    let lines = (0..<max(1, cells.map(\.count).max() ?? 1)).map { index in
      line(cells.map { index < $0.count ? $0[index] : "" })
    }
    // Where a row takes several lines, rules tell the rows apart.
    let rule = style == .box && hasTallRows && hasRows ? [separator] : []
    return (rule + lines).joined(separator: "\n")
  }

  private func line(_ cells: [String]) -> String {
    let filled = cells.indices.map { padded(cells[$0], to: widths[$0], columns[$0].alignment) }
    switch style {
    case .plain: return filled.joined(separator: "  ").trimmingTrailingSpaces()
    case .box: return "│ " + filled.joined(separator: " │ ") + " │"
    case .markdown: return "| " + filled.joined(separator: " | ") + " |"
    }
  }

  private var separator: String {
    style == .box ? rule("├", "┼", "┤", "─") : rule("|", "|", "|", "-")
  }

  private func rule(_ left: String, _ middle: String, _ right: String, _ dash: String) -> String {
    left + widths.map { String(repeating: dash, count: $0 + 2) }.joined(separator: middle) + right
  }
}

extension Table {
  /// The heading and the rows of a plain table, in at most `width` columns.
  ///
  /// - Parameter flexible: the column that is cut where the table is too wide; else lines are.
  public func lines(
    width: Int = .max, unicode: Bool = true, flexible: Int? = nil
  ) -> [String] {
    var table = self
    if let flexible {
      let excess = max(table.width - min(width, table.width), 0)
      table.widths[flexible] = max(widths[flexible] - excess, min(widths[flexible], 8))
      for row in rows.indices {
        table.rows[row][flexible] = truncated(
          rows[row][flexible], to: table.widths[flexible], unicode: unicode)
      }
    }
    return table.take().map { truncated($0, to: width, unicode: unicode) }
  }
}

extension Int {
  fileprivate mutating func raise(to other: Int) { self = Swift.max(self, other) }
}
