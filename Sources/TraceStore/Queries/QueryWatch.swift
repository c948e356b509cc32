import Basics
import Dispatch
import GRDBSQLite
import Synchronization

/// Watches a statement from another thread, since some functions of SQLite, such as `replace` and
/// `instr`, may take hours within one instruction, where its progress handler is not asked.
///
/// Once its time is over or a person asks for its end, it is interrupted; and where it does not
/// listen to that either, the process ends.
final class QueryWatch: Sendable {
  /// For how many seconds a statement that was interrupted may go on.
  static let patience = 2.0

  private let timeLimit: Double?
  private let interrupts: @Sendable () -> Int
  private let endProcess: @Sendable (TraceError) -> Void
  private let state: Mutex<State>

  // Unchecked because of the connection, which SQLite lets any thread interrupt while it is open:
  // it is while the stopwatch runs.
  private struct State: @unchecked Sendable {
    let connection: OpaquePointer
    var stopwatch: Stopwatch
    /// The seconds after which a person first asked for the end.
    var asked: Double?
  }

  init(_ session: QuerySession) {
    timeLimit = session.timeLimit
    interrupts = session.interrupts
    endProcess = session.endProcess
    state = Mutex(State(connection: session.handle, stopwatch: Stopwatch(now: session.now)))
  }

  /// Looks often until `body` is done. If the system starts no thread for that, the progress
  /// handler still asks whether the time is over.
  func whileWatching<T>(_ body: () throws -> T) rethrows -> T {
    let isDone = DispatchSemaphore(value: 0)
    _ = startThread { [self] in
      while isDone.wait(timeout: .now() + .milliseconds(50)) == .timedOut { look() }
    }
    defer { isDone.signal() }
    return try body()
  }

  /// The next statement has all of the time.
  func restart() { state.withLock { $0.stopwatch.reset() } }

  /// Does a part of the statement, or something with a row of it, whose time counts.
  func counting<T>(_ body: () throws -> T) rethrows -> T {
    state.withLock { $0.stopwatch.start() }
    defer { state.withLock { $0.stopwatch.stop() } }
    return try body()
  }

  /// Does what takes as long as others let it, whose time does not count.
  func pausing<T>(_ body: () throws -> T) rethrows -> T {
    let wasRunning = state.withLock { state in
      defer { state.stopwatch.stop() }
      return state.stopwatch.isRunning
    }
    defer { if wasRunning { state.withLock { $0.stopwatch.start() } } }
    return try body()
  }

  var isOutOfTime: Bool {
    guard let timeLimit else { return false }
    return state.withLock { $0.stopwatch.seconds } > timeLimit
  }

  /// Interrupts a statement that has to end, and the process where it did not.
  func look() {
    state.withLock { state in
      guard state.stopwatch.isRunning else { return }
      let seconds = state.stopwatch.seconds
      let asked = interrupts()
      if asked == 0 { state.asked = nil } else if state.asked == nil { state.asked = seconds }
      if let timeLimit, seconds > timeLimit {
        sqlite3_interrupt(state.connection)
        if seconds > timeLimit + Self.patience { endProcess(.unstoppable(seconds: timeLimit)) }
      }
      if let first = state.asked {
        sqlite3_interrupt(state.connection)
        if asked > 1, seconds > first + Self.patience { endProcess(.unstoppable(seconds: nil)) }
      }
    }
  }
}

/// Time that is counted only while it runs.
private struct Stopwatch {
  private let now: @Sendable () -> ContinuousClock.Instant
  private var counted = Duration.zero
  private var started: ContinuousClock.Instant?

  init(now: @escaping @Sendable () -> ContinuousClock.Instant) { self.now = now }

  var isRunning: Bool { started != nil }

  mutating func start() { started = now() }

  mutating func stop() {
    if let started { counted += now() - started }
    started = nil
  }

  mutating func reset() {
    counted = .zero
    started = nil
  }

  var seconds: Double {
    (counted + (started.map { now() - $0 } ?? .zero)) / .seconds(1)
  }
}
