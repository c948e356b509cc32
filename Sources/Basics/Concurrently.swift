import Dispatch
import Foundation
import Synchronization

/// A value that another thread computes meanwhile, or this one if the system starts no other.
package final class Concurrently<Value: Sendable>: Sendable {
  private let result = Mutex<Result<Value, any Error>?>(nil)
  private let group = DispatchGroup()

  package init(_ body: @escaping @Sendable () throws -> Value) {
    group.enter()
    let compute: @Sendable () -> Void = {
      let computed = Result { try body() }
      self.result.withLock { $0 = computed }
      self.group.leave()
    }
    if !startThread(compute) { compute() }
  }

  /// Waits for the value.
  ///
  /// - Throws: what computing it threw.
  package func value() throws -> Value {
    group.wait()
    guard let computed = result.withLock({ $0 }) else {
      preconditionFailure("the group is empty once there is a result")
    }
    return try computed.get()
  }
}

/// Does things one after the other on a thread of its own, or at once where they are asked for, if
/// the system starts no thread.
package final class SerialThread: Sendable {
  private let tasks = Tasks()
  private let isStarted: Bool

  private final class Tasks: Sendable {
    let waiting = Mutex<[(@Sendable () -> Void)?]>([])
    let count = DispatchSemaphore(value: 0)

    func add(_ task: (@Sendable () -> Void)?) {
      waiting.withLock { $0.append(task) }
      count.signal()
    }

    /// The next one, once there is one; `nil` at the end.
    func next() -> (@Sendable () -> Void)? {
      count.wait()
      return waiting.withLock { $0.removeFirst() }
    }
  }

  package init() {
    isStarted = startThread { [tasks] in while let task = tasks.next() { task() } }
  }

  deinit { tasks.add(nil) }

  package func add(_ task: @escaping @Sendable () -> Void) {
    if isStarted { tasks.add(task) } else { task() }
  }

  /// Waits until everything that was added is done.
  package func waitUntilIdle() {
    let isIdle = DispatchSemaphore(value: 0)
    add { isIdle.signal() }
    isIdle.wait()
  }
}

/// Does something on a thread of its own, which no signal is delivered to.
///
/// Dispatch cannot be used here: if the system starts no thread, it tries again for ever.
///
/// - Returns: `false` if the system does not start a thread; then nothing is done.
package func startThread(_ body: @escaping @Sendable () -> Void) -> Bool {
  // A new thread blocks what blocks the one that starts it. What an error of the thread itself
  // raises has to reach the handlers that restore a terminal.
  var signals = sigset_t()
  var before = sigset_t()
  sigfillset(&signals)
  for own in [SIGILL, SIGTRAP, SIGFPE, SIGBUS, SIGSEGV, SIGSYS, SIGABRT, SIGPIPE] {
    sigdelset(&signals, own)
  }
  pthread_sigmask(SIG_BLOCK, &signals, &before)
  defer { pthread_sigmask(SIG_SETMASK, &before, nil) }

  let context = Unmanaged.passRetained(ThreadBody(body))
  var attributes = pthread_attr_t()
  pthread_attr_init(&attributes)
  defer { pthread_attr_destroy(&attributes) }
  pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
  #if canImport(Darwin)
    var thread: pthread_t?
  #else
    var thread = pthread_t()
  #endif
  let code = pthread_create(
    &thread, &attributes,
    { context in
      let context: UnsafeMutableRawPointer? = context
      if let context { Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().body() }
      return nil
    }, context.toOpaque())
  if code != 0 { context.release() }
  return code == 0
}

/// The closure of a new thread, which is passed to it as a pointer.
private final class ThreadBody: Sendable {
  let body: @Sendable () -> Void

  init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}
