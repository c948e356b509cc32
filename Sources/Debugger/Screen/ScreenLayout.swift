/// What `layout` chooses: the panes above the commands.
enum ScreenView: String, CaseIterable {
  /// The operations, and beside them a tile above the memory.
  case split
  /// The operations, and beside them the tile.
  case tile
  /// The operations, and beside them the tensor.
  case tensor
  /// The memory alone.
  case memory

  /// How commands print in a window: as wide as it is, and no more at once than their pane shows.
  /// Where it is too small to show anything, what they print is read only after it has grown, and
  /// lines stay as they are: then as in a window of the usual size.
  func commandStyle(_ window: TextStyle) -> TextStyle {
    var style = window
    if let layout = ScreenLayout(width: window.width, height: window.height, view: self) {
      style.height = max(layout.commandRows + 8, 12)
    } else {
      (style.width, style.height) = (80, 24)
    }
    return style
  }
}

/// How the rows and columns of a window are shared out.
///
/// From the top: a heading, the panes each under a rule with its title, what is alive, and the
/// commands under a rule of their own.
struct ScreenLayout: Equatable {
  static let minimum = (columns: 30, rows: 8)
  static let tooSmall = "window too small"

  enum Pane {
    case operations, tile, tensor, memory
  }

  /// A column of panes, each with its rows without the rule above it.
  struct Stack: Equatable {
    var width: Int
    var panes: [(pane: Pane, rows: Int)]

    static func == (left: Stack, right: Stack) -> Bool {
      left.width == right.width && left.panes.elementsEqual(right.panes, by: { $0 == $1 })
    }
  }

  let width: Int
  let height: Int
  /// From the left, with a line between each two.
  let stacks: [Stack]
  /// Rows of what is alive.
  let aliveRows: Int
  /// Rows of the commands, without the rule above them.
  let commandRows: Int

  /// `nil` for a window in which nothing could be read.
  init?(width: Int, height: Int, view: ScreenView) {
    guard width >= Self.minimum.columns, height >= Self.minimum.rows else { return nil }
    self.width = width
    self.height = height
    aliveRows = height >= 16 ? (width >= 100 ? 1 : 2) : height >= 10 ? 1 : 0
    commandRows = max(2, min(12, height * 3 / 10))
    // The heading and the rule above the commands.
    let upper = height - 2 - aliveRows - commandRows
    stacks = Self.stacks(view, width: width, rows: upper)
  }

  /// The panes that can be scrolled, as they follow each other; the commands last.
  var scrollable: [ScreenFocus.Pane] {
    stacks.flatMap(\.panes).compactMap { ScreenFocus.Pane($0.pane) } + [.commands]
  }

  private static func stacks(_ view: ScreenView, width: Int, rows: Int) -> [Stack] {
    if view == .memory { return [Stack(width: width, panes: [(.memory, rows - 1)])] }
    let main: Pane = view == .tensor ? .tensor : .tile
    // Side by side there is room for a name and a shape on the left, and for a plot on the right.
    guard width >= 64 else {
      guard view == .split else { return [Stack(width: width, panes: [(main, rows - 1)])] }
      guard rows >= 14 else { return [Stack(width: width, panes: [(.operations, rows - 1)])] }
      let lower = rows * 5 / 10
      return [
        Stack(width: width, panes: [(.operations, rows - lower - 1), (.memory, lower - 1)])
      ]
    }
    let left = min(46, max(28, width * 40 / 100))
    let right = width - left - 1
    let operations = Stack(width: left, panes: [(.operations, rows - 1)])
    guard view == .split, rows >= 10 else {
      return [operations, Stack(width: right, panes: [(main, rows - 1)])]
    }
    let upper = rows >= 22 ? rows * 4 / 10 : max(4, rows - 9)
    return [
      operations, Stack(width: right, panes: [(.tile, upper), (.memory, rows - upper - 2)]),
    ]
  }
}
