import Algorithms

extension StringProtocol {
  /// The text without white space at its ends.
  public func trimmingSpaces() -> String { String(trimming(while: \.isWhitespace)) }

  /// The text without spaces at its end.
  public func trimmingTrailingSpaces() -> String { String(trimmingSuffix { $0 == " " }) }
}
