import Inference

/// What a condition can speak of: the objects that stand at a step, by the names that the debugger
/// prints them by.
public enum SearchObject: String, CaseIterable, Sendable {
  case event, op, tile, tensor, matmul, token, pass, mem, kv

  /// The names of its columns, in the order in which they are shown.
  public var columns: [String] { expressions.map(\.name) }

  /// The SQL of a column, over the aliases of ``SearchTable``; `nil` where there is none such.
  func sql(of column: String) -> String? {
    expressions.first { $0.name == column }?.sql
  }

  /// Whether a column is a number wherever it is not NULL.
  func isNumber(_ column: String) -> Bool {
    switch (self, column) {
    case (.event, "kind"), (.event, "op"), (.event, "buffer"), (.event, "category"), (.op, "name"),
      (.op, "kind"), (.op, "inputs"), (.op, "tensor"), (.tile, "tensor"), (.tile, "type"),
      (.tensor, "name"), (.tensor, "role"), (.tensor, "type"), (.token, "text"), (.pass, "kind"),
      (.pass, "strategy"), (.pass, "kv_type"):
      false
    default: true
    }
  }

  /// The most bytes alive up to the event.
  static let peak = "_peak(e.step)"

  /// Each column with its SQL.
  var expressions: [(name: String, sql: String)] {
    switch self {
    case .event:
      let kinds = EventKind.allCases.map { "WHEN \($0.rawValue) THEN '\($0.name)'" }
      return [
        ("step", "e.step"), ("kind", "CASE e.kind \(kinds.joined(separator: " ")) END"),
        ("op", "n.name"), ("thread", "e.thread"),
      ] + Self.buffer
    case .op:
      return Self.plain(["id", "pass"], of: "o") + Self.plain(["name", "kind", "layer"], of: "n")
        + [("inputs", "n.inputs"), ("tensor", "(SELECT name FROM tensor WHERE id = n.tensor)")]
        + Self.plain(
          [
            "rows", "cols", "first_step", "last_step", "duration_ns", "sum", "min", "max", "rms",
          ], of: "o") + [("mean", "o.sum / (o.rows * o.cols)")]
    case .tile:
      return Self.plain(["id", "weight_tile"], of: "t") + [("tensor", "u.name")]
        + Self.plain(["first_row", "rows"], of: "w") + [("cols", "u.cols")]
        + Self.plain(["packed_bytes"], of: "w")
        + Self.plain(
          [
            "type", "bytes", "made_step", "used_step", "freed_step", "in_buffer", "dequantize_ns",
          ], of: "t") + Self.plain(["value_min", "value_max", "value_mean", "value_rms"], of: "w")
    case .tensor:
      return Self.plain(
        [
          "id", "name", "layer", "role", "type", "rows", "cols", "bytes", "file_offset", "bpw",
        ], of: "s")
    case .matmul:
      return Self.plain(["m", "k", "n"], of: "x")
        + [("first_row", "coalesce(x.first_row, w.first_row)")]
        + Self.plain(["tile", "flops", "duration_ns"], of: "x")
    case .token:
      return Self.plain(
        ["id", "text", "branch", "sequence", "position", "is_prompt", "is_forced", "logprob"],
        of: "c")
    case .pass:
      return Self.plain(
        [
          "id", "kind", "first_position", "tokens", "first_step", "last_step", "branch",
          "sequence", "sequences", "strategy", "tile_rows", "kv_type", "is_finished",
          "duration_ns",
        ], of: "p") + [("ops", "p.last_op + 1 - p.first_op")]
    case .mem:
      return (["live"] + MemoryCategory.allCases.map(\.name)).map {
        ($0, "_mem_\($0)(\(SearchTable.stateOfEvent))")
      }
    case .kv:
      return [
        ("bytes", "k.cache_bytes"), ("reserved", "_mem_kv_cache(\(SearchTable.stateOfEvent))"),
      ]
        + Self.plain(["layer", "sequence", "position", "key_bytes", "value_bytes"], of: "k")
        + [("positions", "k.position + 1")]
    }
  }

  /// The buffer that an event takes or returns, or that the memory budget refused it. A tile that
  /// lies in another buffer is none.
  private static let buffer = [
    (
      name: "buffer",
      sql: "coalesce(\(nameOfTile), (SELECT name FROM _label WHERE id = a.label), f.name)"
    ),
    (
      name: "category",
      sql: "coalesce(CASE WHEN y.id > 0 THEN 'weights_dequantized' END, "
        + "(SELECT category FROM _label WHERE id = a.label), f.category)"
    ),
    (name: "bytes", sql: "_bytes(e.step)"),
    (name: "live", sql: "f.live"), (name: "budget", sql: "f.budget"),
  ]

  private static let nameOfTile = """
    (SELECT name FROM tensor WHERE id = y.tensor)
      || ' rows ' || y.first_row || '..<' || (y.first_row + y.rows)
    """

  private static func plain(_ names: [String], of alias: String) -> [(name: String, sql: String)] {
    names.map { ($0, "\(alias).\($0)") }
  }
}
