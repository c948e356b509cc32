/// Which values of a matrix a slice means.
struct Selection: Equatable {
  /// How the heads of attention lie in a matrix.
  enum Heads: Equatable {
    case none
    /// Side by side in each row, so many columns each: `(nTokens, nHead * headSize)`.
    case inColumns(size: Int)
    /// One after the other, so many rows each: `(nHead * nTokens, nKV)`.
    case inRows(tokens: Int)
  }

  /// Rows of the whole matrix.
  let rows: Range<Int>
  /// Columns of the whole matrix.
  let columns: Range<Int>
  let head: Int?
  /// What is before the first row and column, so that they count within the head.
  private let base: (row: Int, column: Int)

  static func == (one: Selection, other: Selection) -> Bool {
    one.rows == other.rows && one.columns == other.columns && one.head == other.head
  }

  /// - Parameters:
  ///   - slice: `nil` for everything.
  ///   - defaultRow: the row that a slice without rows means; `nil` where it has to say one, unless
  ///     there is only one.
  /// - Throws: `DebuggerError.badSlice`.
  init(
    _ slice: Slice?, of name: String, rows rowCount: Int, cols: Int, heads: Heads,
    defaultRow: Int?
  ) throws {
    guard let slice else {
      rows = 0..<rowCount
      columns = 0..<cols
      head = nil
      base = (0, 0)
      return
    }
    func bad(_ reason: String) -> DebuggerError {
      .badSlice(slice: slice.text, name: name, reason: reason)
    }
    var rowSpan = 0..<rowCount
    var columnSpan = 0..<cols
    if let head = slice.head {
      let count: Int
      switch heads {
      case .none: throw bad("it has no heads")
      case .inColumns(let size): count = cols / max(size, 1)
      case .inRows(let tokens): count = rowCount / max(tokens, 1)
      }
      guard (0..<count).contains(head) else { throw bad("the last head is \(count - 1)") }
      switch heads {
      case .none: break
      case .inColumns(let size): columnSpan = head * size..<(head + 1) * size
      case .inRows(let tokens): rowSpan = head * tokens..<(head + 1) * tokens
      }
    }
    head = slice.head
    base = (rowSpan.lowerBound, columnSpan.lowerBound)
    let rowPart: Slice.Part?
    let columnPart: Slice.Part?
    if slice.parts.count == 2 {
      (rowPart, columnPart) = (slice.parts[0], slice.parts[1])
    } else if slice.rows == nil && defaultRow == nil && rowCount > 1 {
      (rowPart, columnPart) = (slice.parts.first, nil)  // a row of a weight matrix
    } else {
      (rowPart, columnPart) = (slice.rows, slice.parts.first)
    }
    let whole = Slice.Part.range(nil, nil)
    let last = Slice.Part.index(
      slice.head != nil ? rowSpan.count - 1 : defaultRow ?? rowSpan.count - 1)
    let noRow = defaultRow == nil && rowCount > 1 ? whole : last
    let chosenRows = try Slice.indices(
      rowPart ?? noRow, count: rowSpan.count, slice: slice.text, name: name)
    let chosenColumns = try Slice.indices(
      columnPart ?? whole, count: columnSpan.count, slice: slice.text, name: name)
    rows = rowSpan.lowerBound + chosenRows.lowerBound..<rowSpan.lowerBound + chosenRows.upperBound
    columns =
      columnSpan.lowerBound + chosenColumns.lowerBound..<columnSpan.lowerBound
      + chosenColumns.upperBound
  }

  /// `2, head=1, 0..8`: how a row of the selection is called.
  func label(row: Int, ofRows count: Int) -> String {
    var parts: [String] = []
    if let head { parts.append("head=\(head)") }
    if count > 1 { parts.append(head == nil ? "\(row)" : "token=\(row - base.row)") }
    let first = columns.lowerBound - base.column
    parts.append(columns.count == 1 ? "\(first)" : "\(first)..\(first + columns.count)")
    return parts.joined(separator: ", ")
  }
}
