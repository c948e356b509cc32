import Events
import Foundation
import TestSupport

@testable import Debugger
@testable import TraceStore

/// A table of every field of every object at every step of a trace, which the sqlite3 shell makes
/// of the trace's tables and views by joins that anybody would write: what conditions and `print`
/// say is compared with it.
struct PlainFields {
  private let session: QuerySession

  init(of trace: String, in folder: ScratchFolder) throws {
    let table = folder.file("plain.sqlite")
    let sql = "ATTACH '\(table)' AS plain; CREATE TABLE plain.fields AS \(Self.query)"
    let shell = try FinishedProgram(
      URL(fileURLWithPath: "/usr/bin/env"), ["sqlite3", trace, sql], in: folder)
    guard shell.code == 0 else { throw TraceError.io(path: trace, reason: shell.errors) }
    session = try QuerySession(database: table)
  }

  /// The value of a field at each step, the first step's first.
  func values(of object: TraceObject, _ field: String) throws -> [SQLValue] {
    try session.result(of: "SELECT \(object.rawValue)_\(field) FROM fields ORDER BY step").rows
      .map { $0[0] }
  }

  /// The steps at which a condition stops, in order.
  func steps(where condition: String) throws -> [Int] {
    let objects = try SearchExpression(condition).objects
    let sql = condition.replacing(#/\b(event|op|tile|tensor|matmul|token|pass|mem|kv)\.(\w+)/#) {
      "\($0.1)_\($0.2)"
    }
    return try session.result(
      of: "SELECT step FROM fields WHERE (\(sql)) AND \(Self.stops(of: objects)) ORDER BY step"
    ).rows.compactMap { Int($0[0].text ?? "") }
  }

  /// Where a condition over some objects can stop: see `help break`.
  private static func stops(of objects: Set<TraceObject>) -> String {
    if objects.contains(.event) { return "true" }
    if objects.isSubset(of: [.pass, .token]) { return "step = pass_first_step" }
    if objects.contains(.kv), !objects.isDisjoint(with: [.tile, .matmul]) { return "true" }
    if objects.contains(.matmul) { return "event_kind = 'multiply'" }
    if objects.contains(.tile) { return "event_kind = 'dequantize'" }
    if objects.contains(.kv) { return "event_kind = 'append'" }
    if objects.contains(.mem) { return "true" }
    return "step = op_last_step"
  }

  private static let categories = MemoryCategory.allCases.map(\.name)

  private static let query = """
    WITH here AS (
      SELECT
        step, kind, thread, op, \(categories.joined(separator: ", ")),
        \(categories.joined(separator: " + ")) AS live,
        (SELECT id FROM pass WHERE event.step BETWEEN first_step AND last_step) AS pass,
        CASE kind
          WHEN 'dequantize' THEN step
          WHEN 'multiply' THEN (SELECT tile FROM matmul WHERE matmul.step = event.step)
          WHEN 'free' THEN (SELECT id FROM tile WHERE freed_step = event.step) END AS tile,
        (SELECT id FROM buffer WHERE event.step IN (allocated_step, freed_step)) AS buffer,
        (SELECT max(step) FROM kv_append WHERE kv_append.step <= event.step) AS append
      FROM event)
    SELECT here.step, max(here.live) OVER (ORDER BY here.step) AS peak,
      here.step AS event_step, here.kind AS event_kind, op.name AS event_op,
      thread AS event_thread, coalesce(buffer.name, failure.name) AS event_buffer,
      coalesce(buffer.category, failure.category) AS event_category,
      coalesce(buffer.bytes, failure.bytes) AS event_bytes, failure.live AS event_live,
      failure.budget AS event_budget,
      op.id AS op_id, op.name AS op_name, op.kind AS op_kind, op.pass AS op_pass,
      op.layer AS op_layer, op.inputs AS op_inputs, weights.name AS op_tensor, op.rows AS op_rows,
      op.cols AS op_cols, op.first_step AS op_first_step, op.last_step AS op_last_step,
      op.duration_ns AS op_duration_ns, op.sum AS op_sum, op.min AS op_min, op.max AS op_max,
      op.mean AS op_mean, op.rms AS op_rms,
      tile.id AS tile_id, weight_tile AS tile_weight_tile, tiled.name AS tile_tensor,
      weight_tile.first_row AS tile_first_row, weight_tile.rows AS tile_rows,
      tiled.cols AS tile_cols, packed_bytes AS tile_packed_bytes, tile.type AS tile_type,
      tile.bytes AS tile_bytes, tile.id AS tile_made_step, used_step AS tile_used_step,
      tile.freed_step AS tile_freed_step, in_buffer AS tile_in_buffer,
      dequantize_ns AS tile_dequantize_ns, weight_tile.value_min AS tile_value_min,
      weight_tile.value_max AS tile_value_max, weight_tile.value_mean AS tile_value_mean, weight_tile.value_rms AS tile_value_rms,
      tensor.id AS tensor_id, tensor.name AS tensor_name, tensor.layer AS tensor_layer,
      tensor.role AS tensor_role, tensor.type AS tensor_type, tensor.rows AS tensor_rows,
      tensor.cols AS tensor_cols, tensor.bytes AS tensor_bytes,
      tensor.file_offset AS tensor_file_offset, tensor.bpw AS tensor_bpw,
      m AS matmul_m, k AS matmul_k, n AS matmul_n,
      coalesce(matmul.first_row, weight_tile.first_row * (m > 0)) AS matmul_first_row,
      matmul.tile AS matmul_tile, 2 * m * k * n AS matmul_flops,
      matmul.duration_ns AS matmul_duration_ns,
      token.id AS token_id, text AS token_text, token.sequence AS token_sequence,
      token.position AS token_position, is_prompt AS token_is_prompt,
      is_forced AS token_is_forced, token.branch AS token_branch, logprob AS token_logprob,
      pass.id AS pass_id, pass.kind AS pass_kind, first_position AS pass_first_position,
      tokens AS pass_tokens, pass.first_step AS pass_first_step,
      pass.last_step AS pass_last_step, last_op - first_op + 1 AS pass_ops,
      pass.branch AS pass_branch, pass.sequence AS pass_sequence, sequences AS pass_sequences,
      strategy AS pass_strategy, tile_rows AS pass_tile_rows, kv_type AS pass_kv_type,
      is_finished AS pass_is_finished, pass.duration_ns AS pass_duration_ns,
      \((["live"] + categories).map { "here.\($0) AS mem_\($0)" }.joined(separator: ", ")),
      (SELECT max(here.live) FROM here) AS mem_peak,
      (SELECT step FROM here ORDER BY here.live DESC, here.step LIMIT 1) AS mem_peak_step,
      coalesce(cache_bytes, 0) AS kv_bytes, here.kv_cache AS kv_reserved, kv_append.layer AS kv_layer,
      kv_append.sequence AS kv_sequence, kv_append.position AS kv_position,
      coalesce(kv_append.position + 1, 0) AS kv_positions, key_bytes AS kv_key_bytes,
      value_bytes AS kv_value_bytes
    FROM here
    LEFT JOIN op ON op.id = here.op
    LEFT JOIN tensor AS weights ON weights.id = op.tensor
    LEFT JOIN tile ON tile.id = here.tile
    LEFT JOIN weight_tile ON weight_tile.id = weight_tile
    LEFT JOIN tensor AS tiled ON tiled.id = weight_tile.tensor
    LEFT JOIN matmul ON matmul.step = here.step
    LEFT JOIN tensor ON tensor.id = coalesce(weight_tile.tensor, matmul.tensor, op.tensor)
    LEFT JOIN buffer ON buffer.id = here.buffer
    LEFT JOIN failure ON failure.step = here.step
    LEFT JOIN pass ON pass.id = here.pass
    LEFT JOIN token ON token.pass = here.pass AND NOT EXISTS (
      SELECT 1 FROM token AS later WHERE later.pass = here.pass
        AND (later.sequence, later.position) > (token.sequence, token.position))
    LEFT JOIN kv_append ON kv_append.step = here.append
    ORDER BY here.step
    """
}
