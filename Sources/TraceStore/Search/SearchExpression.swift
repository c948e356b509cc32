/// A condition over what stands at a step: an SQL expression over `event`, `op`, `tile`, `tensor`,
/// `matmul`, `token`, `pass`, `mem` and `kv` and their columns, and over `peak`, the most bytes alive
/// so far.
///
/// Sizes and times can carry a unit: `mem.live > 64MiB`, `op.duration_ns > 5 ms`. Names and units are
/// the same in capitals.
public struct SearchExpression: Sendable, Equatable {
  /// As it was typed.
  public let text: String
  /// What it speaks of; `peak` is of `mem`.
  public let objects: Set<SearchObject>
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
    case column(SearchObject, String)
    case peak
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
  var object: SearchObject? {
    switch kind {
    case .column(let object, _): object
    case .peak: .mem
    default: nil
    }
  }

  /// The tables that it needs.
  var tables: Set<SearchTable> { object == nil ? [] : SearchTable.named(in: sql) }

  /// The byte of the expression that a byte of ``sql`` comes from.
  func place(ofSQL offset: Int) -> Int {
    sql.utf8.count == place.count ? place.lowerBound + offset : place.lowerBound
  }
}
