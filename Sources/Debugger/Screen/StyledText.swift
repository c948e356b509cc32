import Basics
import TraceStore

/// How a character is drawn: colours of the terminal's palette (-1 for its own) and attributes.
struct Pen: Equatable {
  var foreground = -1
  var background = -1
  var isBold = false
  var isDim = false
  var isReversed = false

  /// Changes as an SGR sequence with these codes says: `1`, `38;5;67`, `33;44`, `0`.
  mutating func apply(_ codes: Substring) {
    var rest = codes.split(separator: ";", omittingEmptySubsequences: false).map { Int($0) ?? 0 }[
      ...]
    while let code = rest.popFirst() {
      switch code {
      case 0: self = Pen()
      case 1: isBold = true
      case 2: isDim = true
      case 7: isReversed = true
      case 30...37: foreground = code - 30
      case 40...47: background = code - 40
      case 38 where rest.first == 5, 48 where rest.first == 5:
        let colour = rest.dropFirst().first ?? -1
        rest = rest.dropFirst(2)
        if code == 38 { foreground = colour } else { background = colour }
      default: break
      }
    }
  }
}

/// A line for the screen, read from a text as ``TextStyle/paint(_:_:on:)`` writes it.
struct StyledText: Equatable {
  struct Cell: Equatable {
    var character: Character
    var columns: Int
    var pen: Pen
  }

  private(set) var cells: [Cell] = []

  init(_ cells: [Cell] = []) {
    self.cells = cells
  }

  /// Reads a line. Control characters and escape sequences that are no colours never get through.
  ///
  /// - Parameter unicode: whether more than ASCII can be shown; `?` stands in otherwise.
  init(parsing text: String, unicode: Bool = true) {
    var pen = Pen()
    var rest = text[...]
    while let character = rest.first {
      if character == "\u{1B}", let codes = Self.codes(at: rest) {
        pen.apply(codes)
        rest = rest[rest.index(codes.endIndex, offsetBy: 1)...]
        continue
      }
      rest = rest.dropFirst()
      if character == "\t" {
        let gap = 8 - columns % 8
        cells += Array(repeating: Cell(character: " ", columns: 1, pen: pen), count: gap)
        continue
      }
      let shown = character.isASCII || unicode ? character : character == "µ" ? "u" : "?"
      let columns = displayWidth(shown)
      guard columns > 0 else { continue }
      cells.append(Cell(character: shown, columns: columns, pen: pen))
    }
  }

  /// The codes of the SGR sequence that a text begins with, or `nil`.
  private static func codes(at text: Substring) -> Substring? {
    let inner = text.dropFirst()
    guard inner.first == "[" else { return nil }
    let codes = inner.dropFirst().prefix { $0.isASCII && ($0.isNumber || $0 == ";") }
    guard codes.endIndex < text.endIndex, text[codes.endIndex] == "m" else { return nil }
    return codes
  }

  var columns: Int { cells.reduce(0) { $0 + $1.columns } }

  /// Cut or filled with spaces to a number of columns.
  func fitted(to width: Int) -> StyledText {
    var kept: [Cell] = []
    var used = 0
    for cell in cells {
      if used + cell.columns > width { break }
      kept.append(cell)
      used += cell.columns
    }
    let blank = Cell(character: " ", columns: 1, pen: Pen())
    return StyledText(kept + Array(repeating: blank, count: max(0, width - used)))
  }

  /// Broken into lines of at most `width` columns; at least one.
  func broken(to width: Int) -> [StyledText] {
    var lines: [StyledText] = []
    var line: [Cell] = []
    var used = 0
    for cell in cells {
      if used + cell.columns > width, !line.isEmpty {
        lines.append(StyledText(line))
        line = []
        used = 0
      }
      line.append(cell)
      used += cell.columns
    }
    return lines + [StyledText(line)]
  }

  static func + (left: StyledText, right: StyledText) -> StyledText {
    StyledText(left.cells + right.cells)
  }

  /// Every cell with something about its pen changed.
  func with(_ change: (inout Pen) -> Void) -> StyledText {
    StyledText(
      cells.map { cell in
        var cell = cell
        change(&cell.pen)
        return cell
      })
  }

  /// The text alone.
  var plain: String { String(cells.map(\.character)) }

  /// Neighbours that are drawn the same, with the column at which each begins.
  var runs: [(column: Int, text: String, pen: Pen)] {
    var runs: [(column: Int, text: String, pen: Pen)] = []
    var column = 0
    for cell in cells {
      if let last = runs.last, last.pen == cell.pen {
        runs[runs.count - 1].text.append(cell.character)
      } else {
        runs.append((column, String(cell.character), cell.pen))
      }
      column += cell.columns
    }
    return runs
  }
}
