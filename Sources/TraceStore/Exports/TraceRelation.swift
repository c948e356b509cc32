import GRDB

/// A table or a view that a trace documents.
struct TraceRelation: Equatable {
  let name: String
  /// Whether it is one of the tables of the schema (or a view that stands for one), and not a view
  /// that answers a question.
  let isTable: Bool

  /// All its rows. Values come by size alone: their bytes belong in an array, not in text.
  var query: String {
    name == "value"
      ? "SELECT op, dtype, shape, length(data) AS bytes FROM value" : "SELECT * FROM \"\(name)\""
  }
}

extension Trace {
  /// The tables and views of this trace whose names do not begin with an underscore, tables first;
  /// names are those of a schema of ours, and so can be names of files.
  func relations() throws(TraceError) -> [TraceRelation] {
    try all(
      """
      SELECT name, type = 'table' OR name IN ('op', 'event', 'buffer', 'tile', 'matmul') AS is_table
      FROM sqlite_schema
      WHERE type IN ('table', 'view')
        AND name NOT GLOB '[_0-9]*' AND name NOT GLOB 'sqlite*' AND name NOT GLOB '*[^a-z0-9_]*'
      ORDER BY is_table DESC, name
      """, []
    ) { row in TraceRelation(name: try row[0], isTable: try row[1] as Int == 1) }
  }

  /// Runs `body` on the trace as it is at one moment, whatever a recording adds meanwhile.
  func snapshot<T>(_ body: (Database) throws -> T) throws(TraceError) -> T {
    try read { db in
      try db.execute(sql: "BEGIN")
      defer { try? db.execute(sql: "ROLLBACK") }
      return try body(db)
    }
  }
}
