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
  let sequence: Int?
  /// Whether the sequence has one row, which then needs no number.
  private let isOneRow: Bool
  /// What is before the first row and column, so that they count within the head.
  private let base: (row: Int, column: Int)

  static func == (one: Selection, other: Selection) -> Bool {
    one.rows == other.rows && one.columns == other.columns && one.head == other.head
      && one.sequence == other.sequence
  }

  /// - Parameters:
  ///   - slice: `nil` for everything.
  ///   - defaultRow: the row that a slice without rows means; `nil` where it has to say one, unless
  ///     there is only one.
  ///   - sequences: those of the pass, where it is the output of an operation.
  /// - Throws: `DebuggerError.badSlice`.
  init(
    _ slice: Slice?, of name: String, rows rowCount: Int, cols: Int, heads: Heads,
    defaultRow: Int?, sequences: PassSequences? = nil
  ) throws {
    guard let slice else {
      rows = 0..<rowCount
      columns = 0..<cols
      head = nil
      sequence = nil
      isOneRow = false
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
    if let sequence = slice.sequence {
      guard let sequences else { throw bad("it has no sequences") }
      guard sequences.ids.contains(sequence) else { throw bad("its pass has \(sequences.names)") }
      guard let rows = sequences.rows(of: sequence, among: rowSpan.count) else {
        throw bad("say a head too, as in [head=0, sequence=\(sequence)]")
      }
      rowSpan = rowSpan.lowerBound + rows.lowerBound..<rowSpan.lowerBound + rows.upperBound
    }
    head = slice.head
    sequence = slice.sequence
    isOneRow = sequence != nil && rowSpan.count == 1
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
      rowSpan.count < rowCount ? rowSpan.count - 1 : defaultRow ?? rowSpan.count - 1)
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

  /// `head=1, token=2, 0..8`: how a row of the selection is called.
  func label(row: Int, ofRows count: Int) -> String {
    var parts: [String] = []
    if let head { parts.append("head=\(head)") }
    if let sequence { parts.append("sequence=\(sequence)") }
    let isWithin = head != nil || sequence != nil
    if count > 1 && !isOneRow {
      parts.append(isWithin ? "token=\(row - base.row)" : "\(row)")
    }
    let first = columns.lowerBound - base.column
    parts.append(columns.count == 1 ? "\(first)" : "\(first)..\(first + columns.count)")
    return parts.joined(separator: ", ")
  }
}
