import Basics

/// A table with a bar beside each row, as long as the value in its last column of numbers.
///
/// Of a long table, widths and scale are those of its first rows.
struct BarTable {
  /// What is kept before anything is written.
  private static let most = (rows: 10_000, bytes: 8 << 20)

  private let columns: [String]
  private let width: Int
  private var rows: [[SQLValue]] = []
  private var bytes = 0
  private var layout: Layout?

  private struct Layout {
    let widths: [Int]
    let isNumber: [Bool]
    /// The column that is drawn, and its largest value.
    let bar: Int?
    let largest: Double
    let room: Int
  }

  init(columns: [String], width: Int) {
    self.columns = columns.map(AlignedTable.title)
    self.width = width
  }

  mutating func add(_ row: [SQLValue], to write: (String) throws -> Void) throws {
    rows.append(row)
    bytes += row.reduce(0) { $0 + $1.byteCount }
    if layout != nil || rows.count >= Self.most.rows || bytes >= Self.most.bytes {
      try flush(to: write)
    }
  }

  mutating func end(to write: (String) throws -> Void) throws { try flush(to: write) }

  private mutating func flush(to write: (String) throws -> Void) throws {
    if layout == nil {
      let new = measure()
      layout = new
      try write(line(columns, new) + "\n")
    }
    guard let layout else { return }
    for row in rows {
      var text = line(row.map(Self.text), layout)
      if let bar = layout.bar, bar < row.count, let value = row[bar].number {
        text += "  " + Self.bar(value / layout.largest, room: layout.room)
      }
      try write(text.trimmingSpacesAtEnd() + "\n")
    }
    rows = []
  }

  private func measure() -> Layout {
    let isNumber = columns.indices.map { column in
      rows.contains { $0[column].number != nil }
        && rows.allSatisfy { $0[column].number != nil || $0[column] == .null }
    }
    let widths = columns.indices.map { column in
      rows.reduce(displayWidth(columns[column])) { max($0, displayWidth(Self.text($1[column]))) }
    }
    let bar = isNumber.lastIndex(of: true)
    let largest = bar.map { bar in rows.compactMap { $0[bar].number }.max() ?? 0 } ?? 0
    let taken = widths.reduce(0, +) + 2 * widths.count
    return Layout(
      widths: widths, isNumber: isNumber, bar: largest > 0 && largest.isFinite ? bar : nil,
      largest: largest, room: max(10, width - taken))
  }

  private func line(_ cells: [String], _ layout: Layout) -> String {
    cells.indices.map { column in
      let space = String(
        repeating: " ", count: max(0, layout.widths[column] - displayWidth(cells[column])))
      return layout.isNumber[column] ? space + cells[column] : cells[column] + space
    }.joined(separator: "  ")
  }

  /// A cell on one line.
  private static func text(_ value: SQLValue) -> String {
    if case .real(let number) = value { return SQLValue.format(number, digits: 7) }
    return visible(
      String(
        String.UnicodeScalarView(
          (value.text ?? "").unicodeScalars.map { $0.value < 0x20 ? " " : $0 })))
  }

  /// `part` of the room, in eighths of a column.
  static func bar(_ part: Double, room: Int) -> String {
    guard part > 0 else { return "" }
    let eighths = max(1, Int((min(part, 1) * Double(room) * 8).rounded()))
    let rest = eighths % 8
    return String(repeating: "█", count: eighths / 8)
      + (rest == 0 ? "" : ["▏", "▎", "▍", "▌", "▋", "▊", "▉"][rest - 1])
  }
}

extension String {
  fileprivate func trimmingSpacesAtEnd() -> String {
    var text = self[...]
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
