import Events

/// The tables of a search: the one that is gone through, and those that are looked up for each of
/// its rows by their keys.
struct SearchJoins {
  let grain: SearchQuery.Grain

  init(_ grain: SearchQuery.Grain) { self.grain = grain }

  /// The table that is gone through.
  var table: String {
    switch grain {
    case .event: "_event AS e"
    case .tile: "_tile AS t"
    case .matmul: "_matmul AS x"
    case .append: "kv_append AS k"
    case .opStart, .opEnd: "_op AS o"
    case .pass: "pass AS p"
    }
  }

  var alias: SearchTable {
    switch grain {
    case .event: .event
    case .tile: .tile
    case .matmul: .matmul
    case .append: .append
    case .opStart, .opEnd: .op
    case .pass: .pass
    }
  }

  /// The step of one of its rows.
  var step: String {
    switch grain {
    case .event: "e.step"
    case .tile: "t.id"
    case .matmul: "x.step"
    case .append: "k.step"
    case .opStart: "o.first_step"
    case .opEnd: "o.last_step"
    case .pass: "p.first_step"
    }
  }

  /// The joins that bring in the tables needed, each after those that it needs in turn: in the
  /// order of what a condition says, since SQLite judges each part of it as soon as it can.
  func joins(to needed: [SearchTable], having joined: Set<SearchTable>) -> [String] {
    var (joined, found) = (joined, [String]())
    func add(_ table: SearchTable) {
      guard joined.insert(table).inserted else { return }
      let (sql, needs) = join(to: table)
      needs.forEach(add)
      found.append(sql)
    }
    needed.forEach(add)
    return found
  }

  private func join(to target: SearchTable) -> (sql: String, needs: [SearchTable]) {
    switch target {
    case .event: ("LEFT JOIN _event AS e ON e.step = \(step)", [alias])
    case .op: ("LEFT JOIN _op AS o ON o.id = e.op", [.event])
    case .node: ("LEFT JOIN _node AS n ON n.id = o.node", [.op])
    case .pass: ("LEFT JOIN pass AS p ON p.id = \(pass)", [alias])
    case .token: ("LEFT JOIN _last_token AS c ON c.pass = \(pass)", [alias])
    case .append: ("LEFT JOIN kv_append AS k ON k.step = _append(e.step)", [.event])
    case .matmul:
      (
        "LEFT JOIN _matmul AS x ON x.step = CASE e.kind"
          + " WHEN \(EventKind.multiply.rawValue) THEN e.step END", [.event]
      )
    case .tile: ("LEFT JOIN _tile AS t ON t.id = e.step - e.buffer", [.event])
    case .weightTile: ("LEFT JOIN weight_tile AS w ON w.id = t.weight_tile", [.tile])
    case .tileTensor: ("LEFT JOIN tensor AS u ON u.id = w.tensor", [.weightTile])
    case .tensor: ("LEFT JOIN tensor AS s ON s.id = \(tensor.id)", tensor.needs)
    }
  }

  /// SQL of a field that does without `e` and `t` where products are gone through and ``NearTiles``
  /// knows all that it asks of their tiles.
  func findingTilesNearby(_ sql: String) -> String {
    guard grain == .matmul else { return sql }
    let columns = #/(^|[^A-Za-z0-9_])t\.([a-z_]+)/#
    guard sql.matches(of: columns).allSatisfy({ NearTiles.columns.contains(String($0.2)) }) else {
      return sql
    }
    return sql.replacing(columns) { "\($0.1)_tile_\($0.2)(_product_tile(x.step))" }
  }

  /// The pass of a row, which may lie between its operations.
  private var pass: String { grain == .pass ? "p.id" : "_pass(\(step))" }

  /// The tensor of a row.
  private var tensor: (id: String, needs: [SearchTable]) {
    switch grain {
    case .matmul: ("x.tensor", [.matmul])
    case .tile: ("w.tensor", [.weightTile])
    case .append, .opStart, .opEnd, .pass: ("n.tensor", [.node])
    case .event:
      (
        """
        coalesce(n.tensor, (
          SELECT tensor FROM _tile JOIN weight_tile ON weight_tile.id = weight_tile
          WHERE _tile.id = e.step - e.buffer))
        """, [.node]
      )
    }
  }

  /// The definition of a table of the last token of each pass that some steps lie in.
  func definitions(of needed: [SearchTable], in steps: ClosedRange<Int>) -> String {
    guard needed.contains(.token) else { return "" }
    let isPass = "p.first_step <= \(steps.upperBound) AND p.last_step >= \(steps.lowerBound)"
    return "WITH _last_token AS MATERIALIZED (\(Self.lastTokens(where: isPass)))"
  }

  /// The last token of each of some passes `p`, of the last sequence where there are several: the
  /// pass, and the token's fields in their order. A row of `token` is long, and slow to find.
  static func lastTokens(where isPass: String) -> String {
    let columns = TraceObject.token.fields.map { "\($0.sql) AS \($0.name)" }
    let sequence = "(SELECT max(sequence) FROM token WHERE pass = p.id)"
    let position =
      "(SELECT max(position) FROM token WHERE pass = p.id AND sequence = \(sequence))"
    return """
      SELECT p.id AS pass, \(columns.joined(separator: ", ")) FROM pass AS p
      JOIN token AS c ON c.branch = p.branch
        AND c.sequence = CASE p.sequences WHEN 1 THEN p.sequence ELSE \(sequence) END
        AND c.position = CASE p.sequences
          WHEN 1 THEN p.first_position + p.tokens - 1 ELSE \(position) END
      WHERE \(isPass)
      """
  }
}
