/// What makes an SQLite file a trace: the constants in its header, its tables and its views.
///
/// The definitions are the `.sql` files beside this one, where every table, view and column has a
/// comment.
public enum TraceSchema {
  /// `PRAGMA application_id` of a trace: "nibb" in ASCII, which `file(1)` can tell it by.
  public static let applicationID = 0x6E69_6262

  /// `PRAGMA user_version` of the traces that this nibble writes; it reads all up to it. Version 2
  /// adds tiles that lie in a buffer, and runs that ended at their memory budget; version 3 branches,
  /// settings that change from pass to pass, and runs that go on after a pass that was given up.
  public static let version = 3

  /// The tables, and the views that stand for tables.
  public static let tables = String(decoding: PackageResources.schema_sql, as: UTF8.self)

  /// The views that answer questions, by topic.
  public static let views: [(topic: String, sql: String)] = [
    ("lookups", String(decoding: PackageResources.lookups_sql, as: UTF8.self)),
    ("memory", String(decoding: PackageResources.memory_sql, as: UTF8.self)),
    ("tiles", String(decoding: PackageResources.tiles_sql, as: UTF8.self)),
    ("kv", String(decoding: PackageResources.kv_sql, as: UTF8.self)),
    ("ops", String(decoding: PackageResources.ops_sql, as: UTF8.self)),
    ("tokens", String(decoding: PackageResources.tokens_sql, as: UTF8.self)),
  ]

  /// Their definitions.
  static let viewDefinitions = views.flatMap { SchemaDefinition.all(in: $0.sql) }

  /// The views that compare two traces, the second of which is the schema `other`. They are never
  /// stored: SQLite lets no stored view name another file.
  static let comparisons = String(decoding: PackageResources.compare_sql, as: UTF8.self)

  /// What tables were given since version 1, and what it is in a trace from before.
  static let addedColumns: [(table: String, column: String, before: String)] = [
    ("pass", "is_finished", "1"), ("pass", "sequences", "1"),
    ("pass", "strategy", "(SELECT value FROM main.meta WHERE key = 'strategy')"),
    (
      "pass", "tile_rows",
      "(SELECT CAST(value AS INTEGER) FROM main.meta WHERE key = 'tile_rows' AND value <> '')"
    ),
    ("pass", "kv_type", "(SELECT value FROM main.meta WHERE key = 'kv_type')"),
    ("token", "is_forced", "0"), ("tile", "in_buffer", "NULL"), ("kv_append", "sequence", "0"),
    ("kv_append", "key_error_rms", "NULL"), ("kv_append", "value_error_rms", "NULL"),
    ("kv_append", "key_rms", "NULL"), ("kv_append", "value_rms", "NULL"),
  ]

  /// The tables that there were not in version 1, and what they hold of a trace from before.
  static let addedTables: [(table: String, before: String)] = [
    ("branch", "SELECT 0 AS id, NULL AS parent, 0 AS position, 0 AS step"),
    (
      "failure",
      "SELECT 0 AS step, '' AS category, '' AS name, 0 AS bytes, 0 AS live, 0 AS budget WHERE false"
    ),
  ]

  /// The text of a topic's `.sql` file; `schema` for the tables, `compare` for two traces.
  public static func text(of topic: String) -> String {
    switch topic {
    case "schema": tables
    case "compare": comparisons
    default: views.first { $0.topic == topic }?.sql ?? ""
    }
  }
}
