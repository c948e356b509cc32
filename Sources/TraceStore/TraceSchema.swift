import Events

/// What makes an SQLite file a trace: the constants in its header, its tables and its views.
///
/// The definitions are the `.sql` files beside this one, where every table, view and column has a
/// comment.
public enum TraceSchema {
  /// `PRAGMA application_id` of a trace: "nibb" in ASCII, which `file(1)` can tell it by.
  public static let applicationID = 0x6E69_6262

  /// `PRAGMA user_version` of the traces that this nibble writes, and the only one that it reads.
  /// It counts up with every change of a table or a view.
  public static let version = 4

  /// The tables, and the views that stand for tables.
  public static let tables = text(PackageResources.schema_sql)

  /// The views that answer questions, by topic.
  public static let views: [(topic: String, sql: String)] = [
    ("lookups", text(PackageResources.lookups_sql)),
    ("memory", text(PackageResources.memory_sql)),
    ("tiles", text(PackageResources.tiles_sql)),
    ("kv", text(PackageResources.kv_sql)),
    ("ops", text(PackageResources.ops_sql)),
    ("tokens", text(PackageResources.tokens_sql)),
    ("experts", text(PackageResources.experts_sql)),
  ]

  /// The views that compare two traces, the second of which is the schema `other`. They are never
  /// stored: SQLite lets no stored view name another file.
  static let comparisons = text(PackageResources.compare_sql)

  /// The text of a topic's `.sql` file; `schema` for the tables, `compare` for two traces.
  public static func text(of topic: String) -> String {
    switch topic {
    case "schema": tables
    case "compare": comparisons
    default: views.first { $0.topic == topic }?.sql ?? ""
    }
  }

  /// The text of a `.sql` file, in which lines next to each other that speak of `$category` or its
  /// `$label` are repeated for each category of memory, counted by `$place`.
  private static func text(_ file: [UInt8]) -> String {
    var lines: [Substring] = []
    var repeated: [Substring] = []
    let text = String(decoding: file, as: UTF8.self)
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      // Few lines hold a dollar, and a byte is found faster than a word.
      if line.utf8.contains(UInt8(ascii: "$")), line.hasPrefix("  "),
        line.contains("$category") || line.contains("$label")
      {
        repeated.append(line)
        continue
      }
      lines += repetitions(of: repeated)
      repeated = []
      lines.append(line)
    }
    return (lines + repetitions(of: repeated)).joined(separator: "\n")
  }

  private static func repetitions(of lines: [Substring]) -> [Substring] {
    lines.isEmpty
      ? []
      : MemoryCategory.allCases.flatMap { category in
        lines.map {
          $0.replacing("$category", with: category.name).replacing("$label", with: category.label)
            .replacing("$place", with: "\(category.rawValue)")
        }
      }
  }
}
