import Basics
import TraceStore

/// The operations of a pass as a program is listed: those of this layer one a line, the other
/// layers folded; `=>` marks the one that is under way or has just ended.
struct OperationsPane {
  let model: ScreenModel

  private enum Row {
    case op(TraceOp)
    case layer(Int?, ops: Range<Int>)
  }

  /// - Returns: `rows` lines of at most `width` columns, with the current one in view where the
  ///   pane is not scrolled.
  func lines(width: Int, rows: Int, style: TextStyle, focus: inout ScreenFocus) -> [String] {
    guard !model.ops.isEmpty else {
      let text =
        model.place.isLoading ? "No pass has begun: the model is loaded." : "Between passes."
      return wrapped(text, to: width - 1).map { " " + $0 }
    }
    let all = self.rows
    let here = all.firstIndex { isCurrent($0) } ?? 0
    // What comes next matters as much as what was before.
    let start = focus.first(
      of: .operations, from: max(0, min(here - rows / 2, all.count - rows)), count: all.count,
      rows: rows)
    return all[start..<min(all.count, start + rows)].map {
      line(of: $0, width: width, style: style)
    }
  }

  /// The operation that is under way, has just ended, or comes next.
  private var current: Int {
    if let op = model.place.op, let index = model.ops.firstIndex(where: { $0.id == op.id }) {
      return index
    }
    return max(model.ops.firstSortedIndex { $0.steps.lowerBound > model.step } - 1, 0)
  }

  private var rows: [Row] {
    var rows: [Row] = []
    let open = model.ops[current].layer
    var start = 0
    while start < model.ops.count {
      let layer = model.ops[start].layer
      var end = start
      while end < model.ops.count, model.ops[end].layer == layer { end += 1 }
      if layer != nil || end - start > 3 { rows.append(.layer(layer, ops: start..<end)) }
      let isOpen = (start..<end).contains(current) || (layer == nil && end - start <= 3)
      if isOpen, layer == open || layer == nil { rows += model.ops[start..<end].map { .op($0) } }
      start = end
    }
    return rows
  }

  private func isCurrent(_ row: Row) -> Bool {
    if case .op(let op) = row { return op.id == model.ops[current].id }
    return false
  }

  private func line(of row: Row, width: Int, style: TextStyle) -> String {
    switch row {
    case .layer(let layer, let range):
      let ops = model.ops[range]
      let name = layer.map { "layer \($0)" } ?? "outside the layers"
      let isDone = ops.last.map { $0.steps.upperBound <= model.step } ?? false
      let isOpen = range.contains(current)
      let fold = style.unicode ? (isOpen ? "▾" : "▸") : (isOpen ? "-" : "+")
      let time = isDone ? TraceOp.time(of: ops) : nil
      let figures = time ?? "\(ops.count) ops"
      let text = two("   \(fold) \(name)", figures, width, style)
      return isDone || isOpen ? text : style.paint(text, .dim)
    case .op(let op):
      let isHere = op.id == model.ops[current].id
      let isDone = op.steps.upperBound <= model.step
      let isUnderWay = op.steps.contains(model.step) && !isDone
      let time = padded(isDone ? op.duration.map(formatNanoseconds) ?? "" : "", to: 9, .right)
      var figures = style.shape(op.rows, op.cols) + time
      if isUnderWay, let tile = model.place.tileNumber {
        let expert = model.place.expert.map { "expert \($0.number), " } ?? ""
        figures = expert + "tile \(tile.index)/\(tile.count)"
      }
      let indent = op.layer == nil ? "   " : "     "
      let name = (isHere ? "=>" + indent.dropFirst(2) : indent) + Place.shortName(of: op)
      // A name that is cut could be another's: rather no shape than that.
      if displayWidth(name) + displayWidth(figures) + 2 > width { figures = time }
      let text = two(name, figures, width, style)
      if isHere { return style.paint(text, .bold) }
      return isDone || isUnderWay ? text : style.paint(text, .dim)
    }
  }

  /// A text at the left edge and one at the right.
  private func two(_ left: String, _ right: String, _ width: Int, _ style: TextStyle) -> String {
    let room = width - 1 - displayWidth(right) - 1
    guard room >= 10 else { return truncated(left, to: width - 1, unicode: style.unicode) }
    return padded(truncated(left, to: room, unicode: style.unicode), to: room) + " " + right
  }
}

extension TraceOp {
  /// How long operations took together; `nil` where none of them was timed.
  static func time(of ops: some Collection<TraceOp>) -> String? {
    let times = ops.compactMap(\.duration)
    return times.isEmpty && !ops.isEmpty ? nil : formatNanoseconds(clampedSum(times))
  }
}
