import Basics
import TraceStore

extension DebuggerSession {
  /// The stop again, and the frames it lies in, the smallest first.
  func showFrames() throws {
    let place = try place()
    show(stopLines(place))
    let frames = try frames(of: place)
    let column = (frames.map { displayWidth($0.name) }.max() ?? 0) + 2
    let current = try currentFrame(among: frames)
    show(
      frames.enumerated().map { index, frame in
        let mark = frames.count == 1 ? "" : index == current ? "=> " : "   "
        let text = mark + "#\(index)  " + padded(frame.name, to: column) + frame.detail
        return truncated(text, to: style.width, unicode: style.unicode)
      })
  }

  /// Does `up` and `down`: as far as there are frames.
  func selectFrame(by count: Int) throws {
    let frames = try frames(of: place())
    let index = try currentFrame(among: frames)
    let (wanted, overflow) = index.addingReportingOverflow(count)
    let chosen =
      overflow ? (count < 0 ? 0 : frames.count - 1) : min(max(wanted, 0), frames.count - 1)
    guard chosen != index else {
      throw DebuggerError.cannotMove(
        reason: "This is the \(count > 0 ? "largest" : "smallest") frame; \"where\" shows them all."
      )
    }
    select(chosen, of: frames)
  }

  /// Does `frame`.
  func selectFrame(_ arguments: String) throws {
    let frames = try frames(of: place())
    if arguments.isEmpty { return show(try currentFrame(among: frames), of: frames) }
    guard let number = Int(arguments), frames.indices.contains(number) else {
      throw DebuggerError.badArgument(
        command: "frame", found: arguments,
        expected: frames.count == 1
          ? "0, the only frame here" : "a frame's number from 0 to \(frames.count - 1)")
    }
    select(number, of: frames)
  }

  private func currentFrame(among frames: [Frame]) throws -> Int {
    let current = try selectedFrame ?? cursor.currentFrame()
    // Where the frame that stands chosen by itself is not there, the smallest is.
    return frames.firstIndex { $0.grain == current } ?? 0
  }

  private func select(_ number: Int, of frames: [Frame]) {
    selectedFrame = frames[number].grain
    show(number, of: frames)
  }

  private func show(_ number: Int, of frames: [Frame]) {
    let frame = frames[number]
    show(wrapped("#\(number) \(frame.name) \(frame.detail)", to: style.width, indent: "    "))
  }

  /// A frame that a place lies in.
  typealias Frame = (grain: Grain?, name: String, detail: String)

  func frames(of place: Place) throws -> [Frame] {
    var frames: [Frame] = []
    if let tile = place.tile, let tensor = place.tensor {
      let name = place.tileNumber.map { "tile \($0.index) of \($0.count)" } ?? "tile"
      let steps =
        tile.freedStep.map { "steps \(tile.madeStep) to \($0)" } ?? "from step \(tile.madeStep)"
      frames.append((.tile, name, "\(steps), \(tensor.name) \(place.rows(of: tile, in: tensor))"))
    }
    if let op = place.op {
      frames.append(
        (
          .op, op.name,
          "\(steps(op.steps)), \(Place.function(of: op)), \(style.shape(op.rows, op.cols))"
        )
      )
      let first = try cursor.firstOp(ofLayerWith: op)
      let last = try cursor.lastOp(ofLayerWith: op)
      let range = try trace.steps(from: first, through: last)
      let count = last.id - first.id + 1
      let name = op.layer.map { "layer \($0)" } ?? "no layer"
      let names = count == 1 ? first.name : "\(first.name) to \(last.name)"
      frames.append(
        (.layer, name, "\(steps(range)), \(count) \(count == 1 ? "op" : "ops"), \(names)"))
    }
    if let pass = place.pass {
      let kind = pass.kind == .prefill ? "prefill" : "decode"
      frames.append(
        (
          .pass, "pass \(pass.id)",
          "\(steps(pass.steps)), \(kind) of \(Place.positions(of: pass))"
            + (place.hasBranches ? ", \(branchText(of: pass))" : "")
        ))
    }
    if frames.isEmpty {
      let (last, passes) = (try trace.eventCount(), try trace.passCount())
      frames.append((nil, "trace", "\(steps(1...last)), \(passes) passes"))
    }
    return frames
  }

  func steps(_ range: ClosedRange<Int>) -> String {
    range.count == 1
      ? "step \(range.lowerBound)" : "steps \(range.lowerBound) to \(range.upperBound)"
  }

  /// The branch of a pass and, where that is another, the one that moves go along.
  private func branchText(of pass: TracePass) -> String {
    let branch = cursor.history.branch
    return branch == pass.branch
      ? "branch \(branch)" : "branch \(pass.branch) (you on \(branch))"
  }

  /// The events around a step of the branch, one a line.
  func list(_ arguments: String) throws {
    let count = 10
    var around = cursor
    if let step = Int(arguments) {
      try around.stand(at: checkedStep(step, arguments, of: "list"))
    }
    let history = around.history
    // Places in the history of the branch.
    let here = history.index(of: around.step)
    var first = max(0, here - 5)
    if arguments == "-" {
      first = listed.map { $0 - 2 * count } ?? first - count
      guard first > -count else {
        throw DebuggerError.cannotMove(reason: "At the beginning of the trace.")
      }
    } else if arguments.isEmpty {
      first = listed ?? first
    } else if Int(arguments) == nil {
      throw DebuggerError.badArgument(
        command: "list", found: arguments,
        expected: "a step from 1 to \(try trace.eventCount()), or \"-\"")
    }
    first = max(0, first)
    guard first < history.count else {
      throw DebuggerError.cannotMove(reason: "At the end of the trace.")
    }
    let end = min(history.count, first + count)
    var table = Table([
      ("", .left), ("step", .right), ("event", .left), ("op", .left), ("of what", .left),
      ("alive", .right), ("change", .right),
    ])
    var before = 0
    if first > 0 { before = try trace.event(at: history.step(at: first - 1))?.live.total ?? 0 }
    for index in first..<end {
      let place = try place(at: history.step(at: index))
      let live = place.event.live.total
      let change = live == before ? "" : (live > before ? "+" : "") + formatBytes(live - before)
      table.add(
        place.step == cursor.step ? "=>" : "", String(place.step), place.event.kind.name,
        place.op?.name ?? "", place.subject(style: style), formatBytes(live), change)
      before = live
    }
    show(table.lines(style: style, flexible: 4))
    listed = end
  }
}
