/// What commands printed, and under it the line that is being typed.
struct CommandPane {
  /// Lines kept; older ones are forgotten.
  static let most = 10_000

  private(set) var printed: [String] = []
  /// What was printed of a line that has not ended yet.
  private var begun = ""
  /// How many lines up from the newest the view is.
  private var scroll = 0
  /// How far up it can be, and by how much a page scrolls it, as it was drawn last.
  private var reach = 0
  private var page = 1

  /// Adds what a command prints.
  mutating func write(_ text: String) {
    var parts = (begun + text).split(separator: "\n", omittingEmptySubsequences: false)
    begun = String(parts.popLast() ?? "")
    printed += parts.map { $0.hasSuffix("\r") ? String($0.dropLast()) : String($0) }
    if printed.count > Self.most { printed.removeFirst(printed.count - Self.most) }
  }

  /// Ends a line that a command left open.
  mutating func endLine() {
    if !begun.isEmpty { write("\n") }
  }

  mutating func scrollUp() { scroll = min(reach, scroll + page) }
  mutating func scrollDown() { scroll = max(0, scroll - page) }
  mutating func scrollToEnd() { scroll = 0 }
  var isScrolled: Bool { scroll > 0 }

  /// The lines to show, and where the cursor stands among them; nowhere where the line being typed
  /// is out of view.
  ///
  /// - Parameter prompt: `nil` while a command runs.
  mutating func lines(
    prompt: String?, line: EditedLine, width: Int, rows: Int, style: TextStyle
  ) -> (lines: [StyledText], cursor: (row: Int, column: Int)?) {
    let typed = prompt.map { Self.typed($0, line, width: width, style: style) }
    var shown: [StyledText] = typed?.lines ?? []
    if typed == nil, !begun.isEmpty {
      shown = StyledText(parsing: begun, unicode: style.unicode).broken(to: width)
    }
    let below = shown.count
    // From the newest upwards, no more than is needed.
    for text in printed.reversed() {
      if shown.count >= rows + scroll + rows { break }
      shown = StyledText(parsing: text, unicode: style.unicode).broken(to: width) + shown
    }
    page = max(1, rows - 1)
    reach = max(0, shown.count - rows)
    scroll = min(scroll, reach)
    let end = shown.count - scroll
    let start = max(0, end - rows)
    guard let typed, scroll < below else { return (Array(shown[start..<end]), nil) }
    let row = shown.count - below + typed.row - start
    return (
      Array(shown[start..<end]),
      row >= 0 && row < end - start ? (row: row, column: typed.column) : nil
    )
  }

  /// The prompt with the line after it, broken at the edge, and the cursor in it.
  private static func typed(
    _ prompt: String, _ line: EditedLine, width: Int, style: TextStyle
  ) -> (lines: [StyledText], row: Int, column: Int) {
    let before = StyledText(parsing: prompt + line.before, unicode: style.unicode)
    let whole = StyledText(parsing: prompt + line.text + " ", unicode: style.unicode)
    let cell = before.cells.count
    var count = 0
    let lines = whole.broken(to: width)
    for (row, text) in lines.enumerated() {
      if cell < count + text.cells.count {
        let column = text.cells.prefix(cell - count).reduce(0) { $0 + $1.columns }
        return (lines, row, column)
      }
      count += text.cells.count
    }
    return (lines, lines.count - 1, width - 1)
  }
}
