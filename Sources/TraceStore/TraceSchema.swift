/// What makes an SQLite file a trace: the constants in its header, its tables and its views.
///
/// The definitions are the `.sql` files beside this one, where every table, view and column has a
/// comment.
public enum TraceSchema {
  /// `PRAGMA application_id` of a trace: "nibb" in ASCII, which `file(1)` can tell it by.
  public static let applicationID = 0x6E69_6262

  /// `PRAGMA user_version` of the traces that this nibble writes, and the only one that it reads. It
  /// counts up with every change of a table or a view.
  public static let version = 4

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

  /// The views that compare two traces, the second of which is the schema `other`. They are never
  /// stored: SQLite lets no stored view name another file.
  static let comparisons = String(decoding: PackageResources.compare_sql, as: UTF8.self)

  /// The text of a topic's `.sql` file; `schema` for the tables, `compare` for two traces.
  public static func text(of topic: String) -> String {
    switch topic {
    case "schema": tables
    case "compare": comparisons
    default: views.first { $0.topic == topic }?.sql ?? ""
    }
  }
}
