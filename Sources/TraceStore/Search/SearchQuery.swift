/// Which steps a search looks at.
public enum SearchScope: Sendable, Equatable {
  case everywhere
  /// The steps of some operations, by their row in `_node`.
  case nodes([Int])
  /// Some ranges of steps, in order, none of which overlap.
  case ranges([ClosedRange<Int>])
}

/// The SQL of a search: the candidate steps of an expression within a scope, as fine as what the
/// expression speaks of. Tables have the aliases of ``SearchTable``, and are joined by their keys.
struct SearchQuery {
  /// What is looked at, one step each.
  enum Grain {
    case event, tile, matmul, append, opStart, opEnd, pass
  }

  /// What a step has to fulfil.
  enum Filter {
    case none
    /// The expression is true.
    case holds
    /// The same, as it is written: for SQLite to say what is wrong with it.
    case isUnderstood
    /// The value of the expression is another; NULL counts as 0.
    case differs(from: SQLValue)
  }

  let grain: Grain
  let nodes: [Int]?
  let expression: SearchExpression?

  init(_ expression: SearchExpression?, scope: SearchScope) {
    self.expression = expression
    if case .nodes(let nodes) = scope { self.nodes = nodes } else { nodes = nil }
    if let expression, expression.isOfPass, nodes == nil {
      grain = .pass
    } else if let expression, !expression.isOfPass {
      grain = Self.grain(of: expression.objects)
    } else {
      grain = .opStart
    }
  }

  /// A condition stops where what it speaks of comes into being: a tile where it is made, an
  /// operation where its result is known. The event and memory have a say at every step.
  private static func grain(of objects: Set<TraceObject>) -> Grain {
    if objects.contains(.event) { return .event }
    if objects.contains(.kv) && !objects.isDisjoint(with: [.tile, .matmul]) { return .event }
    if objects.contains(.matmul) { return .matmul }
    if objects.contains(.tile) { return .tile }
    if objects.contains(.kv) { return .append }
    if objects.contains(.mem) { return .event }
    return .opEnd
  }

  /// Whether it needs to know, at each event, what was the last to be appended to the KV cache.
  var readsKVAtEvents: Bool { grain == .event && expression?.objects.contains(.kv) == true }

  /// Whether one operation after the other is gone through, and the steps of each.
  private var isWithinOps: Bool { nodes != nil && !isByOp }
  private var isByOp: Bool { grain == .opStart || grain == .opEnd }
  /// Whether it needs to know the operations that lie in its steps.
  var readsOps: Bool { isByOp || isWithinOps }

  /// - Parameters:
  ///   - selectsValue: whether the second column is the value of the expression; else it is NULL.
  ///   - filter: where to stop.
  ///   - steps: where to look.
  ///   - ops: the operations that lie in `steps`, wholly or in part, where it ``readsOps``.
  func sql(
    selectingValue selectsValue: Bool, where filter: Filter, steps: ClosedRange<Int>,
    ops: ClosedRange<Int>?, backwards: Bool
  ) -> String {
    let source = SearchJoins(grain)
    var tables = [isWithinOps ? "_op AS o" : source.table]
    var joined: Set = [source.alias]
    var conditions = ["\(source.step) BETWEEN \(steps.lowerBound) AND \(steps.upperBound)"]
    var order = [source.step]
    if let ops {
      joined.insert(.op)
      conditions.append("o.id BETWEEN \(ops.lowerBound) AND \(ops.upperBound)")
      order = isByOp ? ["o.id"] : ["o.id", source.step]
      if let nodes {
        conditions.append("o.node IN (\(nodes.map(String.init).joined(separator: ", ")))")
      }
      if isWithinOps {
        tables.append(
          "CROSS JOIN \(source.table) ON \(source.step) BETWEEN o.first_step AND o.last_step")
      }
    }
    let value = selectsValue ? expression?.sql : nil
    let filters = self.conditions(filter)
    conditions += filters.sql
    let needed = (value == nil ? [] : expression?.tables ?? []) + filters.tables
    tables += source.joins(to: needed, having: joined)
    let direction = backwards ? " DESC" : ""
    return """
      \(source.definitions(of: needed, in: steps))
      SELECT \(source.step), \(value.map { "(\($0))" } ?? "NULL")
      FROM \(tables.joined(separator: " ")) WHERE \(conditions.joined(separator: " AND "))
      ORDER BY \(order.map { $0 + direction }.joined(separator: ", ")) LIMIT 1
      """
  }

  /// Parts of a WHERE clause, and the tables that they name, in that order.
  private typealias Conditions = (sql: [String], tables: [SearchTable])

  /// What a row has to fulfil.
  private func conditions(_ filter: Filter) -> Conditions {
    guard let expression else { return ([], []) }
    switch filter {
    case .none: return ([], [])
    case .holds:
      let parts = expression.conjuncts.map(conditions)
      return (parts.flatMap(\.sql), parts.flatMap(\.tables))
    case .isUnderstood: return (["(\(expression.sql))"], expression.tables)
    case .differs(let value):
      return (["coalesce((\(expression.sql)), 0) IS NOT \(value.literal)"], expression.tables)
    }
  }

  /// A part of a condition, after what an event has to be for it not to be NULL, which is seen
  /// before anything is looked up. Operators make NULL of NULL; words may do otherwise, as do
  /// commas. IS TRUE keeps SQLite from making a LEFT JOIN another join, whose order it would choose,
  /// and then sort.
  private func conditions(_ part: [SearchToken]) -> Conditions {
    let isStrict = part.allSatisfy { token in
      if case .word = token.kind { false } else { token.kind != .mark(",") }
    }
    var found: Conditions = ([], [])
    let sql = part.map { token in
      guard case .field(_, let field) = token.kind else { return token.sql }
      var sql = field.sql
      if grain == .event, isStrict || field.kinds == nil { sql = field.sqlAtEvents }
      if grain == .event, isStrict, let kinds = field.kinds {
        found.sql.append(TraceField.isEvent(of: kinds))
      }
      if nodes == nil { sql = SearchJoins(grain).findingTilesNearby(sql) }
      found.tables += SearchTable.named(in: sql)
      return "(\(sql))"
    }
    found.sql.append("(\(sql.joined())) IS TRUE")
    return found
  }

  /// The parts of some steps that are searched at once, the one where the search begins first.
  ///
  /// - Parameter count: how many there are at most; fewer where a thread is not worth it.
  func parts(
    of steps: ClosedRange<Int>, atMost count: Int, backwards: Bool
  ) -> [ClosedRange<Int>] {
    let count = expression == nil ? 1 : max(1, min(count, steps.count / Self.fewest))
    let length = (steps.count + count - 1) / count
    let parts = stride(from: steps.lowerBound, through: steps.upperBound, by: length).map {
      $0...min(steps.upperBound, $0 + length - 1)
    }
    return backwards ? parts.reversed() : parts
  }

  /// So many steps are searched by one thread before another has begun.
  static let fewest = 10_000
}
