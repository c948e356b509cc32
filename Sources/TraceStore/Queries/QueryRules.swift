import GRDBSQLite

/// What a query may do to a trace: read.
enum QueryRules {
  /// What is refused of an action that SQLite asks its authorizer about, or `nil` where it is
  /// allowed. The action's codes and arguments are those of `sqlite3_set_authorizer`.
  static func refusal(action: Int32, first: String?, second: String?) -> String? {
    switch action {
    case SQLITE_SELECT, SQLITE_READ, SQLITE_RECURSIVE: nil
    case SQLITE_FUNCTION:
      second.flatMap { forbidden.contains($0.lowercased()) ? $0 : nil }
    case SQLITE_PRAGMA:
      isHarmless(pragma: first ?? "", argument: second)
        ? nil : "PRAGMA \(first ?? "")\(second == nil ? "" : " with a value")"
    // SQLite asks for this when a query is the first to use json_each or a table of its kind; its
    // own schema cannot be changed so.
    case SQLITE_UPDATE where first == "sqlite_master": nil
    default: names[action] ?? "this statement"
    }
  }

  /// Functions that load code, or that take and tell addresses of the process.
  private static let forbidden: Set<String> = ["load_extension", "fts3_tokenizer"]

  /// Pragmas that tell something about the table or index that is their argument.
  private static let describing: Set<String> = [
    "table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo",
    "foreign_key_list", "integrity_check", "quick_check",
  ]

  /// Pragmas that tell something as long as they have no argument.
  private static let telling: Set<String> = [
    "application_id", "user_version", "schema_version", "data_version", "page_size", "page_count",
    "freelist_count", "encoding", "journal_mode", "database_list", "collation_list",
    "function_list", "module_list", "pragma_list", "compile_options", "query_only",
  ]

  private static func isHarmless(pragma: String, argument: String?) -> Bool {
    let name = pragma.lowercased()
    return describing.contains(name) || (argument == nil && telling.contains(name))
  }

  private static let names: [Int32: String] = [
    SQLITE_INSERT: "INSERT", SQLITE_UPDATE: "UPDATE", SQLITE_DELETE: "DELETE",
    SQLITE_ATTACH: "ATTACH", SQLITE_DETACH: "DETACH", SQLITE_TRANSACTION: "a transaction",
    SQLITE_SAVEPOINT: "SAVEPOINT", SQLITE_ALTER_TABLE: "ALTER TABLE", SQLITE_REINDEX: "REINDEX",
    SQLITE_ANALYZE: "ANALYZE", SQLITE_CREATE_INDEX: "CREATE INDEX",
    SQLITE_CREATE_TABLE: "CREATE TABLE", SQLITE_CREATE_TEMP_INDEX: "CREATE INDEX",
    SQLITE_CREATE_TEMP_TABLE: "CREATE TABLE", SQLITE_CREATE_TEMP_TRIGGER: "CREATE TRIGGER",
    SQLITE_CREATE_TEMP_VIEW: "CREATE VIEW", SQLITE_CREATE_TRIGGER: "CREATE TRIGGER",
    SQLITE_CREATE_VIEW: "CREATE VIEW", SQLITE_CREATE_VTABLE: "CREATE VIRTUAL TABLE",
    SQLITE_DROP_INDEX: "DROP INDEX", SQLITE_DROP_TABLE: "DROP TABLE",
    SQLITE_DROP_TEMP_INDEX: "DROP INDEX", SQLITE_DROP_TEMP_TABLE: "DROP TABLE",
    SQLITE_DROP_TEMP_TRIGGER: "DROP TRIGGER", SQLITE_DROP_TEMP_VIEW: "DROP VIEW",
    SQLITE_DROP_TRIGGER: "DROP TRIGGER", SQLITE_DROP_VIEW: "DROP VIEW",
    SQLITE_DROP_VTABLE: "DROP TABLE",
  ]
}
