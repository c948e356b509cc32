import Foundation
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
      ]
    ),
    (
      "event",
      [
        "step", "op", "thread", "kind", "weights", "weights_dequantized", "kv_cache",
        "activations", "workspace", "logits",
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
    let trace = try Trace(path: folder.file())
    let sources = ([TraceSchema.tables] + TraceSchema.views.map(\.sql)).joined(separator: "\n")
    let lines = sources.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var documented = 0
    for (name, sql) in try trace.pairs(
      "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
    {
      let definition = try #require(
        lines.firstIndex {
          $0.hasPrefix("CREATE ") && ($0 + " ").contains(" \(name) ")
        }, "\(name) is not in the .sql files")
      #expect(lines[definition - 1].hasPrefix("-- "), "\(name) has no comment")
      guard sql.hasPrefix("CREATE TABLE") || sql.hasPrefix("CREATE VIEW") else { continue }
      let documentedHere = documentedColumns(sql)
      for (column, _) in try trace.pairs("SELECT name, 1 FROM pragma_table_xinfo('\(name)')") {
        #expect(documentedHere.contains(column), "\(name).\(column) has no comment")
        documented += 1
      }
    }
    #expect(documented > 150)
  }

  /// The columns that have a comment right before them in the text of a CREATE TABLE or a view.
  private func documentedColumns(_ sql: String) -> Set<String> {
    let lines = sql.split(separator: "\n").map(String.init)
    let isView = sql.hasPrefix("CREATE VIEW")
    // A view's own columns come after the SELECT that is not indented.
    let first = isView ? lines.firstIndex(of: "SELECT") ?? 0 : 0
    var columns: Set<String> = []
    var hasComment = false
    var depth = 0
    for line in lines[(first + 1)...] {
      if line.hasPrefix("FROM ") { break }
      if line.hasPrefix("  -- ") {
        hasComment = true
        continue
      }
      depth += line.count { $0 == "(" } - line.count { $0 == ")" }
      let words = line.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
      // A column of a view may take several lines; its name ends the last.
      let name =
        isView ? (words.dropLast().last == "AS" && depth == 0 ? words.last : nil) : words.first
      guard let name else { continue }
      if hasComment { columns.insert(name) }
      hasComment = false
    }
    return columns
  }

  @Test func aCommentIsMissed() {
    let sql = """
      CREATE VIEW v AS
      SELECT
        -- One.
        a AS a,
        b AS b,
        -- Two
        -- lines.
        CASE c WHEN 1
          THEN 2 END AS c
      FROM t
      """
    #expect(documentedColumns(sql) == ["a", "c"])
    #expect(documentedColumns("CREATE TABLE t (\n  -- One.\n  a INTEGER,\n  b TEXT\n)") == ["a"])
  }

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
        if isFull { #expect(rows > 0, "\(view) is empty") }
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
    for view in views.split(separator: "\n") {
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
