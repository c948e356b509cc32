import Events
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
        "recurrent_state", "activations", "workspace", "logits", "live",
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

  /// Views that have rows only where the unquantized model was named, or where it has experts.
  private static let maybeEmpty: Set<String> = [
    "packing_error", "expert_use", "_expert_product", "_router",
  ]

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
        if isFull { #expect(rows > 0 || Self.maybeEmpty.contains(view), "\(view) is empty") }
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
    for view in views.split(separator: "\n") where !Self.maybeEmpty.contains(String(view)) {
      #expect(try !sqlite3(folder.file(), "SELECT * FROM \(view)").isEmpty, "\(view)")
    }
    #expect(try sqlite3(folder.file(), "PRAGMA application_id") == "1852400226\n")
    #expect(try sqlite3(folder.file(), "PRAGMA integrity_check") == "ok\n")
  }

  /// The views over a whole run take about the work of counting its events by kind, and none takes
  /// many times that.
  @Test func viewsTakeFewPassesOverTheEvents() throws {
    let folder = try ScratchFolder()
    try record(.tiny, to: folder.file(), capture: .none, prompt: 8, decode: 12)
    let trace = try Trace(path: folder.file())
    func work(_ query: String) throws -> Int {
      let before = trace.work
      try trace.run(query, columns: { _ in }, row: { _ in true })
      return trace.work - before
    }
    let base = try work("SELECT kind, count(*), max(live) FROM event GROUP BY kind")
    #expect(try base > 20 * trace.eventCount())
    for view in ["op_summary", "peak_by_pass_kind", "memory_per_token"] {
      let steps = try work("SELECT * FROM \(view)")
      #expect(steps < 2 * base, "\(view)")
    }
    for view in TraceSchema.views.flatMap({ SchemaDefinition.all(in: $0.sql) }) {
      let steps = try work("SELECT * FROM \(view.name)")
      #expect(steps < 20 * base, "\(view.name)")
    }
  }

  /// DuckDB sees no generated columns, and what it binds otherwise has another meaning.
  @Test func storedSQLIsThatOfDuckDBToo() throws {
    for definition in ([TraceSchema.tables] + TraceSchema.views.map(\.sql))
      .flatMap(SchemaDefinition.all)
    {
      let code = definition.sql.split(separator: "\n")
        .filter { !$0.drop { $0 == " " }.hasPrefix("--") }.joined(separator: "\n")
      #expect(!code.contains("GENERATED"), "\(definition.name)")
      #expect(
        !code.contains(#/ IS (?!NULL|NOT NULL)/#), "\(definition.name) compares by IS")
      #expect(!code.contains("$category"), "\(definition.name)")
    }
  }

  /// A category is a column of its own, whether the run used it or not.
  @Test func everyCategoryOfMemoryIsAColumn() throws {
    #expect(
      MemoryCategory.allCases.map(\.name) == [
        "weights", "weights_dequantized", "kv_cache", "recurrent_state", "activations", "workspace",
        "logits",
      ])
    let folder = try ScratchFolder()
    let recorder = try Recording(path: folder.file()).recorder
    var live = MemoryUse()
    for (index, category) in MemoryCategory.allCases.enumerated() {
      live[category] = 1 << index
      recorder.allocated(
        BufferDescription(id: index + 1, category: category, name: "a", bytes: 1 << index),
        live: live)
    }
    try recorder.finish(status: "complete")
    let trace = try Trace(path: folder.file())
    for (index, category) in MemoryCategory.allCases.enumerated() {
      #expect(try trace.event(at: index + 1)?.live[category] == 1 << index)
      for view in ["event", "memory_timeline"] {
        #expect(
          try sqlite3(
            folder.file(), "SELECT \(category.name) FROM \(view) WHERE step = \(index + 1)")
            == "\(1 << index)\n")
      }
      #expect(
        try sqlite3(
          folder.file(),
          "SELECT bytes, step FROM peak_by_category WHERE category = '\(category.name)'")
          == "\(1 << index)|\(index + 1)\n")
    }
    #expect(try sqlite3(folder.file(), "SELECT max(live) FROM event") == "127\n")
    #expect(try sqlite3(folder.file(), "SELECT max(total) FROM _memory") == "127\n")
  }

  @Test func everyRunHasANumberOfItsOwn() throws {
    let folder = try ScratchFolder()
    let query = "SELECT value FROM meta WHERE key IN ('detail', 'run_id') ORDER BY key"
    let ids = try ["a", "b"].map { name in
      try record(to: folder.file(name))
      let facts = try sqlite3(folder.file(name), query).split(separator: "\n")
      #expect(facts.count == 2 && facts[0] == "tile")
      #expect(facts[1].count == 32 && facts[1].allSatisfy(\.isHexDigit))
      return facts[1]
    }
    #expect(ids[0] != ids[1])
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
