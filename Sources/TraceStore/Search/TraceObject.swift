import Events

/// An object at a step of a trace, by the name that `print` and conditions know it by. Its fields,
/// and the words that need no object, are listed here alone.
public enum TraceObject: String, CaseIterable, Sendable {
  case event, op, tile, tensor, matmul, token, pass, mem, kv

  /// Words that stand for a figure without naming its object.
  public static let words: [(object: TraceObject, field: TraceField)] = [
    (.event, TraceField(.integer, "step", "e.step")),
    // The most bytes alive up to the step.
    (.mem, TraceField(.bytes, "peak", "_peak(e.step)")),
  ]

  /// All that stands before a point, or alone.
  public static let names = allCases.map(\.rawValue) + words.map(\.field.name)
  /// `event.step`, `event.kind` and so on.
  public static let fieldNames = allCases.flatMap { object in
    object.fields.map { "\(object.rawValue).\($0.name)" }
  }

  public static func word(_ name: String) -> (object: TraceObject, field: TraceField)? {
    words.first { $0.field.name == name }
  }

  public func field(_ name: String) -> TraceField? { fields.first { $0.name == name } }

  /// The field that is NULL where there is no such object; `nil` for an object of every step.
  var key: TraceField? {
    switch self {
    case .event, .mem, .kv: nil
    case .matmul: field("m")
    case .op, .tile, .tensor, .token, .pass: field("id")
    }
  }

  /// Its fields, in the order in which they are shown.
  public var fields: [TraceField] {
    switch self {
    case .event:
      let taking: [EventKind] = [.alloc, .dequantize, .free, .fail]
      let kinds = EventKind.allCases.map { "WHEN \($0.rawValue) THEN '\($0.name)'" }
      return [
        .init(.integer, "step", "e.step"),
        .init(
          .text, "kind", "CASE e.kind \(kinds.joined(separator: " ")) END",
          names: .listed(EventKind.allCases.map(\.name))),
        .init(.text, "op", "n.name", names: .ops), .init(.integer, "thread", "e.thread"),
        .init(
          .text, "buffer", Self.ofBuffer("name", ofTile: "_weights_name(t.weight_tile)"),
          at: taking,
          isGuarded: false),
        .init(
          .text, "category",
          Self.ofBuffer(
            "category",
            ofTile: "CASE WHEN t.id NOTNULL THEN '\(MemoryCategory.weightsDequantized.name)' END"),
          at: taking, isGuarded: false, names: .listed(MemoryCategory.allCases.map(\.name))),
        .init(
          .bytes, "bytes", Self.ofBuffer("bytes", ofTile: "t.bytes"), at: taking, isGuarded: false),
        .init(.bytes, "live", "(\(Self.ofFailure("live")))", at: [.fail], isGuarded: false),
        .init(.bytes, "budget", "(\(Self.ofFailure("budget")))", at: [.fail], isGuarded: false),
      ]
    case .op:
      return [
        .init(.integer, "id", "o.id"), .init(.text, "name", "n.name", names: .ops),
        .init(.text, "kind", "n.kind", names: .opKinds), .init(.integer, "pass", "o.pass"),
        .init(.integer, "layer", "n.layer"), .init(.names, "inputs", "n.inputs"),
        .init(.text, "tensor", "(SELECT name FROM tensor WHERE id = n.tensor)", names: .tensors),
        .init(.integer, "rows", "o.rows"), .init(.integer, "cols", "o.cols"),
        .init(.integer, "first_step", "o.first_step"), .init(.integer, "last_step", "o.last_step"),
        .init(.nanoseconds, "duration_ns", "o.duration_ns"), .init(.statistic, "sum", "o.sum"),
        .init(.statistic, "min", "o.min"), .init(.statistic, "max", "o.max"),
        .init(.statistic, "mean", "o.sum / (o.rows * o.cols)"), .init(.statistic, "rms", "o.rms"),
      ]
    case .tile:
      return [
        .init(.integer, "id", "t.id"), .init(.integer, "weight_tile", "t.weight_tile"),
        .init(.text, "tensor", "u.name", names: .tensors),
        .init(.integer, "first_row", "_weights_first_row(t.weight_tile)"),
        .init(.integer, "rows", "_weights_rows(t.weight_tile)"), .init(.integer, "cols", "u.cols"),
        .init(.bytes, "packed_bytes", "_weights_packed_bytes(t.weight_tile)"),
        .init(
          .text, "type", "CASE t.type_code WHEN 1 THEN 'f16' WHEN 0 THEN 'f32' END",
          names: .listed(["f16", "f32"])),
        .init(.bytes, "bytes", "t.bytes"), .init(.integer, "made_step", "t.id"),
        .init(.integer, "used_step", "t.used_step"), .init(.integer, "freed_step", "t.freed_step"),
        .init(.integer, "in_buffer", "t.in_buffer"),
        .init(.nanoseconds, "dequantize_ns", "t.dequantize_ns"),
        .init(.statistic, "value_min", "w.value_min"),
        .init(.statistic, "value_max", "w.value_max"),
        .init(.statistic, "value_mean", "w.value_mean"),
        .init(.statistic, "value_rms", "w.value_rms"),
      ]
    case .tensor:
      return [
        .init(.integer, "id", "s.id"), .init(.text, "name", "s.name", names: .tensors),
        .init(.integer, "layer", "s.layer"), .init(.text, "role", "s.role", names: .tensorRoles),
        .init(.text, "type", "s.type", names: .tensorTypes), .init(.integer, "rows", "s.rows"),
        .init(.integer, "cols", "s.cols"), .init(.bytes, "bytes", "s.bytes"),
        .init(.integer, "file_offset", "s.file_offset"), .init(.real, "bpw", "s.bpw"),
      ]
    case .matmul:
      return [
        .init(.integer, "m", "x.m", at: [.multiply]), .init(.integer, "k", "x.k", at: [.multiply]),
        .init(.integer, "n", "x.n", at: [.multiply]),
        .init(
          .integer, "first_row",
          "coalesce(x.first_row, CASE WHEN x.step NOTNULL THEN "
            + "_weights_first_row(t.weight_tile) END)"),
        .init(.integer, "tile", "CASE WHEN x.step NOTNULL THEN e.step - e.buffer END"),
        .init(.integer, "flops", "2 * x.m * x.k * x.n", at: [.multiply]),
        .init(.nanoseconds, "duration_ns", "x.duration_ns"),
      ]
    case .token:
      let fields: [(TraceField.Kind, String)] = [
        (.integer, "id"), (.characters, "text"), (.integer, "sequence"), (.integer, "position"),
        (.integer, "is_prompt"), (.integer, "is_forced"), (.integer, "branch"),
        (.real, "logprob"),
      ]
      return fields.map { kind, name in
        .init(kind, name, "c.\(name)", atEvents: "_token_\(name)(e.step)")
      }
    case .pass:
      return [
        .init(.integer, "id", "p.id"),
        .init(.text, "kind", "p.kind", names: .listed(["prefill", "decode"])),
        .init(.integer, "first_position", "p.first_position"),
        .init(.integer, "tokens", "p.tokens"), .init(.integer, "first_step", "p.first_step"),
        .init(.integer, "last_step", "p.last_step"),
        .init(.integer, "ops", "p.last_op + 1 - p.first_op"), .init(.integer, "branch", "p.branch"),
        .init(.integer, "sequence", "p.sequence"), .init(.integer, "sequences", "p.sequences"),
        .init(.text, "strategy", "p.strategy"), .init(.integer, "tile_rows", "p.tile_rows"),
        .init(.text, "kv_type", "p.kv_type"), .init(.integer, "is_finished", "p.is_finished"),
        .init(.nanoseconds, "duration_ns", "p.duration_ns"),
      ]
    case .mem:
      return (["live"] + MemoryCategory.allCases.map(\.name)).map {
        .init(.bytes, $0, "_mem_\($0)(e.memory)")
      } + [
        // Of the whole run.
        .init(.bytes, "peak", "(SELECT max(total) FROM _memory)"),
        .init(.integer, "peak_step", "(SELECT id FROM _memory ORDER BY total DESC, id LIMIT 1)"),
      ]
    case .kv:
      return [
        .init(.bytes, "bytes", "coalesce(k.cache_bytes, 0)", atEvents: "_kv_bytes(e.step)"),
        .init(.bytes, "reserved", "_mem_\(MemoryCategory.kvCache.name)(e.memory)"),
        .init(.integer, "layer", "k.layer"), .init(.integer, "sequence", "k.sequence"),
        .init(.integer, "position", "k.position"),
        .init(.integer, "positions", "coalesce(k.position + 1, 0)"),
        .init(.bytes, "key_bytes", "k.key_bytes"), .init(.bytes, "value_bytes", "k.value_bytes"),
      ]
    }
  }

  /// What is known of the buffer that an event makes or frees, or that the memory budget refused
  /// it. A tile that lies in another buffer is not one.
  ///
  /// - Parameter tile: NULL where there is no tile.
  private static func ofBuffer(_ column: String, ofTile tile: String) -> String {
    let allocation =
      "SELECT \(column) FROM _allocation JOIN _label ON _label.id = label"
      + " WHERE _allocation.id = e.step - e.buffer"
    return """
      CASE WHEN t.in_buffer IS NULL
        THEN coalesce(\(tile), (\(allocation)), (\(ofFailure(column)))) END
      """
  }

  private static func ofFailure(_ column: String) -> String {
    "SELECT \(column) FROM failure WHERE failure.step = e.step"
  }
}
