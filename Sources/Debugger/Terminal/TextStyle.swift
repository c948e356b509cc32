import Basics
import CTerminal
import Events
import TraceStore

/// What the receiving end can show: width, colour and characters.
public struct TextStyle: Sendable, Equatable {
  /// How many colours there are.
  public enum Palette: Sendable, Equatable {
    /// Plain text.
    case none
    /// No colours, but bold, dim and reverse.
    case attributes
    case sixteen, many
  }

  /// Columns of a line.
  public var width: Int
  /// Lines of a screen.
  public var height: Int
  public var palette: Palette
  /// Whether block elements and box lines can be shown; ASCII stands in otherwise.
  public var unicode: Bool

  /// Whether categories are told apart by colour; else by what they are filled with.
  var isColoured: Bool { palette == .sixteen || palette == .many }

  public init(width: Int = 80, height: Int = 24, palette: Palette = .none, unicode: Bool = true) {
    self.width = max(width, 20)
    self.height = max(height, 5)
    self.palette = palette
    self.unicode = unicode
  }

  /// The style of standard output: colour on a terminal alone and never under `NO_COLOR`, the
  /// width of the terminal (or `COLUMNS`, or 80), block elements where the locale is UTF-8.
  ///
  /// - Parameter colour: `false` for none, as `--no-color` asks.
  public static func standardOutput(colour: Bool = true) -> TextStyle {
    var columns: Int32 = 0
    var rows: Int32 = 0
    let terminal = isTerminal(1)
    let sized = nibble_terminal_size(1, &columns, &rows)
    return TextStyle(
      width: sized ? Int(columns) : environment("COLUMNS").flatMap { Int($0) } ?? 80,
      height: sized ? Int(rows) : environment("LINES").flatMap { Int($0) } ?? 24,
      palette: terminal && colour ? palette(of: environment("TERM")) : .none,
      unicode: nibble_locale_is_utf8())
  }

  /// `5×576`: rows by columns.
  func shape(_ rows: Int, _ cols: Int) -> String {
    "\(rows)\(unicode ? "×" : "x")\(cols)"
  }

  private static func palette(of terminal: String?) -> Palette {
    guard let terminal, terminal != "dumb", environment("NO_COLOR") == nil else { return .none }
    return environment("COLORTERM") != nil || terminal.contains("256") ? .many : .sixteen
  }

  /// Text in a colour, with the colour ended after it; plain text without a palette.
  ///
  /// - Parameter background: what lies behind it, or `nil` for the terminal's own.
  func paint(_ text: String, _ ink: Ink, on background: Ink? = nil) -> String {
    guard palette != .none, !text.isEmpty, isColoured || !ink.isColour else { return text }
    var code = palette == .many ? ink.many : ink.sixteen
    if let background {
      code += ";" + (palette == .many ? background.manyBehind : background.sixteenBehind)
    }
    return "\u{1B}[\(code)m\(text)\u{1B}[0m"
  }
}

extension Table {
  /// The heading and the rows, as wide as the style allows.
  ///
  /// - Parameter flexible: the column that is cut where they are wider; else lines are.
  func lines(style: TextStyle, flexible: Int? = nil) -> [String] {
    var lines = lines(width: style.width, unicode: style.unicode, flexible: flexible)
    lines[0] = style.paint(lines[0], .bold)
    return lines
  }
}

/// The colours that the debugger draws with.
enum Ink: Equatable {
  case bold, dim, reverse, error
  case memory(MemoryCategory)

  var isColour: Bool {
    switch self {
    case .bold, .dim, .reverse: false
    case .error, .memory: true
    }
  }

  /// Of 256 colours.
  private var cube: Int {
    switch self {
    case .memory(let category): category.look.cube
    case .error: 167
    case .bold, .dim, .reverse: 0
    }
  }

  private var basic: Int {
    switch self {
    case .memory(let category): category.look.basic
    case .error: 1
    case .bold, .dim, .reverse: 0
    }
  }

  var many: String {
    switch self {
    case .bold: "1"
    case .dim: "2"
    case .reverse: "7"
    default: "38;5;\(cube)"
    }
  }
  var sixteen: String {
    switch self {
    case .bold: "1"
    case .dim: "2"
    case .reverse: "7"
    default: "3\(basic)"
    }
  }
  var manyBehind: String { "48;5;\(cube)" }
  var sixteenBehind: String { "4\(basic)" }
}
