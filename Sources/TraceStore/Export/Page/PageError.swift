/// What is wrong with what a page was asked to show.
public enum PageError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The trace has no pass of that number.
  case noSuchPass(path: String, pass: Int, count: Int)

  public var description: String {
    switch self {
    case .noSuchPass(let path, let pass, let count):
      count == 0
        ? "\(path): has no pass \(pass), and no other; leave --pass out."
        : "\(path): has no pass \(pass); its passes are 1 to \(count)."
    }
  }
}
