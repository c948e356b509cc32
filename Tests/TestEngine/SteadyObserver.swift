import Events

/// Tells another observer all that an engine does, with durations that are the same in every run,
/// and counts the steps.
public final class SteadyObserver<Base: PassObserver>: PassObserver {
  public static var isWatching: Bool { true }
  public var measuresValues: Bool { base.measuresValues }

  public let base: Base
  /// Steps so far.
  public private(set) var steps = 0
  /// Bytes alive after the last of them.
  public private(set) var live = MemoryUse()
  /// Called after every step with its number and the bytes that are alive.
  public var afterStep: (_ step: Int, _ live: MemoryUse) -> Void = { _, _ in }

  public init(_ base: Base) { self.base = base }

  private func stepped(_ live: MemoryUse) {
    steps += 1
    self.live = live
    afterStep(steps, live)
  }

  public func allocated(_ buffer: BufferDescription, live: MemoryUse) {
    base.allocated(buffer, live: live)
    stepped(live)
  }

  public func freed(_ buffer: BufferDescription, live: MemoryUse) {
    base.freed(buffer, live: live)
    stepped(live)
  }

  public func allocationFailed(_ failure: AllocationFailure) {
    base.allocationFailed(failure)
    stepped(failure.live)
  }

  public func dequantizing(_ tile: TileDescription, live: MemoryUse) {
    base.dequantizing(tile, live: live)
    stepped(live)
  }

  public func multiplied(_ matmul: MatmulDescription, nanoseconds: Int, live: MemoryUse) {
    base.multiplied(matmul, nanoseconds: 15_000, live: live)
    stepped(live)
  }

  public func freedTile(_ tile: TileDescription, live: MemoryUse) {
    base.freedTile(tile, live: live)
    stepped(live)
  }

  public func computed(thread: Int, live: MemoryUse) {
    base.computed(thread: thread, live: live)
    stepped(live)
  }

  public func appended(_ append: KVAppendDescription, live: MemoryUse) {
    base.appended(append, live: live)
    stepped(live)
  }

  public func dequantized(
    _ tile: TileDescription, values: UnsafeRawPointer, nanoseconds: Int
  ) { base.dequantized(tile, values: values, nanoseconds: 20_000) }
  public func routed(experts: [Int], weights: [Float], tokens: Int) {
    base.routed(experts: experts, weights: weights, tokens: tokens)
  }
  public func outputNotFinite() { base.outputNotFinite() }
  public func opBegan(_ op: OpDescription) { base.opBegan(op) }
  public func opEnded(output: UnsafeBufferPointer<Float>?, nanoseconds: Int) {
    base.opEnded(output: output, nanoseconds: 12_345)
  }
  public func opFailed(nanoseconds: Int) { base.opFailed(nanoseconds: 12_345) }
  public func passBegan(_ pass: PassDescription) { base.passBegan(pass) }
  public func passEnded(nanoseconds: Int) { base.passEnded(nanoseconds: 1_000_000) }
  public func passFailed(nanoseconds: Int) { base.passFailed(nanoseconds: 1_000_000) }
}
