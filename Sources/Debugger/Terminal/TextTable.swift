import Basics
import TraceStore

/// Rows under headings, each column as wide as its widest cell.
struct TextTable {
  enum Alignment {
    case left, right
  }

  private var headings: [(text: String, alignment: Alignment)]
  private var rows: [[String]] = []
  /// The column that gives way where the width is too small; the last in its place.
  private let flexible: Int?

  init(_ headings: [(String, Alignment)], flexible: Int? = nil) {
    self.headings = headings.map { ($0.0, $0.1) }
    self.flexible = flexible
  }

  mutating func add(_ cells: String...) {
    rows.append(cells)
  }

  mutating func add(_ first: [String], _ others: String...) {
    rows.append(first + others)
  }

  /// Puts one more column in, before there are rows.
  mutating func insert(_ heading: (String, Alignment), at column: Int) {
    headings.insert((heading.0, heading.1), at: column)
  }

  /// The heading and the rows. Where they would pass the width, the flexible column is cut, or else
  /// the line.
  func lines(style: TextStyle) -> [String] {
    var widths = headings.indices.map { column in
      max(
        displayWidth(headings[column].text), rows.map { displayWidth($0[column]) }.max() ?? 0)
    }
    if let flexible {
      let excess = widths.reduce(0, +) + 2 * (widths.count - 1) - style.width
      widths[flexible] = max(widths[flexible] - max(excess, 0), min(widths[flexible], 8))
    }
    func line(_ cells: [String]) -> String {
      let text = headings.indices.map { column in
        padded(
          column == flexible
            ? truncated(cells[column], to: widths[column], unicode: style.unicode) : cells[column],
          to: widths[column], onLeft: headings[column].alignment == .right)
      }.joined(separator: "  ")
      return truncated(text.trimmingTrailingSpaces(), to: style.width, unicode: style.unicode)
    }
    return [style.paint(line(headings.map(\.text)), .bold)] + rows.map(line)
  }
}
