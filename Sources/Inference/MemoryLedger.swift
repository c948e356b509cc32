import CKernels
import Foundation

/// Bytes that the engine took from its ``MemoryLedger``.
struct Buffer {
  let description: BufferDescription
  let base: UnsafeMutableRawPointer

  var floats: UnsafeMutablePointer<Float> { base.assumingMemoryBound(to: Float.self) }
}

/// The one object that every engine buffer is taken from and returned to.
///
/// It knows at every step how many bytes are alive in each category, and tells the observer of
/// each step under one lock, so that steps of several threads have one order.
public final class MemoryLedger<Observer: PassObserver> {
  let observer: Observer
  /// Bytes alive now.
  public private(set) var live = MemoryUse()
  /// Bytes alive at the moment when their total was highest.
  public private(set) var peak = MemoryUse()
  /// Time that the observer's own work has taken.
  private(set) var observerNanoseconds = 0

  private let lock = NSLock()
  private var lastID = 0

  init(observer: Observer) { self.observer = observer }

  /// Takes uninitialized bytes, aligned to 64.
  ///
  /// - Throws: `InferenceError.outOfMemory`.
  func allocate(_ bytes: Int, _ category: MemoryCategory, _ name: @autoclosure () -> String)
    throws -> Buffer
  {
    let base = try Self.systemAllocate(bytes, name())
    let buffer = Buffer(
      description: BufferDescription(
        id: nextID(), category: category, name: Observer.isWatching ? name() : "", bytes: bytes),
      base: base)
    step(category, bytes) { $0.allocated(buffer.description, live: $1) }
    return buffer
  }

  /// Returns the bytes of `buffer`.
  func free(_ buffer: Buffer) {
    buffer.base.deallocate()
    step(buffer.description.category, -buffer.description.bytes) {
      $0.freed(buffer.description, live: $1)
    }
  }

  /// Counts bytes that the engine uses but did not allocate: the mapped model file.
  func adopt(_ bytes: Int, _ category: MemoryCategory, _ name: String) {
    let buffer = BufferDescription(id: nextID(), category: category, name: name, bytes: bytes)
    step(category, bytes) { $0.allocated(buffer, live: $1) }
  }

  /// One step of the trace: changes what is alive in `category` by `bytes` and reports it.
  func step(
    _ category: MemoryCategory, _ bytes: Int, _ report: (Observer, MemoryUse) -> Void
  ) {
    lock.lock()
    defer { lock.unlock() }
    live[category] += bytes
    if live.total > peak.total { peak = live }
    if Observer.isWatching {
      let start = nibble_nanoseconds()
      report(observer, live)
      observerNanoseconds += Int(nibble_nanoseconds() - start)
    }
  }

  /// A number no other buffer or tile of this ledger has.
  func nextID() -> Int {
    lock.lock()
    defer { lock.unlock() }
    lastID += 1
    return lastID
  }

  /// Memory from the system, aligned to 64 bytes, not yet counted.
  static func systemAllocate(
    _ bytes: Int, _ name: @autoclosure () -> String
  ) throws -> UnsafeMutableRawPointer {
    var base: UnsafeMutableRawPointer?
    guard posix_memalign(&base, 64, max(bytes, 64)) == 0, let base else {
      throw InferenceError.outOfMemory(bytes: bytes, buffer: name())
    }
    return base
  }
}
