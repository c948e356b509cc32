import Foundation
import Testing

/// `nibble sql` as another program runs it.
@Suite struct SQLCommandTests {
  let nibble: Nibble

  init() throws {
    nibble = try Nibble()
    #expect(try nibble("record", "-n", "3", "-o", "t.sqlite").code == 0)
  }

  @Test func scriptsCommandsAndFormats() throws {
    let script = ".mode list\n.headers off\nSELECT count(*)\n FROM pass;\nSELECT 'end'"
    #expect(try nibble("sql", "t.sqlite", input: script).output == "3\nend\n")
    #expect(try nibble("sql", "t.sqlite", script).output == "3\nend\n")
    #expect(
      try nibble("sql", "t.sqlite", "SELECT 1 AS a", "--format", "json").output == "[{\"a\":1}]\n")
    #expect(try nibble("sql", "t.sqlite", ".tables kv%").output.contains("kv_by_position"))
    #expect(try nibble("sql", "--examples").output.contains("FROM peak_by_category;"))
    #expect(try nibble("sql", "--reference").output.contains("### peak_by_pass_kind"))
  }

  @Test func theFirstErrorEndsAScript() throws {
    let result = try nibble("sql", "t.sqlite", input: "SELECT 1;\nSELECT nam;\nSELECT 2;\n")
    #expect(result.code == 1 && result.output.contains("│ 1 │") && !result.output.contains("2"))
    #expect(result.errors == "nibble: SQL: no such column: nam\n  SELECT nam;\n         ^\n")
  }

  @Test func anotherTraceIsAttached() throws {
    #expect(try nibble("record", "-n", "3", "--strategy", "fused", "-o", "f.sqlite").code == 0)
    let result = try nibble(
      "sql", "t.sqlite", "--attach", "b=f.sqlite", "--format", "list",
      "SELECT name FROM first_difference LIMIT 1; SELECT count(*) FROM b.tile")
    #expect(result.output == "name\nQcur-0\ncount(*)\n0\n")
    for wrong in ["b", "=f.sqlite", "b="] {
      #expect(try nibble("sql", "t.sqlite", "SELECT 1", "--attach", wrong).code == 2)
    }
    let missing = try nibble("sql", "t.sqlite", "SELECT 1", "--attach", "b=none.sqlite")
    #expect(missing.code == 1 && missing.sentence?.contains("none.sqlite") == true)
    let name = try nibble("sql", "t.sqlite", "SELECT 1", "--attach", "main=f.sqlite")
    #expect(name.code == 1 && name.sentence?.contains("'main' cannot be attached") == true)
  }

  @Test func weightsComeFromTheModelFile() throws {
    let weight = "SELECT tensor_value('token_embd.weight', 0, 0) IS NOT NULL AS a"
    #expect(
      try nibble("sql", "t.sqlite", weight, "--format", "csv").output == "a\n1\n")
    _ = try nibble.shell(
      "sqlite3 t.sqlite \"UPDATE meta SET value = 'gone.gguf' WHERE key = 'model_file'\"")
    let missing = try nibble("sql", "t.sqlite", weight)
    #expect(missing.code == 1 && missing.errors.contains("'gone.gguf'"))
    #expect(missing.errors.contains("-m"))
    #expect(
      try nibble("sql", "t.sqlite", weight, "-m", "tiny", "--format", "csv").output == "a\n1\n")
  }

  @Test func aRunawayQueryIsStopped() throws {
    let query =
      "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n"
    let result = try nibble("sql", "t.sqlite", "--timeout", "0.3", query)
    #expect(result.code == 1)
    #expect(result.sentence?.contains("The query was stopped after 0.3 s") == true)
    for wrong in ["0", "-1", "nan", "soon"] {
      #expect(try nibble("sql", "t.sqlite", "SELECT 1", "--timeout=\(wrong)").code == 2)
    }
  }

  /// Functions that take hours in one call, and a statement that takes long to prepare.
  @Test(arguments: [
    "SELECT length(replace(hex(zeroblob(50000000)), hex(zeroblob(500000)) || '1', 'x'))",
    "SELECT instr(hex(zeroblob(50000000)), hex(zeroblob(500000)) || '1')",
    namesToLookUp,
  ])
  func whatDoesNotListenIsStopped(query: String) throws {
    let result = try nibble("sql", "t.sqlite", "--timeout", "0.2", query)
    #expect(result.code == 1 && result.output.isEmpty)
    #expect(
      result.sentence
        == "nibble: The query did not stop after 0.2 s, so nibble ended: it was in what cannot be "
        + "interrupted, such as instr over long texts or the check of a large model file; give it "
        + "more time, or less to do.")
  }

  /// A statement that takes long to prepare and little memory, which has a limit of its own: 40000
  /// names, each looked for among the 120000 columns of each of four levels.
  private static let namesToLookUp: String = {
    func list(_ text: String, _ count: Int, by separator: String) -> String {
      Array(repeating: text, count: count).joined(separator: separator)
    }
    let columns = (0..<2000).map { "1 AS c\($0)" }.joined(separator: ",")
    let names = list(list("y", 100, by: "+"), 400, by: ",")
    let tables = list("a", 60, by: ",")
    let levels = (1...3).reduce("SELECT \(names) FROM \(tables)") { inner, _ in
      "SELECT EXISTS (\(inner)) FROM \(tables)"
    }
    return "WITH a AS (SELECT \(columns)), b AS (SELECT 1 AS y) SELECT EXISTS (\(levels)) FROM b"
  }()

  /// A ^C in a script ends it, whatever is at work or waited for then.
  @Test(arguments: ["cat pipe", "yes .headers on | head -n 100000000; echo \"SELECT 'end';\""])
  func interruptEndsAScript(rest: String) throws {
    let result = try nibble.shell(
      """
      mkfifo pipe; touch out; trap '' PIPE
      { echo "SELECT 'begun';"; \(rest); } 2> broken \
        | { sh -c 'echo $$ > id; exec "$NIBBLE" sql t.sqlite --format list' > out; echo $? > code; } &
      exec 3<> pipe
      until grep -q begun out; do :; done
      kill -INT "$(cat id)"
      echo "SELECT 'after';" >&3
      exec 3>&-
      wait; cat out code
      """)
    #expect(result.output == "'begun'\nbegun\n130\n")
    #expect(result.sentence == "nibble: The query was interrupted.")
  }

  @Test(arguments: ["sql t.sqlite", "sql t.sqlite '.read endless.sql'"])
  func anInterruptedQueryHasTheCodeOfAShell(command: String) throws {
    let result = try nibble.shell(
      """
      echo "SELECT 'begun'; WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n) \
      SELECT max(i) FROM n;" > endless.sql
      touch out; "$NIBBLE" \(command) < endless.sql > out &
      until grep -q begun out; do :; done
      kill -INT $!; wait $!; echo $?
      """)
    #expect(result.output == "130\n")
    #expect(result.sentence == "nibble: The query was interrupted.")
  }

  /// A trace that was tampered with so that reading what it says of the model never ends.
  @Test func nothingIsReadBeforeTheTimeCounts() throws {
    let tamper = """
      ALTER TABLE meta RENAME TO m; CREATE VIEW meta AS SELECT 'model_file' AS key, value FROM (
        WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS value FROM n);
      """
    #expect(try nibble.shell("sqlite3 t.sqlite \"\(tamper)\"").code == 0)
    #expect(try nibble("sql", "t.sqlite", "SELECT 1 AS a", "--format", "csv").output == "a\n1\n")
    let stopped = try nibble("sql", "t.sqlite", "--timeout", "0.2", "SELECT * FROM meta")
    #expect(stopped.sentence?.contains("stopped after 0.2 s") == true)
    let ended = try nibble(
      "sql", "t.sqlite", "--timeout", "0.2", "SELECT tensor_value('token_embd.weight', 0, 0)")
    #expect(ended.code == 1 && ended.sentence?.contains("did not stop after 0.2 s") == true)
  }

  /// What is long in other ways: many calls, long values, patterns. Each takes a hundred times as
  /// long as it may, and each call a hundredth of what it may take to listen.
  @Test(arguments: [
    "SELECT group_concat(a.step) FROM event a, event b, event c",
    "SELECT sum(length(printf('%*d', 10000000, a.step))) FROM event a, event b",
    "SELECT count(*) FROM event a, event b WHERE hex(zeroblob(1000000 + b.step)) = a.step",
    "SELECT count(*) FROM event a, event b WHERE hex(zeroblob(99999)) LIKE '%0%0%0%0%0%' || b.step",
    "SELECT json_group_array(a.step) FROM event a, event b, event c",
    "SELECT sum(vec_norm(zeroblob(4000000 + 4 * a.step))) FROM event a, event b",
  ])
  func whatTakesLongIsStopped(query: String) throws {
    let result = try nibble("sql", "t.sqlite", "--timeout", "0.2", query)
    #expect(result.code == 1 && result.output.isEmpty)
    #expect(
      result.sentence
        == "nibble: The query was stopped after 0.2 s; give it more time, or ask for less.")
  }

  /// What is written on a pipe, as Python's json and csv read it.
  @Test func pythonReadsWhatIsWritten() throws {
    let check = """
      import csv, json, sys
      rows = json.load(open('j'))
      for row in rows:
        assert row['b'] == chr(row['i']), row
      assert [row['i'] for row in rows] == list(range(256))
      assert rows[0]['t'] == 'a|b"c\\\\\\u009b\\n\\t\\u202e' and rows[0]['n'] is None and rows[0]['r'] == float('inf')
      read = list(csv.reader(open('c', newline='')))
      assert read[0] == ['i', 't', 'n'] and read[1] == ['0', rows[0]['t'], ''], read
      """
    try check.write(toFile: nibble.path("check.py"), atomically: true, encoding: .utf8)
    let text = "'a|b\"c\\' || char(155, 10, 9, 8238) AS t, NULL AS n"
    let blobs = (0..<256).map {
      "SELECT \($0) AS i, x'\(String($0 + 256, radix: 16).dropFirst())' AS b, \(text), 9e999 AS r"
    }.joined(separator: " UNION ALL ")
    for (query, format, file) in [
      (blobs, "json", "j"), ("SELECT 0 AS i, \(text)", "csv", "c"),
    ] {
      let result = try nibble("sql", "t.sqlite", query, "--format", format)
      #expect(result.code == 0, "\(result.errors)")
      try result.output.write(toFile: nibble.path(file), atomically: true, encoding: .utf8)
    }
    let result = try nibble.shell("python3 check.py")
    #expect(result.code == 0, "\(result.errors)")
  }

  /// Rows are handed on as they come: what all of a long trace takes is hardly more than what one
  /// row does.
  @Test(
    .enabled(if: Nibble.canPreload), arguments: ["csv", "json", "list", "box", "bars", "sparkline"])
  func memoryIsBounded(format: String) throws {
    func peak(_ query: String) throws -> Int {
      try nibble.peakBytes("sql", "t.sqlite", query, "--format", format)
    }
    // Each step of the trace many times over.
    let all =
      "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 100) "
      + "SELECT i, event.* FROM n, event"
    // And 64 MB of long values, where rows are kept for the widths of columns.
    let long =
      "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 64) "
      + "SELECT i, hex(zeroblob(500000)) FROM n"
    let one = try peak("SELECT 1")
    for (query, most) in [(all, 24)] + (format == "bars" || format == "box" ? [(long, 48)] : []) {
      let many = try peak(query)
      #expect(many - one < most << 20, "\(many - one) bytes")
    }
  }
}
