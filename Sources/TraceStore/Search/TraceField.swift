import Events

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

  /// The names that it can have, where no step adds to them.
  enum Names: Equatable, Sendable {
    case listed([String])
    /// Of what the trace lists.
    case ops, opKinds, tensors, tensorRoles, tensorTypes
  }

  public let name: String
  public let kind: Kind
  /// Over the aliases of ``SearchTable``.
  let sql: String
  /// The same where events are gone through, at one of ``kinds`` where there are such.
  let sqlAtEvents: String
  /// The kinds of event that it is not NULL at, where it is NULL at all others.
  let kinds: [EventKind]?
  /// `nil` for a field that is not a name, or that can have any.
  let names: Names?
  /// Whether `print` leaves it out at steps that have none.
  public var isLeftOut: Bool { kinds != nil }

  /// - Parameter atEvents: the same for less where one event after the other is looked at.
  init(
    _ kind: Kind, _ name: String, _ sql: String, atEvents: String? = nil, names: Names? = nil
  ) {
    (self.kind, self.name, self.sql, kinds, self.names) = (kind, name, sql, nil, names)
    sqlAtEvents = atEvents ?? sql
  }

  /// - Parameter isGuarded: whether SQL of its own says that it is NULL at other kinds.
  init(
    _ kind: Kind, _ name: String, _ sql: String, at kinds: [EventKind], isGuarded: Bool = true,
    names: Names? = nil
  ) {
    (self.kind, self.name, sqlAtEvents, self.kinds, self.names) = (kind, name, sql, kinds, names)
    self.sql = isGuarded ? sql : "CASE WHEN \(Self.isEvent(of: kinds)) THEN \(sql) END"
  }

  /// Whether the event `e` is of one of these kinds. A list of more than two would be an index.
  static func isEvent(of kinds: [EventKind]) -> String {
    "\(kinds.reduce(0) { $0 | 1 << $1.rawValue }) >> e.kind & 1"
  }
}
