import Inference
import TraceStore

/// A place in a trace: the step that has just happened.
///
/// Everything else about the place (pass, layer, op, tile) follows from the step. A move never
/// leaves the trace: it stops at the first or the last step and says so.
public struct Cursor {
  public let trace: Trace
  /// The last step that moves go to: that of the trace, at least 1; in a live session that took its
  /// run back, the last of what it was taken back to, until the next pass is run.
  public internal(set) var last: Int
  /// The step that has just happened, from 1 to ``last``.
  public internal(set) var step: Int
  /// What the end cut off the last move: steps, or frames.
  public internal(set) var left = 0

  /// Stands at the first step of the first pass; in a trace that ends before one, at step 1; where
  /// the memory budget ended the run, at the step at which it did.
  ///
  /// - Throws: ``DebuggerError/emptyTrace(path:)``, or what the trace throws.
  public init(trace: Trace) throws {
    self.trace = trace
    last = try trace.eventCount()
    guard last > 0 else { throw DebuggerError.emptyTrace(path: trace.path) }
    let first = try trace.failure()?.step ?? trace.pass(1)?.steps.lowerBound ?? 1
    step = min(max(first, 1), last)
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

  /// Goes to a step, or as near as the trace goes.
  public mutating func go(to target: Int) -> Ending {
    step = min(max(target, 1), last)
    left = target > last ? target - last : 0
    return target < 1 ? .beginning : target > last ? .end : .arrived
  }

  /// Goes `count` steps forwards, or backwards where it is negative.
  public mutating func move(by count: Int) -> Ending {
    let (target, overflow) = step.addingReportingOverflow(count)
    return go(to: overflow ? (count < 0 ? Int.min : Int.max) : target)
  }
}

/// The frames that a place lies in, from the smallest: what `next` and `finish` run to the end of.
public enum Grain: String, CaseIterable, Sendable {
  case tile, op, layer, pass
}
