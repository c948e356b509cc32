import Dispatch
import Synchronization

/// A value that another thread computes meanwhile.
package final class Concurrently<Value: Sendable>: Sendable {
  private let result = Mutex<Result<Value, any Error>?>(nil)
  private let group = DispatchGroup()

  package init(_ body: @escaping @Sendable () throws -> Value) {
    DispatchQueue.global(qos: .userInitiated).async(group: group) {
      let computed = Result { try body() }
      self.result.withLock { $0 = computed }
    }
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
