/// Which steps a search looks at.
public enum SearchScope: Sendable, Equatable {
  case everywhere
  /// The steps of some operations, by their row in `_node`.
  case nodes([Int])
  /// Some ranges of steps, in order, none of which overlap.
  case ranges([ClosedRange<Int>])
}

/// The SQL of a search: the candidate steps of an expression within a scope, as fine as what the
/// expression speaks of. Tables have the aliases of ``SearchTable``.
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
  /// So many events are gone through one by one: it is not worth reading anything ahead for them.
  private let few: Int

  /// - Parameter few: so many events are gone through one by one.
  init(_ expression: SearchExpression?, scope: SearchScope, few: Int) {
    self.few = few
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
  private static func grain(of objects: Set<SearchObject>) -> Grain {
    if objects.contains(.event) { return .event }
    if objects.contains(.kv) && !objects.isDisjoint(with: [.tile, .matmul]) { return .event }
    if objects.contains(.matmul) { return .matmul }
    if objects.contains(.tile) { return .tile }
    if objects.contains(.kv) { return .append }
    if objects.contains(.mem) { return .event }
    return .opEnd
  }

  /// The table that is gone through, and what gives its step.
  private var source: (table: String, alias: SearchTable, step: String) {
    switch grain {
    case .event: ("_event AS e", .event, "e.step")
    case .tile: ("tile AS t", .tile, "t.id")
    case .matmul: ("matmul AS x", .matmul, "x.step")
    case .append: ("kv_append AS k", .append, "k.step")
    case .opStart: ("_op AS o", .op, "o.first_step")
    case .opEnd: ("_op AS o", .op, "o.last_step")
    case .pass: ("pass AS p", .pass, "p.first_step")
    }
  }

  /// Whether it needs to know, at each event, what was the last to be appended to the KV cache.
  var readsKVAtEvents: Bool { grain == .event && expression?.objects.contains(.kv) == true }

  /// Whether it is worth reading ahead, for so many events, what they have to do with.
  private func isLong(_ steps: ClosedRange<Int>) -> Bool { grain == .event && steps.count > few }

  private var isByOp: Bool { grain == .opStart || grain == .opEnd }

  /// Whether one operation after the other is gone through, and the steps of each.
  private var isWithinOps: Bool { nodes != nil && !isByOp }

  /// - Parameters:
  ///   - selectsValue: whether the second column is the value of the expression; else it is NULL.
  ///   - filter: where to stop.
  ///   - steps: where to look.
  ///   - ops: the operations that lie in `steps`, wholly or in part.
  func sql(
    selectingValue selectsValue: Bool, where filter: Filter, steps: ClosedRange<Int>,
    ops: ClosedRange<Int>, backwards: Bool
  ) -> String {
    let (table, alias, step) = source
    var tables = [isWithinOps ? "_op AS o" : table]
    var joined: Set = [alias]
    var conditions = ["\(step) BETWEEN \(steps.lowerBound) AND \(steps.upperBound)"]
    var order = [step]
    if isWithinOps || isByOp {
      joined.insert(.op)
      conditions.append("o.id BETWEEN \(ops.lowerBound) AND \(ops.upperBound)")
      order = isByOp ? ["o.id"] : ["o.id", step]
      if let nodes {
        conditions.append("o.node IN (\(nodes.map(String.init).joined(separator: ", ")))")
      }
      if isWithinOps {
        tables.append("CROSS JOIN \(table) ON \(step) BETWEEN o.first_step AND o.last_step")
      }
    }
    var needs = Needs()
    if let condition = condition(filter, in: steps, ops: ops, needs: &needs) {
      conditions.append(condition)
    }
    var value = "NULL"
    if selectsValue, let expression {
      value = "(\(expression.sql))"
      needs.tables.formUnion(expression.tokens.flatMap(\.tables))
    }
    let isLong = isLong(steps)
    if isLong, needs.tables.contains(.token) { needs.sets.append(lastTokens(in: steps)) }
    tables += joins(to: needs.tables, having: joined, isLong: isLong)
    let direction = backwards ? " DESC" : ""
    let with = needs.sets.isEmpty ? "" : "WITH \(needs.sets.joined(separator: ", "))"
    return """
      \(with) SELECT \(step), \(value) FROM \(tables.joined(separator: " "))
      WHERE \(conditions.joined(separator: " AND "))
      ORDER BY \(order.map { $0 + direction }.joined(separator: ", ")) LIMIT 1
      """
  }

  // MARK: - The condition

  /// What a condition reads.
  private struct Needs {
    var tables: Set<SearchTable> = []
    /// The definitions of ``SearchSets``.
    var sets: [String] = []
  }

  private func condition(
    _ filter: Filter, in steps: ClosedRange<Int>, ops: ClosedRange<Int>,
    needs: inout Needs
  ) -> String? {
    guard let expression else { return nil }
    let tree = SearchTree(expression.tokens[...])
    switch (filter, tree) {
    case (.none, _): return nil
    case (.isUnderstood, _):
      needs.tables.formUnion(expression.tokens.flatMap(\.tables))
      return "(\(expression.sql))"
    case (.holds, _): return truth(of: tree, in: steps, ops: ops, needs: &needs)
    case (.differs(let value), .piece(let tokens)):
      return judged(
        "coalesce((\(tokens.map(\.sql).joined())), 0) IS NOT \(value.literal)", tokens, in: steps,
        ops: ops, needs: &needs)
    case (.differs(let value), _):
      return "\(truth(of: tree, in: steps, ops: ops, needs: &needs)) IS NOT \(value.literal)"
    }
  }

  /// SQL that is 1 where the condition holds and 0 elsewhere. SQLite judges what AND joins as soon
  /// as it has the tables that it needs.
  private func truth(
    of tree: SearchTree, in steps: ClosedRange<Int>, ops: ClosedRange<Int>,
    needs: inout Needs
  ) -> String {
    switch tree {
    case .all(let parts), .any(let parts):
      var pieces: [String] = []
      for part in parts { pieces.append(truth(of: part, in: steps, ops: ops, needs: &needs)) }
      if case .all = tree { return "(\(pieces.joined(separator: " AND ")))" }
      return "(\(pieces.joined(separator: " OR ")))"
    case .piece(let tokens):
      // Not NULL, whatever is not there: SQLite would join in an order of its own, and sort.
      return judged(
        "coalesce((\(tokens.map(\.sql).joined())), 0)", tokens, in: steps, ops: ops,
        needs: &needs)
    }
  }

  /// A piece that speaks of the pass alone is judged once for each pass; so is, where many events are
  /// gone through, one that speaks of memory, operations, tiles, products or buffers alone: each of
  /// them is read once then, and not looked for at every event.
  private func judged(
    _ sql: String, _ tokens: ArraySlice<SearchToken>, in steps: ClosedRange<Int>,
    ops: ClosedRange<Int>, needs: inout Needs
  ) -> String {
    let tables = Set(tokens.flatMap(\.tables))
    if !tables.isEmpty, tables.isSubset(of: [.pass, .token]), grain != .pass {
      // 0 stands for what is in no pass.
      return """
        coalesce(\(passID), 0) IN (
          SELECT z.id FROM (SELECT id FROM pass UNION ALL SELECT 0) AS z
          LEFT JOIN pass AS p ON p.id = z.id \(tables.contains(.token) ? tokenJoin : "")
          WHERE \(sql))
        """
    }
    if isLong(steps) {
      if tables == [.memory] {
        return """
          e.memory IN (
            SELECT e.memory FROM (SELECT id AS memory FROM _memory) AS e
            WHERE e.memory <= \(steps.upperBound) AND \(sql))
          """
      }
      let number = needs.sets.count + 1
      if let sets = SearchSets(of: sql, tables, in: steps, ops: ops, number: number) {
        needs.sets.append(sets.definitions)
        return sets.sql
      }
    }
    needs.tables.formUnion(tables)
    return sql
  }

  /// The parts of some steps that are searched one after the other, or `count` of them at once, from
  /// the end where the search begins: what is near is found before anything is read ahead.
  func parts(
    of steps: ClosedRange<Int>, atOnce count: Int, backwards: Bool
  ) -> [[ClosedRange<Int>]] {
    guard grain == .event, expression != nil, few > 0, steps.count > 2 * few else {
      return [[steps]]
    }
    let (first, last) = (steps.lowerBound, steps.upperBound)
    let near = backwards ? last - few + 1...last : first...first + few - 1
    let far = backwards ? first...last - few : first + few...last
    let length = max(few, (far.count + count - 1) / count)
    var parts = stride(from: far.lowerBound, through: far.upperBound, by: length).map {
      $0...min(far.upperBound, $0 + length - 1)
    }
    if backwards { parts.reverse() }
    return [[near], parts]
  }

  // MARK: - The tables

  /// The joins that bring in the tables needed, and those that they need in turn.
  private func joins(
    to needed: Set<SearchTable>, having joined: Set<SearchTable>, isLong: Bool
  ) -> [String] {
    var wanted = needed.subtracting(joined)
    // Each needs none that stands after it.
    for table in Self.order.reversed() where wanted.contains(table) {
      wanted.formUnion(join(to: table, isLong: isLong).needs.subtracting(joined))
    }
    return Self.order.filter(wanted.contains).map { join(to: $0, isLong: isLong).sql }
  }

  /// The order of the joins: what costs least comes first, since conditions are judged on the way.
  private static let order: [SearchTable] = [
    .event, .op, .node, .pass, .memory, .token, .failure, .eventTile, .eventWeightTile, .allocation,
    .matmul, .tile, .weightTile, .tileTensor, .tensor, .append,
  ]

  private func join(
    to target: SearchTable, isLong: Bool
  ) -> (sql: String, needs: Set<SearchTable>) {
    let isByEvent = grain == .event
    switch target {
    case .event: return ("LEFT JOIN _event AS e ON e.step = \(source.step)", [source.alias])
    case .memory: return ("", [.event])
    case .op: return ("LEFT JOIN _op AS o ON o.id = e.op", [.event])
    case .node: return ("LEFT JOIN _node AS n ON n.id = o.node", [.op])
    case .pass: return ("LEFT JOIN pass AS p ON p.id = \(passID)", [source.alias])
    case .token:
      return isLong
        ? ("LEFT JOIN _last_token AS c ON c.pass = \(passID)", [source.alias])
        : (tokenJoin, [.pass])
    case .failure:
      return (
        "LEFT JOIN failure AS f ON f.step = CASE e.kind WHEN 6 THEN e.step END",
        [.event]
      )
    case .eventTile:
      return (
        "LEFT JOIN tile AS b ON b.id = "
          + "CASE WHEN e.kind IN (0, 2) THEN _tile(e.step) END", [.event]
      )
    case .eventWeightTile: return ("LEFT JOIN \(SearchTable.weightTileOfEvent)", [.eventTile])
    case .allocation:
      return (
        "LEFT JOIN _allocation AS a ON a.id = "
          + "CASE e.kind WHEN 3 THEN e.step WHEN 2 THEN _freed_allocation(e.step) END", [.event]
      )
    case .matmul:
      return ("LEFT JOIN matmul AS x ON x.step = CASE e.kind WHEN 1 THEN e.step END", [.event])
    case .tile:
      return isByEvent
        ? ("LEFT JOIN tile AS t ON t.id = _tile(e.step)", [.event])
        : ("LEFT JOIN tile AS t ON t.id = x.tile", [.matmul])
    case .weightTile: return ("LEFT JOIN weight_tile AS w ON w.id = t.weight_tile", [.tile])
    case .tileTensor: return ("LEFT JOIN tensor AS u ON u.id = w.tensor", [.weightTile])
    case .tensor:
      let (id, needs) = tensorID
      return ("LEFT JOIN tensor AS s ON s.id = \(id)", needs)
    case .append:
      return ("LEFT JOIN kv_append AS k ON k.step = _append(e.step)", [.event])
    }
  }

  /// The pass of what is looked at, which may lie between its operations.
  private var passID: String { "_pass(\(source.step))" }

  /// The tensor of what is looked at.
  private var tensorID: (sql: String, needs: Set<SearchTable>) {
    switch grain {
    case .matmul: ("x.tensor", [.matmul])
    case .tile: ("w.tensor", [.weightTile])
    case .event: ("_tensor(e.step)", [.event])
    case .append, .opStart, .opEnd, .pass: ("n.tensor", [.node])
    }
  }

  /// The definition of a table of the last token of each pass: a row of `token` is long, and slow to
  /// find.
  private func lastTokens(in steps: ClosedRange<Int>) -> String {
    let columns = SearchObject.token.expressions.map { "\($0.sql) AS \($0.name)" }
    return """
      _last_token AS MATERIALIZED (
        SELECT p.id AS pass, \(columns.joined(separator: ", ")) FROM pass AS p \(tokenJoin)
        WHERE p.first_step <= \(steps.upperBound) AND p.last_step >= \(steps.lowerBound))
      """
  }

  /// The last token that went into a pass: of the last sequence, where there are several.
  private var tokenJoin: String {
    let token = "LEFT JOIN token AS c ON c.branch = p.branch"
    let last = "p.first_position + p.tokens - 1"
    let sequence = "(SELECT max(sequence) FROM token WHERE pass = p.id)"
    let position =
      "(SELECT max(position) FROM token WHERE pass = p.id AND sequence = \(sequence))"
    return """
      \(token)
      AND c.sequence = CASE WHEN p.sequences = 1 THEN p.sequence ELSE \(sequence) END
      AND c.position = CASE WHEN p.sequences = 1 THEN \(last) ELSE \(position) END
      """
  }
}
