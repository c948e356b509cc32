import CKernels
import Events
import Foundation

/// Bytes that were taken from a ``MemoryLedger``.
package struct Buffer {
  package let description: BufferDescription
  package let base: UnsafeMutableRawPointer

  package var floats: UnsafeMutablePointer<Float> { base.assumingMemoryBound(to: Float.self) }
}

/// The one object that every engine buffer is taken from and returned to.
///
/// It knows at every step how many bytes are alive in each category, and tells the observer of
/// each step under one lock, so that steps of several threads have one order. Under that lock it
/// also holds what is alive to the budget, before anything is taken.
public final class MemoryLedger<Observer: PassObserver> {
  let observer: Observer
  private let memory: any MemorySource
  /// Bytes that may be alive together, mapped weights in full; `nil` for no limit.
  @exclusivity(unchecked) private var budget: Int?
  // What changes at every step changes under the lock, and is not checked for overlapping access.
  /// Bytes alive now.
  @exclusivity(unchecked) public private(set) var live = MemoryUse()
  /// Bytes alive at the moment when their total was highest.
  @exclusivity(unchecked) public private(set) var peak = MemoryUse()
  /// Time that the observer's own work has taken.
  @exclusivity(unchecked) private(set) var observerNanoseconds = 0

  private let lock = NSLock()
  @exclusivity(unchecked) private var lastID = 0

  package init(
    observer: Observer, memory: any MemorySource = HostMemory(), budget: Int? = nil
  ) {
    self.observer = observer
    self.memory = memory
    self.budget = budget
  }

  /// Takes another budget, or none, for what is taken from now on.
  func change(budget: Int?) { lock.withLock { self.budget = budget } }

  /// Takes uninitialized bytes, aligned to 64.
  ///
  /// - Throws: `InferenceError.outOfMemory`, `InferenceError.overBudget`.
  package func allocate(
    _ bytes: Int, _ category: MemoryCategory, _ name: @autoclosure () -> String
  ) throws -> Buffer {
    try lock.withLock {
      try checkBudget(for: bytes, category, name())
      let base = try systemAllocate(bytes, name())
      lastID += 1
      let description = BufferDescription(
        id: lastID, category: category, name: Observer.isWatching ? name() : "", bytes: bytes)
      count(category, bytes) { $0.allocated(description, live: $1) }
      return Buffer(description: description, base: base)
    }
  }

  /// Takes the uninitialized bytes of a tile, aligned to 64.
  ///
  /// - Parameters:
  ///   - thread: the worker that asks.
  ///   - describe: given the tile's id.
  /// - Throws: `InferenceError.outOfMemory`, `InferenceError.overBudget`.
  func allocateTile(
    _ bytes: Int, _ name: @autoclosure () -> String, thread: Int,
    _ describe: (Int) -> TileDescription
  ) throws -> Tile {
    try lock.withLock {
      try checkBudget(for: bytes, .weightsDequantized, name(), thread: thread)
      let values = try systemAllocate(bytes, name())
      lastID += 1
      let description = describe(lastID)
      count(.weightsDequantized, bytes) { $0.dequantizing(description, live: $1) }
      return Tile(description: description, values: values)
    }
  }

  /// Returns the bytes of `buffer`.
  package func free(_ buffer: Buffer) {
    memory.deallocate(buffer.base)
    step(buffer.description.category, -buffer.description.bytes) {
      $0.freed(buffer.description, live: $1)
    }
  }

  /// Counts bytes that the engine uses but did not allocate: the mapped model file.
  ///
  /// - Returns: what ``release(_:)`` takes to count them no longer.
  /// - Throws: `InferenceError.overBudget`.
  @discardableResult
  func adopt(
    _ bytes: Int, _ category: MemoryCategory, _ name: String
  ) throws -> BufferDescription {
    try lock.withLock {
      try checkBudget(for: bytes, category, name)
      lastID += 1
      let buffer = BufferDescription(id: lastID, category: category, name: name, bytes: bytes)
      count(category, bytes) { $0.allocated(buffer, live: $1) }
      return buffer
    }
  }

  /// Counts adopted bytes no longer.
  func release(_ adopted: BufferDescription) {
    step(adopted.category, -adopted.bytes) { $0.freed(adopted, live: $1) }
  }

  /// Fails, which is one step, where `bytes` more would pass the budget; the lock is held.
  private func checkBudget(
    for bytes: Int, _ category: MemoryCategory, _ name: @autoclosure () -> String, thread: Int = 0
  ) throws {
    guard let budget, bytes > budget - live.total else { return }
    let failure = AllocationFailure(
      category: category, name: name(), bytes: bytes, live: live, budget: budget, thread: thread)
    if Observer.isWatching { timed { observer.allocationFailed(failure) } }
    throw InferenceError.overBudget(failure)
  }

  /// One step of the trace: changes what is alive in `category` by `bytes` and reports it.
  ///
  /// - Parameter now: the time, where it is known, in ``nibble_nanoseconds()``.
  func step(
    _ category: MemoryCategory, _ bytes: Int, now: Int64? = nil,
    _ report: (Observer, MemoryUse) -> Void
  ) {
    lock.lock()
    defer { lock.unlock() }
    count(category, bytes, now: now, report)
  }

  /// Tells the observer something that is no step.
  func report(now: Int64, _ body: (Observer) -> Void) {
    guard Observer.isWatching else { return }
    lock.lock()
    defer { lock.unlock() }
    timed(now) { body(observer) }
  }

  /// Counts and reports a step; the lock is held.
  private func count(
    _ category: MemoryCategory, _ bytes: Int, now: Int64? = nil,
    _ report: (Observer, MemoryUse) -> Void
  ) {
    live[category] += bytes
    if live.total > peak.total { peak = live }
    if Observer.isWatching { timed(now) { report(observer, live) } }
  }

  private func timed(_ now: Int64? = nil, _ body: () -> Void) {
    let start = now ?? nibble_nanoseconds()
    body()
    observerNanoseconds += Int(nibble_nanoseconds() - start)
  }

  /// A number no other buffer or tile of this ledger has.
  func nextID() -> Int {
    lock.lock()
    defer { lock.unlock() }
    lastID += 1
    return lastID
  }

  /// Memory from the system, aligned to 64 bytes, not yet counted; the lock is held, so that nobody
  /// sees memory that is not.
  private func systemAllocate(
    _ bytes: Int, _ name: @autoclosure () -> String
  ) throws -> UnsafeMutableRawPointer {
    guard let base = memory.allocate(bytes) else {
      throw InferenceError.outOfMemory(bytes: bytes, buffer: name())
    }
    return base
  }
}
