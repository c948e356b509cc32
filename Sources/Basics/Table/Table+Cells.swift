extension Table {
  /// A row as sqlite3 has it with `-line`: the name of each column and its value. More lines of a
  /// value stand under its first. Ends without a line feed.
  public static func vertical(_ titles: [String], _ cells: [String]) -> String {
    let titles = titles.map(title)
    let width = max(5, titles.map(displayWidth).max() ?? 0)
    let indent = "\n" + String(repeating: " ", count: width + 3)
    return zip(titles, cells).map { title, cell in
      padded(title, to: width, .right) + " = " + lines(cell).joined(separator: indent)
    }.joined(separator: "\n")
  }

  /// A table of GitHub's Markdown, whose columns are not aligned in the text.
  public static func markdown(_ columns: [Column], _ rows: [[String]]) -> [String] {
    func line(_ cells: [String]) -> String {
      "| " + cells.map(escapingBars).joined(separator: " | ") + " |"
    }
    return [
      line(columns.map(\.title)), line(columns.map { $0.alignment == .right ? "---:" : "---" }),
    ] + rows.map(line)
  }

  /// A bar ends a cell of Markdown even in code, and even with an accent on it.
  private static func escapingBars(_ cell: String) -> String {
    guard cell.utf8.contains(UInt8(ascii: "|")) else { return cell }
    return cell.unicodeScalars.map { $0 == "|" ? "\\|" : String($0) }.joined()
  }

  /// A column's name; one of several lines shows its first.
  public static func title(_ name: String) -> String { lines(name).first ?? "" }

  /// The lines of a cell; of Markdown, which has but one, with `<br>` between them.
  static func lines(_ cell: String, _ style: Style) -> [String] {
    switch style {
    case .plain: [cell]
    case .box: lines(cell)
    case .markdown: [escapingBars(lines(cell).joined(separator: "<br>"))]
    }
  }

  /// The lines of a text, in which nothing acts on a terminal: any control character but a tab ends
  /// one, tabs reach to the next multiple of eight, and an end at the very end counts for nothing.
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
}
