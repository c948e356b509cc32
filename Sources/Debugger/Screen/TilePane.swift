import Basics
import TraceStore

/// The tile at the cursor: which rows it holds, what it takes, its life, and where it stands among
/// the tiles of its operation. Where there is no tile, the operation.
struct TilePane {
  let model: ScreenModel

  var title: String {
    if let number = model.place.tileNumber { return "tile \(number.index) of \(number.count)" }
    return model.place.tile != nil ? "tile" : model.place.op?.name ?? "event"
  }

  /// - Returns: at most `rows` lines of at most `width` columns, what matters most first.
  func lines(width: Int, rows: Int, style: TextStyle, focus: inout ScreenFocus) -> [String] {
    let facts = facts(width: width, style: style)
    var grid: [String] = []
    if model.tiles.count > 1 {
      // The grid moves most: it is never what is left out.
      grid = gridLines(width: width, rows: max(1, rows - min(facts.count, 3)), style: style)
    }
    let room = max(0, rows - grid.count)
    let first = focus.first(of: .tile, from: 0, count: facts.count, rows: room)
    return Array((facts.dropFirst(first).prefix(room) + grid).prefix(rows))
  }

  private func facts(width: Int, style: TextStyle) -> [String] {
    func cut(_ text: String) -> String {
      " " + truncated(text, to: width - 2, unicode: style.unicode)
    }
    let place = model.place
    if let tile = place.tile, let tensor = place.tensor {
      return tileFacts(tile, tensor, width: width, style).map(cut)
    }
    var lines = wrapped(place.happened(style: style), to: width - 2).map { " " + $0 }
    if let op = place.op {
      lines += OperationFacts(op: op, step: model.step).lines(style: style).map(cut)
    }
    return lines
  }

  private func tileFacts(
    _ tile: TraceTile, _ tensor: TraceTensor, width: Int, _ style: TextStyle
  ) -> [String] {
    let arrow = style.unicode ? "→" : "->"
    let isFreed = tile.freedStep.map { $0 <= model.step } ?? false
    let state = isFreed ? "freed" : "alive"
    var life = "made \(tile.madeStep)"
    life += tile.usedStep.map { ", used \($0)" } ?? ", never used"
    life += tile.freedStep.map { ", freed \($0)" } ?? ", never freed"
    var rows = "\(tensor.name) \(model.place.rows(of: tile, in: tensor))"
    if displayWidth(rows) > width - 2 {
      // What they are rows of stands in the operations.
      rows = rows.replacing(" of \(tensor.rows)", with: "")
    }
    var lines = [
      rows,
      "\(formatBytes(tile.packedBytes)) \(tensor.type.lowercased()) \(arrow) "
        + "\(formatBytes(tile.bytes)) \(tile.type), \(style.shape(tile.rows, tensor.cols))",
      "\(state) now; \(life)",
    ]
    if let values = tile.statistics {
      lines.append(
        "values \(formatReal(values.min, digits: 3)) to \(formatReal(values.max, digits: 3)), "
          + "rms \(formatReal(values.rms, digits: 3))")
    }
    return lines
  }

  // MARK: - The grid

  private enum State {
    case coming, alive, freed
  }

  /// The tiles of the operation, one a character, or several where there are more than fit.
  private func gridLines(width: Int, rows: Int, style: TextStyle) -> [String] {
    let states = model.tiles.map { tile -> State in
      tile.madeStep > model.step ? .coming : tile.isAlive(at: model.step) ? .alive : .freed
    }
    let done = states.count { $0 == .freed }
    let alive = states.count { $0 == .alive }
    let across = max(1, width - 2)
    let gridRows = max(1, rows - 1)
    let cells = min(states.count, across * gridRows)
    let shown = (0..<cells).map { cell -> State in
      // A character is as far as the furthest along of its tiles that are not freed.
      let members = states[cell * states.count / cells..<(cell + 1) * states.count / cells]
      if members.contains(.alive) { return .alive }
      return members.allSatisfy { $0 == .freed } ? .freed : .coming
    }
    var lines = stride(from: 0, to: cells, by: across).map { start in
      " "
        + shown[start..<min(cells, start + across)].map { character($0, style) }.joined()
    }
    let legend = [
      (State.freed, "\(done) freed"), (.alive, "\(alive) alive"),
      (.coming, "\(states.count - done - alive) to come"),
    ]
    if rows > 1 {
      let text = " " + legend.map { "\(character($0, style)) \($1)" }.joined(separator: "  ")
      lines.append(text)
    }
    return lines
  }

  private func character(_ state: State, _ style: TextStyle) -> String {
    switch state {
    case .coming: style.paint(style.unicode ? "·" : ".", .dim)
    case .alive: style.paint(style.unicode ? "█" : "#", .memory(.weightsDequantized))
    case .freed: style.unicode ? "░" : "o"
    }
  }
}

/// An operation's shape, time and, once it has ended, figures over its values.
struct OperationFacts {
  let op: TraceOp
  let step: Int

  func lines(style: TextStyle) -> [String] {
    var lines = ["\(style.shape(op.rows, op.cols)) of f32, \(formatBytes(bytes))"]
    guard op.steps.upperBound <= step else {
      return lines + ["steps \(op.steps.lowerBound) to \(op.steps.upperBound), under way"]
    }
    if let duration = op.duration { lines[0] += ", in \(formatNanoseconds(duration))" }
    if let values = op.statistics {
      lines.append(
        "min \(formatReal(values.min, digits: 4)), max \(formatReal(values.max, digits: 4)), "
          + "mean \(formatReal(values.mean, digits: 4)), rms \(formatReal(values.rms, digits: 4))")
    }
    return lines
  }

  private var bytes: Int { clampedProduct(clampedProduct(op.rows, op.cols), 4) }
}
