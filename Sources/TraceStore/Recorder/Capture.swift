/// How much of a run a trace keeps beside its events.
public enum Capture: String, CaseIterable, Sendable {
  /// Events, tiles and products alone.
  case none
  /// Also statistics of every operation's output and of every weight tile's values.
  case stats
  /// Also every operation's whole output.
  case values
}
