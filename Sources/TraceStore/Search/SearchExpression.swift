/// A condition over what is at a step: an SQL expression over the fields and words of
/// ``TraceObject``.
///
/// Sizes and times can carry a unit: `mem.live > 64MiB`, `op.duration_ns > 5 ms`. Names and units
/// are the same in capitals.
public struct SearchExpression: Sendable, Equatable {
  /// As it was typed.
  public let text: String
  /// What it speaks of.
  public let objects: Set<TraceObject>
  /// The tables that it needs, in the order in which it speaks of them.
  var tables: [SearchTable] { tokens.flatMap(\.tables) }
  /// Whether it speaks of nothing finer than a pass, and so is the same throughout one.
  public var isOfPass: Bool { objects.isSubset(of: [.pass, .token]) }
  let tokens: [SearchToken]
  /// The expression over the aliases of ``SearchTable``.
  let sql: String

  public static func == (left: Self, right: Self) -> Bool { left.text == right.text }

  /// Reads an expression; ``Trace/check(_:)`` says whether SQLite can make sense of it.
  ///
  /// - Throws: ``TraceError/sql(message:query:offset:)`` with the place of the error.
  public init(_ text: String) throws(TraceError) {
    var reader = ExpressionReader(text)
    tokens = try reader.read()
    self.text = text
    objects = Set(tokens.compactMap(\.object))
    sql = tokens.map(\.sql).joined()
  }

  /// The parts that AND joins outside of parentheses, each of which can be judged as soon as the
  /// tables that it needs are joined.
  var conjuncts: [[SearchToken]] {
    var parts: [[SearchToken]] = [[]]
    var (depth, betweens) = (0, 0)
    for token in tokens {
      switch token.kind {
      case .mark("("), .word("CASE"): depth += 1
      case .mark(")"), .word("END"): depth -= 1
      case .word("OR") where depth == 0: return [tokens]
      case .word("BETWEEN") where depth == 0: betweens += 1
      case .word("AND") where depth == 0 && betweens > 0: betweens -= 1
      case .word("AND") where depth == 0:
        parts.append([])
        continue
      default: break
      }
      parts[parts.count - 1].append(token)
    }
    return parts
  }

  /// The byte of ``text`` that a byte of ``sql`` comes from.
  func textOffset(ofSQL offset: Int) -> Int {
    var start = 0
    for token in tokens {
      let length = token.sql.utf8.count
      if offset < start + length { return token.place(ofSQL: offset - start) }
      start += length
    }
    return text.utf8.count
  }
}

/// A word, number, text, mark or space of a condition.
struct SearchToken: Sendable {
  enum Kind: Sendable, Equatable {
    case field(TraceObject, TraceField)
    /// A word of SQL or the name of a function, in capitals.
    case word(String)
    /// A text in quotes, without them.
    case text(String)
    case number(String)
    case mark(Character)
    case space
  }

  let kind: Kind
  let sql: String
  /// The bytes of the expression that it was read from.
  let place: Range<Int>

  /// What it speaks of.
  var object: TraceObject? {
    if case .field(let object, _) = kind { object } else { nil }
  }

  /// The tables that it needs.
  var tables: [SearchTable] { object == nil ? [] : SearchTable.named(in: sql) }

  /// The byte of the expression that a byte of ``sql`` comes from.
  func place(ofSQL offset: Int) -> Int {
    sql.utf8.count == place.count ? place.lowerBound + offset : place.lowerBound
  }
}
