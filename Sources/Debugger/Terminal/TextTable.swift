import TraceStore

/// Rows under headings, each column as wide as its widest cell.
struct TextTable {
  enum Alignment {
    case left, right
  }

  private var headings: [(text: String, alignment: Alignment)]
  private var rows: [[String]] = []

  init(_ headings: [(String, Alignment)]) {
    self.headings = headings.map { ($0.0, $0.1) }
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

  /// The heading, a rule and the rows. The last column is cut where it would pass the width.
  func lines(style: TextStyle) -> [String] {
    let widths = headings.indices.map { column in
      max(
        displayWidth(headings[column].text), rows.map { displayWidth($0[column]) }.max() ?? 0)
    }
    func line(_ cells: [String]) -> String {
      let text = headings.indices.map { column in
        padded(cells[column], to: widths[column], onLeft: headings[column].alignment == .right)
      }.joined(separator: "  ")
      return truncated(text.trimmingTrailingSpaces(), to: style.width, unicode: style.unicode)
    }
    return [style.paint(line(headings.map(\.text)), .bold)] + rows.map(line)
  }
}
