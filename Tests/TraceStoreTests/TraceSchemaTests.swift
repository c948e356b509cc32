import Foundation
import TestSupport
import Testing

@testable import TraceStore

@Suite struct TraceSchemaTests {
  /// The names that people query by, and that other tools rely on.
  @Test(arguments: [
    ("meta", ["key", "value"]),
    (
      "tensor",
      ["id", "name", "layer", "role", "type", "rows", "cols", "bytes", "file_offset", "bpw"]
    ),
    (
      "token",
      [
        "branch", "sequence", "position", "id", "text", "is_prompt", "logprob", "top_k", "pass",
        "is_forced",
      ]
    ),
    (
      "pass",
      [
        "id", "branch", "sequence", "kind", "first_position", "tokens", "first_step", "last_step",
        "start_ns", "duration_ns", "is_finished", "sequences", "strategy", "tile_rows", "kv_type",
      ]
    ),
    ("branch", ["id", "parent", "position", "step"]),
    ("failure", ["step", "category", "name", "bytes", "live", "budget"]),
    (
      "op",
      [
        "id", "pass", "layer", "name", "kind", "inputs", "rows", "cols", "first_step",
        "last_step", "start_ns", "duration_ns", "sum", "min", "max", "mean", "rms", "tensor",
        "attributes", "line",
      ]
    ),
    (
      "event",
      [
        "step", "op", "thread", "kind", "buffer", "weights", "weights_dequantized", "kv_cache",
        "activations", "workspace", "logits", "live",
      ]
    ),
    (
      "tile",
      [
        "id", "weight_tile", "type", "bytes", "made_step", "used_step", "freed_step",
        "dequantize_ns", "in_buffer",
      ]
    ),
    (
      "weight_tile",
      [
        "id", "tensor", "first_row", "rows", "packed_bytes", "value_min", "value_max",
        "value_mean", "value_rms", "error_rms",
      ]
    ),
    ("matmul", ["step", "tile", "tensor", "m", "k", "n", "flops", "duration_ns"]),
    ("kv_append", ["step", "layer", "position", "key_bytes", "value_bytes", "cache_bytes"]),
    ("buffer", ["id", "category", "name", "bytes", "allocated_step", "freed_step", "tile"]),
    ("value", ["op", "dtype", "shape", "data"]),
  ])
  func everyTableOfTheDesignIsThere(table: String, columns: [String]) throws {
    let folder = try ScratchFolder()
    try record(to: folder.file())
    let trace = try Trace(path: folder.file())
    var names: Set<String> = []
    try trace.run(
      "SELECT name FROM pragma_table_xinfo('\(table)')", columns: { _ in },
      row: {
        names.insert($0[0].text ?? "")
        return true
      })
    #expect(names.isSuperset(of: columns))
  }

  @Test func everyTableViewAndColumnHasAComment() throws {
    let folder = try ScratchFolder()
    try record(to: folder.file())
    let session = try QuerySession(
      path: folder.file(), attached: [.init(name: "b", path: folder.file())])
    let sources = [TraceSchema.tables, TraceSchema.comparisons] + TraceSchema.views.map(\.sql)
    let definitions = sources.flatMap(SchemaDefinition.all)
    var documented = 0
    let objects = try session.result(
      of: """
        SELECT name FROM main.sqlite_schema WHERE sql IS NOT NULL
        UNION SELECT name FROM temp.sqlite_schema
        """)
    #expect(objects.rows.count == definitions.count)
    for name in objects.rows.compactMap({ $0[0].text }) {
      let definition = try #require(
        definitions.first { $0.name == name }, "\(name) is not in the .sql files")
      #expect(!definition.comment.isEmpty, "\(name) has no comment")
      if definition.kind == .index { continue }
      let columns = try session.result(of: "SELECT name FROM pragma_table_xinfo('\(name)')")
        .rows.compactMap { $0[0].text }
      #expect(definition.columns.map(\.name) == columns, "\(name) has columns without a comment")
      documented += columns.count
    }
    #expect(documented > 250)
  }

  @Test func aCommentIsMissed() throws {
    let definitions = SchemaDefinition.all(
      in: """
        -- About the file.

        -- What it is;
        -- in two lines.
        CREATE VIEW v AS
        SELECT
          -- One.
          a AS a,
          b AS b,
          -- Two
          -- lines;
          CASE c WHEN 1
            THEN 2 END AS c
        FROM t;

        CREATE TABLE t (
          -- One.
          a INTEGER,
          b TEXT
        );
        """)
    #expect(definitions.map(\.name) == ["v", "t"])
    #expect(definitions.map(\.comment) == ["What it is; in two lines.", ""])
    #expect(definitions[0].columns.map(\.name) == ["a", "c"])
    #expect(definitions[0].columns.map(\.comment) == ["One.", "Two lines;"])
    #expect(definitions[1].columns.map(\.name) == ["a"])
    #expect(definitions[1].sql.hasSuffix("TEXT\n)"))
  }

  /// Views that have rows only where the unquantized model was named.
  private static let needsOriginal: Set<String> = ["packing_error"]

  @Test func everyViewRunsOnAnEmptyTraceAndOnAFullOne() throws {
    let folder = try ScratchFolder()
    let empty = try Recording(path: folder.file("empty.sqlite"))
    try empty.recorder.finish(status: "interrupted")
    try record(to: folder.file("full.sqlite"))
    for (file, isFull) in [("empty.sqlite", false), ("full.sqlite", true)] {
      let trace = try Trace(path: folder.file(file))
      let views = try trace.pairs("SELECT name, 1 FROM sqlite_schema WHERE type = 'view'")
      #expect(views.count >= 18)
      for (view, _) in views {
        var rows = 0
        try trace.run(
          "SELECT * FROM \(view)", columns: { _ in },
          row: { _ in
            rows += 1
            return true
          })
        if isFull { #expect(rows > 0 || Self.needsOriginal.contains(view), "\(view) is empty") }
      }
    }
  }

  @Test func plainSQLiteReadsATraceAndItsViews() throws {
    let folder = try ScratchFolder()
    let summary = try record(to: folder.file())
    let peak = try sqlite3(
      folder.file(), "SELECT bytes FROM peak_by_category WHERE category = 'total'")
    #expect(peak == "\(summary.peak.total)\n")
    let views = try sqlite3(folder.file(), "SELECT name FROM sqlite_schema WHERE type = 'view'")
    for view in views.split(separator: "\n") where !Self.needsOriginal.contains(String(view)) {
      #expect(try !sqlite3(folder.file(), "SELECT * FROM \(view)").isEmpty, "\(view)")
    }
    #expect(try sqlite3(folder.file(), "PRAGMA application_id") == "1852400226\n")
    #expect(try sqlite3(folder.file(), "PRAGMA integrity_check") == "ok\n")
  }

  @Test func kindsOfEventHaveTheNamesOfTheView() throws {
    let folder = try ScratchFolder()
    try record(to: folder.file())
    let trace = try Trace(path: folder.file())
    for (step, kind) in try trace.pairs("SELECT step, kind FROM event") {
      #expect(try trace.event(at: Int(step) ?? 0)?.kind.name == kind)
    }
    for kind in EventKind.allCases {
      #expect(TraceSchema.tables.contains("WHEN \(kind.rawValue) THEN '\(kind.name)'"))
    }
  }
}
