import Basics
import Foundation
import TraceStore

/// The whole screen as lines of styled text: every pane in its place, with the rules between them.
struct ScreenContents {
  let model: ScreenModel
  let view: ScreenView

  /// - Parameters:
  ///   - commands: what was printed; how far it can be scrolled is worked out here.
  ///   - focus: the pane that keys scroll; how far panes can be scrolled is worked out here.
  ///   - prompt: what stands before the line being typed; `nil` while a command runs.
  /// - Returns: as many lines as the window has, and where the cursor stands.
  func lines(
    commands: inout CommandPane, focus: inout ScreenFocus, prompt: String?, line: EditedLine,
    style: TextStyle
  ) -> (lines: [StyledText], cursor: (row: Int, column: Int)?) {
    guard let layout = ScreenLayout(width: style.width, height: style.height, view: view) else {
      return ([StyledText(parsing: ScreenLayout.tooSmall)], nil)
    }
    var lines = [heading(style)]
    lines += stacked(layout, &focus, style)
    let alive = AlivePane(model: model).lines(rows: layout.aliveRows, style: style)
    lines += (0..<layout.aliveRows).map { row in
      StyledText(parsing: row < alive.count ? alive[row] : "", unicode: style.unicode)
        .fitted(to: style.width)
    }
    let title = commands.isScrolled ? "commands, scrolled back" : "commands"
    lines.append(
      rule(title, width: style.width, style: style, hasFocus: focus.pane == .commands))
    let printed = commands.lines(
      prompt: prompt, line: line, width: style.width, rows: layout.commandRows, style: style)
    let first = lines.count
    lines += printed.lines
    return (
      lines, printed.cursor.map { (row: first + $0.row, column: $0.column) }
    )
  }

  /// Where the cursor stands, reversed over the whole width.
  private func heading(_ style: TextStyle) -> StyledText {
    let step =
      style.width >= 60 ? "step \(model.step) of \(model.last)" : "step \(model.step)"
    let room = style.width - displayWidth(step) - 4
    let place = truncated(heading(of: room, style), to: room, unicode: style.unicode)
    let text = " " + padded(place, to: room) + "  " + step
    return StyledText(parsing: text, unicode: style.unicode).fitted(to: style.width).with {
      $0.isReversed = true
    }
  }

  /// The place in one line; without the text of the pass where that leaves no room for the rest.
  private func heading(of width: Int, _ style: TextStyle) -> String {
    let whole = model.place.heading(style: style, width: width)
    guard displayWidth(whole) > width, let pass = model.place.pass else { return whole }
    let separator = style.unicode ? " · " : " - "
    let parts = whole.components(separatedBy: separator)
    let name = [model.place.op.map { Place.shortName(of: $0) }].compactMap { $0 }
    // A token's text may hold the separator: what follows it is counted from the end.
    let following =
      (model.place.op?.layer == nil ? 0 : 1) + name.count
      + (model.place.tile == nil ? 0 : 1)
    return (["pass \(pass.id)"] + parts.suffix(following)).joined(separator: separator)
  }

  /// A line across with a title in it, reversed where keys scroll what is under it.
  private func rule(
    _ title: String, width: Int, style: TextStyle, hasFocus: Bool
  ) -> StyledText {
    let dash = style.unicode ? "─" : "-"
    let shown = truncated(title, to: max(1, width - 4), unicode: style.unicode)
    let rest = width - displayWidth(shown) - 3
    let text =
      style.paint(dash, .dim) + " " + style.paint(shown, hasFocus ? .reverse : .bold) + " "
      + style.paint(String(repeating: dash, count: max(0, rest)), .dim)
    return StyledText(parsing: text, unicode: style.unicode).fitted(to: width)
  }

  private func stacked(
    _ layout: ScreenLayout, _ focus: inout ScreenFocus, _ style: TextStyle
  ) -> [StyledText] {
    var ruled = layout.stacks.map { _ in Set<Int>() }
    let columns = layout.stacks.enumerated().map { index, stack in
      var row = 0
      return stack.panes.flatMap { pane, rows -> [StyledText] in
        ruled[index].insert(row)
        row += 1 + max(0, rows)
        let (title, lines) = contents(
          of: pane, width: stack.width, rows: rows, style: style, focus: &focus)
        let hasFocus = ScreenFocus.Pane(pane) == focus.pane
        return [rule(title, width: stack.width, style: style, hasFocus: hasFocus)]
          + (0..<max(0, rows)).map { row in
            StyledText(parsing: row < lines.count ? lines[row] : "", unicode: style.unicode)
              .fitted(to: stack.width)
          }
      }
    }
    let rows = columns.map(\.count).max() ?? 0
    return (0..<rows).map { row in
      columns.enumerated().reduce(StyledText()) { line, column in
        let (index, lines) = column
        let part =
          row < lines.count
          ? lines[row] : StyledText().fitted(to: layout.stacks[index].width)
        guard index > 0 else { return part }
        let edge = edge(ruled[index - 1].contains(row), ruled[index].contains(row), row, style)
        return line + StyledText(parsing: style.paint(edge, .dim)) + part
      }
    }
  }

  /// The line between two panes where rules may meet it.
  private func edge(_ left: Bool, _ right: Bool, _ row: Int, _ style: TextStyle) -> String {
    guard style.unicode else { return left || right ? "+" : "|" }
    switch (left, right) {
    case (true, true): return row == 0 ? "┬" : "┼"
    case (false, true): return "├"
    case (true, false): return "┤"
    case (false, false): return "│"
    }
  }

  private func contents(
    of pane: ScreenLayout.Pane, width: Int, rows: Int, style: TextStyle,
    focus: inout ScreenFocus
  ) -> (title: String, lines: [String]) {
    switch pane {
    case .operations:
      let title = model.place.pass.map { "operations of pass \($0.id)" } ?? "operations"
      let pane = OperationsPane(model: model)
      return (title, pane.lines(width: width, rows: rows, style: style, focus: &focus))
    case .tile:
      let pane = TilePane(model: model)
      return (pane.title, pane.lines(width: width, rows: rows, style: style, focus: &focus))
    case .tensor:
      let pane = TensorPane(model: model)
      return (pane.title, pane.lines(width: width, rows: rows, style: style, focus: &focus))
    case .memory:
      let pane = MemoryPane(model: model)
      return (pane.title, pane.lines(width: width, rows: rows, style: style))
    }
  }
}
