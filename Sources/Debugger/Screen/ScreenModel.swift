import Events
import TraceStore

/// What the panes show: a place in the trace and what lies around it.
struct ScreenModel {
  var place: Place
  /// The last step of the trace.
  var last: Int
  /// The operations of the pass, in order; none outside a pass.
  var ops: [TraceOp] = []
  /// The tiles that the operation makes, in order.
  var tiles: [TraceTileLife] = []
  /// The memory of the pass.
  var plot: MemoryPlot?
  /// What was alive at the stop before.
  var before: MemoryUse?
  /// The first values of the operation's output where they were captured.
  var values: [Float] = []
  var step: Int { place.step }
}

/// Reads models from a trace, and keeps what stays the same from stop to stop.
final class ScreenModelReader {
  private let session: DebuggerSession
  private var ops: (pass: Int, ops: [TraceOp])?
  private var tiles: (op: Int, lives: [TraceTileLife])?
  private var plot: (steps: ClosedRange<Int>, columns: Int, plot: MemoryPlot)?

  init(session: DebuggerSession) {
    self.session = session
  }

  /// - Parameters:
  ///   - columns: how many groups of steps the plot tells apart; none where it is not shown.
  ///   - plot: to be shown in place of the memory of the pass.
  func model(
    at step: Int, columns: Int?, plot shown: MemoryPlot? = nil
  ) throws -> ScreenModel {
    let place = try session.place(at: step)
    var model = ScreenModel(place: place, last: session.cursor.last, before: session.shown)
    if let pass = place.pass {
      if ops?.pass != pass.id { ops = (pass.id, try session.trace.ops(inPass: pass.id)) }
      model.ops = ops?.ops ?? []
    }
    if let op = place.op {
      if tiles?.op != op.id { tiles = (op.id, try session.trace.tileLives(madeIn: op.steps)) }
      model.tiles = tiles?.lives ?? []
      if op.steps.upperBound <= step, let values = try session.trace.value(ofOp: op.id) {
        model.values = Array(values.prefix(16))
      }
    }
    if let shown {
      model.plot = shown
    } else if let columns {
      model.plot = try memory(around: place, columns: columns)
      model.plot?.cursor = step
    }
    return model
  }

  private func memory(around place: Place, columns: Int) throws -> MemoryPlot {
    let trace = session.trace
    let steps: ClosedRange<Int>
    if let pass = place.pass {
      steps = pass.steps
    } else {
      // Loading, or between two passes.
      let previous = try trace.op(startingAtOrBefore: place.step).flatMap {
        try trace.pass($0.pass)
      }
      let next = try trace.pass((previous?.id ?? 0) + 1)
      let first = previous.map { min($0.steps.upperBound, place.step) } ?? 1
      steps = try first...max(place.step, next?.steps.lowerBound ?? trace.eventCount())
    }
    if let plot, plot.steps == steps, plot.columns == columns { return plot.plot }
    let marks = session.layerMarks(of: ops?.pass == place.pass?.id ? ops?.ops ?? [] : [])
    let made = try MemoryPlot(
      trace: trace, steps: steps, title: place.pass.map { "pass \($0.id)" } ?? "between passes",
      columns: columns, marks: marks, marked: marks.isEmpty ? "" : "layer")
    plot = (steps, columns, made)
    return made
  }
}
