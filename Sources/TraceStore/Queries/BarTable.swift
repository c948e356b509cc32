import Basics

/// A table with a bar beside each row, as long as the value in its last column of numbers.
///
/// Of a long table, widths and scale are those of its first rows.
struct BarTable {
  private let columns: [String]
  private let width: Int
  private var rows: [[SQLValue]] = []
  private var bytes = 0
  private var layout: Layout?

  private struct Layout {
    var table: Table
    /// The column that is drawn, and its largest value.
    let bar: (column: Int, largest: Double)?
  }

  init(columns: [String], width: Int) {
    self.columns = columns.map(Table.title)
    self.width = width
  }

  mutating func add(_ row: [SQLValue], to write: (String) throws -> Void) throws {
    rows.append(row)
    bytes += row.reduce(0) { $0 + $1.byteCount }
    if layout != nil || rows.count >= Table.most.rows || bytes >= Table.most.bytes {
      try end(to: write)
    }
  }

  /// Writes the rows that are kept.
  mutating func end(to write: (String) throws -> Void) throws {
    var layout = layout ?? measured()
    for row in rows { layout.table.add(row.map(Self.text)) }
    var lines = layout.table.take()
    for (row, line) in zip(rows.indices, lines.indices.suffix(rows.count)) {
      guard let bar = layout.bar, let value = rows[row][bar.column].number, value > 0 else {
        continue
      }
      let room = max(10, width - layout.table.width - 2)
      lines[line] =
        padded(lines[line], to: layout.table.width) + "  "
        + Self.bar(value / bar.largest, room: room)
    }
    self.layout = layout
    rows = []
    for line in lines { try write(line + "\n") }
  }

  private func measured() -> Layout {
    let isNumber = columns.indices.map { column in
      rows.contains { $0[column].number != nil }
        && rows.allSatisfy { $0[column].number != nil || $0[column] == .null }
    }
    let column = isNumber.lastIndex(of: true)
    let largest = column.map { column in rows.compactMap { $0[column].number }.max() ?? 0 } ?? 0
    return Layout(
      table: Table(zip(columns, isNumber).map { ($0, $1 ? .right : .left) }),
      bar: largest > 0 && largest.isFinite ? column.map { ($0, largest) } : nil)
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
