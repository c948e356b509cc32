import Events

/// What a recording came to: the passes that were finished, and what was
/// written.
public struct TraceSummary: Equatable, Sendable {
  public var passes = 0
  public var events = 0
  public var tiles = 0
  /// Bytes alive by category at the first moment of the highest total.
  public var peak = MemoryUse()
  /// The step of that moment; 0 where nothing was recorded.
  public var peakStep = 0
  /// The most bytes alive in each category, each at its own moment.
  public var peaks = MemoryUse()
  /// Bytes of all tiles that were ever made, added up: what went through memory, not what stayed.
  public var bytesDequantized = 0
  /// Bytes of the trace.
  public var fileBytes = 0
}
