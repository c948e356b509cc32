/// An engine buffer that is not a tile.
public struct BufferDescription: Sendable {
  /// Unique within a run, counting from 1.
  public let id: Int
  public let category: MemoryCategory
  /// What it holds: `blk.0 kv 0..<16`, `ffn_gate`, `packed weights`, …
  public let name: String
  public let bytes: Int

  @inlinable public init(id: Int, category: MemoryCategory, name: String, bytes: Int) {
    self.id = id
    self.category = category
    self.name = name
    self.bytes = bytes
  }
}

/// An allocation that would have exceeded the memory budget, and was not made.
public struct AllocationFailure: Equatable, Sendable {
  public let category: MemoryCategory
  /// What it was to hold: `blk.0 kv 0..<16`, `blk.3.ffn_up.weight rows 0..<64`, …
  public let name: String
  /// Bytes that it asked for.
  public let bytes: Int
  /// Bytes that were alive.
  public let live: MemoryUse
  /// Bytes that may be alive together.
  public let budget: Int
  /// The worker that asked, counting from 0.
  public let thread: Int

  public init(
    category: MemoryCategory, name: String, bytes: Int, live: MemoryUse, budget: Int, thread: Int
  ) {
    self.category = category
    self.name = name
    self.bytes = bytes
    self.live = live
    self.budget = budget
    self.thread = thread
  }
}
