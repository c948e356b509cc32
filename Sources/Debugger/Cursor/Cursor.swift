import TraceStore

/// A place in a trace: the step that has just happened, on one of the branches of the run.
///
/// Everything else about the place (pass, layer, op, tile) follows from the step. A move never
/// leaves the history of the branch: it stops at its first or its last step and says so.
public struct Cursor {
  public let trace: Trace
  /// The steps that moves go through: the history of the branch that one is on; after a run was
  /// taken back, as far as that, until the next pass is run.
  public private(set) var history: TraceHistory
  /// The step that has just happened, one of ``history``.
  public internal(set) var step: Int
  /// What the end cut off the last move: steps, or frames.
  public internal(set) var left = 0

  /// The last step that moves go to.
  public var last: Int { history.last }

  /// Stands at the first step of the first pass; in a trace that ends before one, at step 1; where
  /// the memory budget or a result that is not finite ended the run, at the step at which it did.
  ///
  /// - Throws: ``DebuggerError/emptyTrace(path:)``, or what the trace throws.
  public init(trace: Trace) throws {
    self.trace = trace
    let last = try trace.eventCount()
    guard last > 0 else { throw DebuggerError.emptyTrace(path: trace.path) }
    let end = try trace.failure()?.step ?? trace.notFiniteOp()?.steps.upperBound
    let first = try end ?? trace.pass(1)?.steps.lowerBound ?? 1
    step = min(max(first, 1), last)
    history = try trace.history(at: step)
  }

  /// What ended a move.
  public enum Ending: Equatable, Sendable {
    /// The move went as far as it was asked to.
    case arrived
    /// It would have passed the first step.
    case beginning
    /// It would have passed the last step.
    case end
  }

  /// Goes to a step of the branch, or as near before it as the branch goes.
  public mutating func go(to target: Int) -> Ending {
    let first = history.first
    step = history.through(max(target, first))?.last ?? first
    left = target > last ? target - last : 0
    return target < first ? .beginning : target > last ? .end : .arrived
  }

  /// Goes `count` steps forwards, or backwards where it is negative.
  public mutating func move(by count: Int) -> Ending {
    let here = history.index(of: step)
    let steps = history.count
    let (target, overflow) = here.addingReportingOverflow(count)
    left = 0
    if overflow ? count < 0 : target < 0 {
      step = history.first
      left = overflow || target == .min ? .max : -target
      return .beginning
    }
    guard !overflow, target < steps else {
      step = last
      left = overflow ? Int.max : target - (steps - 1)
      return .end
    }
    step = history.step(at: target)
    return .arrived
  }

  /// Stands at any step of the trace, or the nearest to it that there is: on the branch that one is
  /// on where that has the step, or else on the step's own.
  public mutating func stand(at target: Int) throws {
    if !history.contains(target) { history = try trace.history(at: target) }
    _ = go(to: target)
  }

  /// Goes over to the branch that was begun last, whose history has grown: to the last step of it
  /// that was there before `end`.
  mutating func follow(from end: Int) throws {
    history = try trace.history(ofBranch: .max)
    _ = go(to: end)
  }

  /// Lets moves end at a step of the branch.
  mutating func end(at step: Int) {
    history = history.through(step) ?? history
  }
}

/// The frames that a place lies in, from the smallest: what `next` and `finish` run to the end of.
public enum Grain: String, CaseIterable, Sendable {
  case tile, op, layer, pass
}
