import CNcurses
import CTerminal

/// A key, as the full screen knows them.
enum Key: Equatable {
  case character(Character)
  case up, down, left, right, wordLeft, wordRight, home, lineEnd
  case backspace, delete, wordBackspace, wordDelete, pageUp, pageDown, enter
  /// ^C.
  case interrupt
  /// The window has another size, or must be drawn anew.
  case resize
  /// The terminal is gone.
  case end
  /// One that means nothing.
  case other

  init?(code: Int) {
    switch code {
    case NIBBLE_KEY_NONE: return nil
    case NIBBLE_KEY_END: self = .end
    case NIBBLE_KEY_INTERRUPT: self = .interrupt
    case NIBBLE_KEY_RESIZE: self = .resize
    case NIBBLE_KEY_UP: self = .up
    case NIBBLE_KEY_DOWN: self = .down
    case NIBBLE_KEY_LEFT: self = .left
    case NIBBLE_KEY_RIGHT: self = .right
    case NIBBLE_KEY_WORD_LEFT: self = .wordLeft
    case NIBBLE_KEY_WORD_RIGHT: self = .wordRight
    case NIBBLE_KEY_WORD_DELETE: self = .wordDelete
    case NIBBLE_KEY_WORD_BACKSPACE: self = .wordBackspace
    case NIBBLE_KEY_HOME: self = .home
    case NIBBLE_KEY_LINE_END: self = .lineEnd
    case NIBBLE_KEY_BACKSPACE, 8, 127: self = .backspace
    case NIBBLE_KEY_DELETE: self = .delete
    case NIBBLE_KEY_PAGE_UP: self = .pageUp
    case NIBBLE_KEY_PAGE_DOWN: self = .pageDown
    case NIBBLE_KEY_ENTER, 10, 13: self = .enter
    default:
      guard let scalar = Unicode.Scalar(UInt32(clamping: code)) else {
        self = .other
        return
      }
      self = .character(Character(scalar))
    }
  }
}

/// The whole terminal, drawn on by rows: what stands between the panes and ncurses.
///
/// There is one terminal, so at most one screen is open at a time.
final class Screen {
  /// Takes over the terminal.
  ///
  /// - Throws: ``DebuggerError/noScreen(command:reason:advice:)``.
  static func open(for command: String, advice: String) throws -> Screen {
    let screen = Screen()
    try screen.open(for: command, advice: advice)
    return screen
  }

  /// Takes over the terminal again after it was given back, as ``open(for:advice:)``.
  func open(for command: String, advice: String) throws {
    _ = nibble_locale_is_utf8()
    func refused(_ reason: String) -> DebuggerError {
      .noScreen(command: command, reason: reason, advice: advice)
    }
    switch Int(nibble_screen_open()) {
    case NIBBLE_SCREEN_OPENED: return
    case NIBBLE_SCREEN_NO_TERMINAL:
      throw refused("standard input and output are not both one")
    case NIBBLE_SCREEN_TOO_SIMPLE:
      throw refused("one called \"\(environment("TERM") ?? "")\" cannot move its cursor")
    default:
      throw refused("nothing is known about one called \"\(environment("TERM") ?? "")\"")
    }
  }

  /// Whether to draw in colour, where it can.
  var colour = true

  private init() {}

  deinit { close() }

  /// Gives the terminal back.
  func close() {
    nibble_screen_close()
  }

  /// What it can show now. Where there are no colours, or `NO_COLOR` is set, attributes stay.
  var style: TextStyle {
    let (columns, rows) = size
    let colours = colour && environment("NO_COLOR") == nil ? nibble_screen_colors() : 0
    var style = TextStyle(
      palette: colours >= 256 ? .many : colours >= 8 ? .sixteen : .attributes,
      unicode: nibble_locale_is_utf8())
    style.width = columns
    style.height = rows
    return style
  }

  var size: (columns: Int, rows: Int) {
    var columns: Int32 = 0
    var rows: Int32 = 0
    nibble_screen_size(&columns, &rows)
    return (Int(columns), Int(rows))
  }

  /// Shows lines from the top, and the cursor at a place or nowhere.
  func draw(_ lines: [StyledText], cursor: (row: Int, column: Int)? = nil) {
    let (columns, rows) = size
    nibble_screen_erase()
    for (row, line) in lines.prefix(rows).enumerated() {
      for run in line.fitted(to: columns).runs where run.pen != Pen() || !run.text.isBlank {
        var attributes = 0
        if run.pen.isBold { attributes |= NIBBLE_TEXT_BOLD }
        if run.pen.isDim { attributes |= NIBBLE_TEXT_DIM }
        if run.pen.isReversed { attributes |= NIBBLE_TEXT_REVERSE }
        nibble_screen_put(
          Int32(row), Int32(run.column), run.text, Int32(run.pen.foreground),
          Int32(run.pen.background), Int32(attributes))
      }
    }
    nibble_screen_show(Int32(cursor?.row ?? -1), Int32(cursor?.column ?? 0))
  }

  /// Draws everything the next time, where something else wrote to the terminal.
  func repaint() {
    nibble_screen_repaint()
  }

  /// Waits for a key; `nil` where none came in time.
  ///
  /// - Parameter milliseconds: how long at most; `nil` for as long as it takes.
  func key(milliseconds: Int? = nil) -> Key? {
    Key(code: Int(nibble_screen_key(milliseconds.map { Int32(clamping: $0) } ?? -1)))
  }

  /// Forgets a ^C that came while nobody waited for a key.
  func forgetInterrupt() {
    nibble_screen_forget_interrupt()
  }
}

extension String {
  fileprivate var isBlank: Bool { allSatisfy { $0 == " " } }
}
