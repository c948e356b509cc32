/// The pane that the arrow and page keys scroll, and how far each pane is scrolled.
struct ScreenFocus: Equatable {
  /// A pane that can be scrolled; the memory is always shown whole.
  enum Pane: String, CaseIterable {
    case operations, tile, tensor, commands

    init?(_ pane: ScreenLayout.Pane) {
      switch pane {
      case .operations: self = .operations
      case .tile: self = .tile
      case .tensor: self = .tensor
      case .memory: return nil
      }
    }
  }

  private(set) var pane = Pane.commands
  /// Lines down from where each pane is by itself; up where they are negative.
  private var scrolled: [Pane: Int] = [:]
  /// Lines that each pane has, as it was drawn last.
  private var rows: [Pane: Int] = [:]

  /// Goes to a pane, or to the commands where it is not among those shown.
  mutating func go(to pane: Pane, among shown: [Pane]) {
    self.pane = shown.contains(pane) ? pane : .commands
  }

  /// Goes to the next of the panes, or to the one before.
  mutating func go(by offset: Int, among shown: [Pane]) {
    guard let place = shown.firstIndex(of: pane) else {
      pane = .commands
      return
    }
    pane = shown[(place + offset + shown.count) % shown.count]
  }

  /// What an arrow or page key does in a pane other than the commands.
  ///
  /// - Returns: whether it was one.
  mutating func scroll(_ key: Key) -> Bool {
    guard pane != .commands else { return false }
    let page = max(1, (rows[pane] ?? 1) - 1)
    switch key {
    case .up: scrolled[pane, default: 0] -= 1
    case .down: scrolled[pane, default: 0] += 1
    case .pageUp: scrolled[pane, default: 0] -= page
    case .pageDown: scrolled[pane, default: 0] += page
    default: return false
    }
    return true
  }

  /// Follows the cursor again: every pane as it is by itself.
  mutating func follow() { scrolled = [:] }

  /// The first of a pane's lines to show.
  ///
  /// - Parameters:
  ///   - start: the first of them where it is not scrolled.
  ///   - count: how many lines there are, of which `rows` can be shown.
  mutating func first(of pane: Pane, from start: Int, count: Int, rows: Int) -> Int {
    self.rows[pane] = rows
    let first = max(0, min(start + scrolled[pane, default: 0], count - rows))
    scrolled[pane] = first - start
    return first
  }
}
