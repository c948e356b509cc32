import Foundation
import TestSupport
import Testing

@testable import TraceStore

@Suite struct TraceQueryTests {
  let folder: ScratchFolder
  let trace: Trace

  init() throws {
    folder = try ScratchFolder()
    try record(to: folder.file())
    trace = try Trace(path: folder.file())
  }

  @Test func statementsRunInTurn() throws {
    var columns: [[String]] = []
    var rows: [[SQLValue]] = []
    try trace.run(
      "SELECT 1 AS a, 2.5 AS b; -- a comment; with a semicolon\n;; SELECT 'x;y', x'00ff', NULL;",
      columns: { columns.append($0) },
      row: {
        rows.append($0)
        return true
      })
    #expect(columns.first == ["a", "b"])
    #expect(
      rows == [[.integer(1), .real(2.5)], [.text("x;y"), .blob([0, 255]), .null]])
  }

  @Test func aRowCanEndItsStatement() throws {
    var rows = 0
    try trace.run(
      "SELECT * FROM event; SELECT 1", columns: { _ in },
      row: { _ in
        rows += 1
        return rows < 3
      })
    #expect(rows == 4)
  }

  @Test(arguments: [
    "DELETE FROM pass", "UPDATE meta SET value = 'x'", "INSERT INTO meta VALUES ('a', 'b')",
    "DROP TABLE pass", "DROP VIEW op", "CREATE TABLE t(a)", "CREATE TEMP TABLE t(a)",
    "CREATE TEMP VIEW v AS SELECT 1", "ALTER TABLE pass RENAME TO t", "REINDEX", "ANALYZE",
    "ATTACH ':memory:' AS other", "DETACH main", "VACUUM", "VACUUM INTO '/tmp/x'",
    "PRAGMA user_version = 2", "PRAGMA writable_schema = ON", "PRAGMA journal_mode = DELETE",
    "PRAGMA trusted_schema = ON", "PRAGMA temp_store_directory = '/'", "PRAGMA wal_checkpoint",
    "SELECT load_extension('x')", "SELECT fts3_tokenizer('simple')", "BEGIN",
    "SAVEPOINT s", "EXPLAIN DELETE FROM pass",
    "CREATE VIRTUAL TABLE t USING fts5(a)", "WITH x AS (SELECT 1) DELETE FROM pass",
    "UPDATE sqlite_master SET sql = 'x'", "DELETE FROM sqlite_schema",
    "INSERT INTO sqlite_schema VALUES (1, 2, 3, 4, 5)", "PRAGMA main.writable_schema = 1",
    "SELECT * FROM pragma_user_version(3)", "CREATE VIRTUAL TABLE temp.t USING rtree(a, b, c)",
    "CREATE TEMP TRIGGER t INSTEAD OF INSERT ON op BEGIN SELECT 1; END", "DROP TABLE sqlite_stat1",
    "SELECT readfile('/etc/passwd')", "SELECT writefile('/tmp/x', 'y')", "SELECT edit('x', 'sh')",
    "SELECT * FROM fsdir('/')", "SELECT fts3_tokenizer('x', x'00')",
    "SELECT * FROM zipfile('/tmp/x')",
    "INSERT INTO json_each VALUES (1)", "UPDATE sqlite_dbpage SET data = x''",
    "PRAGMA query_only = 0", "ATTACH 'file:x?mode=rwc' AS x", "ATTACH '' AS x", "DETACH temp",
    "EXPLAIN ATTACH ':memory:' AS x", "/**/ATTACH ':memory:' AS x", "; ; ATTACH ':memory:' AS x",
    "INSERT INTO op SELECT * FROM op", "UPDATE OR IGNORE pass SET tokens = 0 RETURNING *",
    "WITH x AS MATERIALIZED (SELECT 1) INSERT INTO meta SELECT 'a', 'b' RETURNING key",
    "INSERT INTO meta VALUES ('a', 'b') ON CONFLICT DO UPDATE SET value = 'c'",
    "CREATE TABLE main.t AS SELECT * FROM op", "CREATE INDEX i ON pass(tokens)",
    "SELECT sqlite_load_extension('x')", "SELECT Load_Extension('x', 'y')",
    "SELECT * FROM (SELECT load_extension('x'))", "SELECT * FROM dbstat('main', 1, 2)",
    "SELECT * FROM pragma_journal_mode('DELETE')", "SELECT * FROM pragma_writable_schema(1)",
    "PRAGMA optimize", "PRAGMA incremental_vacuum", "PRAGMA cache_size = 100000000",
    "PRAGMA threads = 8", "PRAGMA busy_timeout = 1000000", "PRAGMA recursive_triggers = 1",
    "PRAGMA main.page_size = 512", "PRAGMA temp.writable_schema = 1", "PRAGMA key = 'x'",
    "PRAGMA soft_heap_limit(0)", "RELEASE s",
    "CREATE TRIGGER t AFTER INSERT ON pass BEGIN SELECT 1; END",
    "PRAGMA hard_heap_limit = 0", "PRAGMA data_store_directory = '/'", "PRAGMA temp_store = 2",
    "PRAGMA mmap_size = 1", "PRAGMA locking_mode = EXCLUSIVE", "COMMIT", "ROLLBACK", "END",
    "SELECT 1; DELETE FROM pass", "pragma User_Version=3", "REPLACE INTO meta VALUES ('a', 'b')",
  ])
  func nothingButReadingIsAllowed(query: String) throws {
    let before = try Data(contentsOf: URL(fileURLWithPath: folder.file()))
    let error = #expect(throws: TraceError.self) {
      try trace.run(query, columns: { _ in }, row: { _ in true })
    }
    guard case .sql = try #require(error) else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file())) == before)
  }

  @Test(arguments: [
    "PRAGMA table_info(tile)", "PRAGMA user_version", "PRAGMA integrity_check",
    "EXPLAIN QUERY PLAN SELECT * FROM op", "SELECT * FROM pragma_table_xinfo('op')",
    "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT * FROM n",
    "SELECT value FROM json_each('[1,2]')", "SELECT sum(bytes) OVER (ORDER BY id) FROM tile",
    "SELECT name FROM sqlite_schema", "VALUES (1), (2)",
  ])
  func reading(query: String) throws {
    #expect(try !trace.rows(query).isEmpty)
  }

  @Test(arguments: [
    ("SELEC 1", "SQL: near \"SELEC\": syntax error\n  SELEC 1\n  ^"),
    (
      "SELECT 1;\nSELECT nam FROM op",
      "SQL: no such column: nam\n  SELECT nam FROM op\n         ^"
    ),
    (
      "SELECT 1; DELETE FROM pass",
      "SQL: DELETE is not allowed: a trace is only read\n  SELECT 1; DELETE FROM pass\n"
        + "            ^"
    ),
    ("SELECT 'é', nam", "SQL: no such column: nam\n  SELECT 'é', nam\n              ^"),
  ])
  func anErrorPointsAtThePlace(query: String, message: String) throws {
    let error = #expect(throws: TraceError.self) {
      try trace.run(query, columns: { _ in }, row: { _ in true })
    }
    #expect(error?.description == message)
  }

  @Test func aPlaceInALongLineIsShown() throws {
    let query = "SELECT " + String(repeating: "1, ", count: 100) + "nam FROM op"
    let error = #expect(throws: TraceError.self) { _ = try trace.rows(query) }
    let lines = try #require(error).description.split(separator: "\n")
    #expect(lines[1].count <= 80)
    let caret = try #require(lines[2].firstIndex(of: "^"))
    let column = lines[2].distance(from: lines[2].startIndex, to: caret)
    #expect(lines[1].dropFirst(column).hasPrefix("nam"))
  }

  @Test func aZeroByteHidesNothing() throws {
    #expect(throws: TraceError.self) { _ = try trace.rows("SELECT 1;\0 DELETE FROM pass") }
  }
}
