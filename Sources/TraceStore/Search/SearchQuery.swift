/// Which steps a search looks at.
public enum SearchScope: Sendable, Equatable {
  case everywhere
  /// The steps of some operations, by their row in `_node`.
  case nodes([Int])
  /// Some ranges of steps, in order, none of which overlap.
  case ranges([ClosedRange<Int>])
}

/// The SQL of a search: the candidate steps of an expression within a scope, as fine as what the
/// expression speaks of.
///
/// The tables have one-letter aliases: `e` _event, `m` _memory, `o` _op, `n` _node, `p` pass, `c`
/// token, `t` tile, `w` weight_tile, `s` tensor, `x` matmul, `k` kv_append, `q` the peaks so far.
struct SearchQuery {
  /// What is looked at, one step each.
  enum Grain {
    case event, tile, matmul, append, opStart, opEnd, pass, peak
  }

  let grain: Grain
  let objects: Set<SearchObject>
  let nodes: [Int]?
  private let schema: Int

  /// - Parameter schema: of the trace; older ones lack some columns.
  init(_ expression: SearchExpression?, scope: SearchScope, schema: Int) {
    self.schema = schema
    objects = expression?.objects ?? []
    if case .nodes(let nodes) = scope { self.nodes = nodes } else { nodes = nil }
    if let expression {
      grain =
        expression.isPeak
        ? .peak : expression.isOfPass ? (nodes == nil ? .pass : .opStart) : Self.grain(of: objects)
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
  private var source: (table: String, step: String) {
    switch grain {
    case .event: ("_event AS e", "e.step")
    case .tile: ("\(table("tile")) AS t", "t.id")
    case .matmul: ("matmul AS x", "x.step")
    case .append: ("\(table("kv_append")) AS k", "k.step")
    case .opStart: ("_op AS o", "o.first_step")
    case .opEnd: ("_op AS o", "o.last_step")
    case .pass: ("\(table("pass")) AS p", "p.first_step")
    case .peak:
      ("(SELECT id AS step, max(total) OVER (ORDER BY id) AS peak FROM _memory) AS q", "q.step")
    }
  }

  /// A table with the columns that the trace's schema does not have, as its time had them.
  private func table(_ name: String) -> String {
    var added: [String] = []
    if name == "pass", schema < 3 {
      added = ["strategy", "tile_rows", "kv_type"].map {
        "(SELECT value FROM meta WHERE key = '\($0)') AS \($0)"
      }
    }
    if name == "token", schema < 3 { added.append("0 AS is_forced") }
    if schema < 2 {
      if name == "pass" { added += ["1 AS sequences", "1 AS is_finished"] }
      if name == "tile" { added.append("NULL AS in_buffer") }
      if name == "kv_append" { added.append("0 AS sequence") }
    }
    return added.isEmpty ? name : "(SELECT *, \(added.joined(separator: ", ")) FROM \(name))"
  }

  /// Whether it needs to know, at each event, what was the last to be appended to the KV cache.
  var readsKVAtEvents: Bool { grain == .event && objects.contains(.kv) }

  private var isByOp: Bool { grain == .opStart || grain == .opEnd }

  /// Whether one operation after the other is gone through, and the steps of each.
  private var isWithinOps: Bool { nodes != nil && grain != .peak && !isByOp }

  /// - Parameters:
  ///   - result: what to select, over the aliases.
  ///   - condition: SQL that is true where to stop; `nil` stops anywhere.
  ///   - steps: where to look.
  ///   - ops: the operations that lie in `steps`, wholly or in part.
  ///   - kept: SQL that is true of an append `a` that is in the KV cache at event `e`.
  func sql(
    selecting result: String, where condition: String?, steps: ClosedRange<Int>,
    ops: ClosedRange<Int>, keeping kept: String, backwards: Bool
  ) -> String {
    let (table, step) = source
    var tables = [isWithinOps ? "_op AS o" : table]
    var conditions = ["\(step) BETWEEN \(steps.lowerBound) AND \(steps.upperBound)"]
    var order = [step]
    if isWithinOps || isByOp {
      conditions.append("o.id BETWEEN \(ops.lowerBound) AND \(ops.upperBound)")
      order = isByOp ? ["o.id"] : ["o.id", step]
      if let nodes {
        conditions.append("o.node IN (\(nodes.map(String.init).joined(separator: ", ")))")
      }
      if isWithinOps {
        tables.append("CROSS JOIN \(table) ON \(step) BETWEEN o.first_step AND o.last_step")
      }
    }
    if let condition, grain == .event, objects == [.mem] {
      // There are far fewer states of memory than steps: each is judged once.
      conditions.append(
        "e.memory IN (SELECT m.id FROM _memory AS m WHERE m.id <= \(steps.upperBound)"
          + " AND \(condition))")
    } else {
      tables += joins(from: step, keeping: kept)
      if let condition { conditions.append(condition) }
    }
    let direction = backwards ? " DESC" : ""
    return """
      SELECT \(step), \(result) FROM \(tables.joined(separator: " "))
      WHERE \(conditions.joined(separator: " AND "))
      ORDER BY \(order.map { $0 + direction }.joined(separator: ", ")) LIMIT 1
      """
  }

  /// The tables that the expression needs beside the one that is gone through.
  private func joins(from step: String, keeping kept: String) -> [String] {
    func speaks(of some: SearchObject...) -> Bool { !objects.isDisjoint(with: some) }
    var joins: [String] = []
    if grain == .peak { return [] }
    let isInTile = [.event, .tile, .matmul].contains(grain)
    let needsTile = isInTile && speaks(of: .tile, .matmul, .tensor)
    let needsOp = speaks(of: .op, .tensor) || (grain == .event && speaks(of: .event))
    let needsPass = speaks(of: .pass, .token)
    let needsMemory = speaks(of: .mem, .kv)
    if grain != .event, needsMemory || (!isByOp && !isWithinOps && (needsOp || needsPass)) {
      if grain != .pass || needsMemory { joins.append("LEFT JOIN _event AS e ON e.step = \(step)") }
    }
    if needsMemory { joins.append("LEFT JOIN _memory AS m ON m.id = e.memory") }
    let hasOp = isByOp || isWithinOps
    if !hasOp, grain != .pass, needsOp || needsPass || (grain == .event && needsTile) {
      joins.append("LEFT JOIN _op AS o ON o.id = e.op")
    }
    if needsOp { joins.append("LEFT JOIN _node AS n ON n.id = o.node") }
    if grain == .event {
      if needsTile {
        joins.append("LEFT JOIN matmul AS x ON x.step = e.step")
        joins.append("LEFT JOIN \(table("tile")) AS t ON t.id = \(Self.tileAtEvent)")
      }
      if readsKVAtEvents {
        joins.append(
          "LEFT JOIN \(table("kv_append")) AS k ON k.step = "
            + "(SELECT a.step FROM kv_append AS a WHERE \(kept) ORDER BY a.step DESC LIMIT 1)")
      }
    } else if grain == .matmul, needsTile {
      joins.append("LEFT JOIN \(table("tile")) AS t ON t.id = x.tile")
    }
    if needsTile {
      joins.append("LEFT JOIN weight_tile AS w ON w.id = t.weight_tile")
    }
    if speaks(of: .tensor, .tile) {
      let tensor =
        grain == .matmul
        ? "x.tensor"
        : needsTile ? "coalesce(w.tensor, \(needsOp ? "n.tensor" : "NULL"))" : "n.tensor"
      joins.append("LEFT JOIN tensor AS s ON s.id = \(tensor)")
    }
    if needsPass, grain != .pass {
      joins.append("LEFT JOIN \(table("pass")) AS p ON p.id = o.pass")
    }
    if speaks(of: .token) {
      // The last that went in: of the last sequence, where there are several.
      joins.append(
        """
        LEFT JOIN \(table("token")) AS c ON c.branch = p.branch AND c.sequence = \(schema < 2 ? "0" : """
          CASE WHEN p.sequences = 1 THEN p.sequence
          ELSE (SELECT max(sequence) FROM token WHERE pass = p.id) END
          """)
        AND c.position = \(schema < 2 ? "p.first_position + p.tokens - 1" : """
          CASE WHEN p.sequences = 1 THEN p.first_position + p.tokens - 1
          ELSE (SELECT max(position) FROM token WHERE pass = p.id AND sequence = c.sequence) END
          """)
        """)
    }
    return joins
  }

  /// The tile that was made, read or freed at an event; it is freed in the operation in which it
  /// was made, or at the end of a layer or pass.
  private static let tileAtEvent = """
    CASE e.kind WHEN 0 THEN e.step WHEN 1 THEN x.tile
    WHEN 2 THEN (SELECT max(id) FROM tile WHERE freed_step = e.step AND id < e.step
      AND id >= coalesce(o.first_step,
        (SELECT max(first_step) FROM pass WHERE first_step <= e.step), 1)) END
    """
}
