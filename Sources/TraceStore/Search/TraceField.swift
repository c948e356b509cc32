/// A figure of a ``TraceObject``: `print` shows it, and conditions compare it.
public struct TraceField: Equatable, Sendable {
  /// What its values are: how they print, and what they can be compared with.
  public enum Kind: Sendable {
    case integer, bytes, nanoseconds, real
    /// Of values among which there may be a NaN; then it is NULL, as SQLite stores no NaN.
    case statistic
    case text
    /// Characters of the model's text, printed in quotes.
    case characters
    /// A JSON array of names.
    case names

    var isNumber: Bool {
      switch self {
      case .integer, .bytes, .nanoseconds, .real, .statistic: true
      case .text, .characters, .names: false
      }
    }
  }

  public let name: String
  public let kind: Kind
  /// Over the aliases of ``SearchTable``.
  let sql: String
  /// Whether `print` leaves it out at steps that have none.
  public let isLeftOut: Bool

  init(_ kind: Kind, _ name: String, _ sql: String, isLeftOut: Bool = false) {
    (self.kind, self.name, self.sql, self.isLeftOut) = (kind, name, sql, isLeftOut)
  }
}
