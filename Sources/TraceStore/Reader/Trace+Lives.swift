/// When a tile was made and when it was freed.
public struct TraceTileLife: Equatable, Sendable {
  public let madeStep: Int
  /// `nil` for one that is never freed.
  public let freedStep: Int?

  /// Whether it is there right after a step.
  public func isAlive(at step: Int) -> Bool {
    madeStep <= step && (freedStep ?? .max) > step
  }
}

extension Trace {
  /// The lives of the tiles that were made in a range of steps, in the order in which they were.
  ///
  /// - Complexity: O(tiles made in the range).
  public func tileLives(madeIn steps: ClosedRange<Int>) throws(TraceError) -> [TraceTileLife] {
    try all(
      "SELECT id, freed_step FROM tile WHERE id BETWEEN ? AND ? ORDER BY id",
      [steps.lowerBound, steps.upperBound]
    ) { row in TraceTileLife(madeStep: try row[0], freedStep: try row[1]) }
  }
}
