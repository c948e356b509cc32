import Basics
import TraceStore

/// What an expression comes to.
enum ExpressionValue {
  /// One figure with its unit, or a text.
  case figure(FieldValue)
  /// What stands under a name, figure by figure.
  case fields(of: String, Fields)
  /// Values of an operation's output or of a weight tensor.
  case array(ArrayValue)

  /// The figure, or the only value of an array.
  ///
  /// - Throws: `DebuggerError.notANumber`.
  func number() throws -> FieldValue {
    switch self {
    case .figure(let value): return value
    case .fields(let name, _):
      throw DebuggerError.notANumber(
        name: name, reason: "name one of its fields, such as \(name).rows")
    case .array(let array):
      guard array.values.count == 1 else {
        throw DebuggerError.notANumber(
          name: array.name,
          reason: "\(array.values.count) values; take one, as in \(array.name)[0], or sum() of them"
        )
      }
      return .real(Double(array.values[0]))
    }
  }
}

/// Some values of a matrix.
struct ArrayValue {
  let name: String
  /// Of the whole matrix.
  let shape: (rows: Int, cols: Int)
  let selection: Selection
  /// Row by row.
  let values: [Float]
  /// What else there is to say, such as that they were recomputed.
  let notes: [String]

  init(
    name: String, rows: Int, cols: Int, selection: Selection, notes: [String],
    row: (Int) throws -> [Float]
  ) rethrows {
    self.name = name
    shape = (rows, cols)
    self.selection = selection
    self.notes = notes
    values = try selection.rows.flatMap { try row($0)[selection.columns] }
  }

  /// `name[0..8] = {…}`, a line for each row; long ones are cut as gdb cuts them.
  func lines(style: TextStyle, format: PrintFormat? = nil) -> [String] {
    let digits = values.count == 1 ? 9 : 6
    func text(_ value: Float) -> String {
      format?.text(value) ?? formatReal(Double(value), digits: digits)
    }
    let most = 200
    var left = most
    var lines: [String] = []
    for (index, row) in selection.rows.enumerated() {
      guard left > 0 else {
        lines.append("and \(selection.rows.count - index) rows more")
        break
      }
      let count = selection.columns.count
      let shown = values[index * count..<index * count + min(count, left)]
      left -= max(shown.count, 1)
      var text = shown.map(text).joined(separator: ", ")
      if shown.count < count { text += ", and \(count - shown.count) more" }
      if count != 1 { text = "{\(text)}" }
      let label = selection.label(row: row, ofRows: shape.rows)
      lines += wrapped("\(name)[\(label)] = \(text)", to: style.width, indent: "  ")
    }
    return lines
  }
}
