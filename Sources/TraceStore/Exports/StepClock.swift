import Basics

/// When each step was, in ns since the recording began.
///
/// A trace has the start and duration of every pass and operation, and how long each tile took to
/// be made and multiplied, but no time for a step: the order is kept instead. So the steps of an
/// operation are laid one after the other from its start, each thread's apart, every one at least a
/// nanosecond after the step before it. No step is before the operation that it is part of, and
/// time never goes backwards.
struct StepClock {
  /// The latest moment given out.
  private(set) var now = 0
  /// When each thread is done with its last step.
  private var busy: [Int: Int] = [:]

  /// The moment at which every thread is done.
  private var idle: Int { max(now, busy.values.max() ?? 0) }

  /// The start of a pass or an operation, which the trace has at `start`.
  mutating func begin(at start: Int) -> Int {
    now = max(idle + 1, start)
    busy.removeAll(keepingCapacity: true)
    return now
  }

  /// A step of `thread` that takes `duration` ns.
  mutating func step(thread: Int, duration: Int) -> Int {
    now = max(now + 1, busy[thread] ?? 0)
    busy[thread] = clampedSum([now, duration])
    return now
  }

  /// The end of what began at `start` and took `duration` ns: not before its last step's.
  mutating func end(of start: Int, duration: Int) -> Int {
    now = max(idle, clampedSum([start, duration]))
    busy.removeAll(keepingCapacity: true)
    return now
  }
}
