/// An allocation that would have passed the memory budget, and was not made.
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

  /// Bytes by which it would have passed the budget.
  public var excess: Int { bytes - (budget - live.total) }

  /// What may help, to follow a semicolon.
  public static func advice(for category: MemoryCategory) -> String {
    switch category {
    case .weights: "give a larger --memory-budget, or take a smaller model"
    case .weightsDequantized:
      "try another --strategy, fewer --tile-rows or a larger --memory-budget"
    case .kvCache: "try a smaller --kv-type, fewer tokens or a larger --memory-budget"
    case .activations, .workspace:
      "split the prompt with --ubatch, or give a larger --memory-budget"
    case .logits: "give a larger --memory-budget"
    }
  }
}
