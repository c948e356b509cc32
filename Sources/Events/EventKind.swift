/// What happened at one step; the raw value is how it lies in the trace.
public enum EventKind: Int, CaseIterable, Sendable {
  /// A tile came alive.
  case dequantize = 0
  /// A product was computed.
  case multiply
  /// A tile or another buffer was returned.
  case free
  /// A buffer that is not a tile was taken.
  case alloc
  /// Any other operation's work was done.
  case compute
  /// A position was appended to the KV cache of one layer.
  case append
  /// An allocation would have passed the memory budget.
  case fail

  /// The name in the trace and on screen.
  public var name: String { "\(self)" }

  /// The kind of that name, or `nil`.
  public init?(name: String) {
    guard let kind = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = kind
  }
}
