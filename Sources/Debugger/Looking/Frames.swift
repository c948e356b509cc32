import Inference
import TraceStore

extension DebuggerSession {
  /// The stop again, and the frames it lies in, the smallest first.
  func showFrames() throws {
    let place = try place()
    show(stopLines(place))
    let frames = try frames(of: place)
    let column = (frames.map { displayWidth($0.name) }.max() ?? 0) + 2
    show(
      frames.enumerated().map { index, frame in
        let mark = selectedFrame == nil ? "" : frame.grain == selectedFrame ? "=> " : "   "
        let text = mark + "#\(index)  " + padded(frame.name, to: column) + frame.detail
        return truncated(text, to: style.width, unicode: style.unicode)
      })
  }

  /// Does `up` and `down`.
  func selectFrame(by count: Int) throws {
    let frames = try frames(of: place())
    let current = try selectedFrame ?? cursor.currentFrame()
    // Where the frame that stands chosen by itself is not there, the smallest is.
    let index = frames.firstIndex { $0.grain == current } ?? 0
    let (wanted, overflow) = index.addingReportingOverflow(count)
    let chosen =
      overflow ? (count < 0 ? 0 : frames.count - 1) : min(max(wanted, 0), frames.count - 1)
    guard chosen != index else {
      return show([count > 0 ? "This is the largest frame." : "This is the smallest frame."])
    }
    let frame = frames[chosen]
    selectedFrame = frame.grain
    show(wrapped("#\(chosen)  \(frame.name)  \(frame.detail)", to: style.width, indent: "    "))
  }

  func frames(of place: Place) throws -> [(grain: Grain?, name: String, detail: String)] {
    var frames: [(Grain?, String, String)] = []
    if let tile = place.tile, let tensor = place.tensor {
      let name = place.tileNumber.map { "tile \($0.index) of \($0.count)" } ?? "tile"
      let steps =
        tile.freedStep.map { "steps \(tile.madeStep) to \($0)" } ?? "from step \(tile.madeStep)"
      frames.append((.tile, name, "\(steps), \(tensor.name) \(Place.rows(of: tile, in: tensor))"))
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
            + (place.hasBranches ? ", branch \(pass.branch)" : "")
        ))
    }
    if frames.isEmpty {
      frames.append((nil, "trace", "\(steps(1...cursor.last)), \(try trace.passCount()) passes"))
    }
    return frames
  }

  func steps(_ range: ClosedRange<Int>) -> String {
    range.count == 1
      ? "step \(range.lowerBound)" : "steps \(range.lowerBound) to \(range.upperBound)"
  }

  /// The events around a step, one a line.
  func list(_ arguments: String) throws {
    let count = 10
    var first = listed ?? max(1, cursor.step - 5)
    if arguments == "-" {
      first = (listed.map { $0 - count } ?? max(1, cursor.step - 5)) - count
      guard first > 1 - count else { return show(["At the beginning of the trace."]) }
    } else if !arguments.isEmpty {
      guard let step = Int(arguments), (1...cursor.last).contains(step) else {
        throw DebuggerError.badArgument(
          command: "list", found: arguments, expected: "a step from 1 to \(cursor.last), or \"-\"")
      }
      first = step - 5
    }
    first = max(1, first)
    guard first <= cursor.last else { return show(["At the end of the trace."]) }
    let last = min(cursor.last, first + count - 1)
    var table = TextTable([
      ("", .left), ("step", .right), ("event", .left), ("op", .left), ("of what", .left),
      ("alive", .right), ("change", .right),
    ])
    var before = try trace.event(at: first - 1)?.live.total ?? 0
    for step in first...last {
      let place = try place(at: step)
      let live = place.event.live.total
      let change = live == before ? "" : (live > before ? "+" : "") + formatBytes(live - before)
      table.add(
        step == cursor.step ? "=>" : "", String(step), place.event.kind.name, place.op?.name ?? "",
        place.subject(style: style), formatBytes(live), change)
      before = live
    }
    show(table.lines(style: style))
    listed = last + 1
  }
}
