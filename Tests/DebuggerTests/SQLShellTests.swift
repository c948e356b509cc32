import Basics
import Testing
import TraceStore

@testable import Debugger

/// The shell of `nibble sql`, line by line.
@Suite final class SQLShellTests: RehearsedSQLShell {
  // MARK: - Statements

  @Test func statementsTakeSeveralLines() throws {
    let output = CollectedOutput()
    let lines = [
      "SELECT 1 AS a,", "  'x;", "y' AS b; -- done", "-- a comment", "", "SELECT 2; SELECT 3", ";",
    ]
    try shell(output).run(ScriptedLines(lines, echo: output))
    #expect(output.text.contains("sql> SELECT 1 AS a,\n...>   'x;\n...> y' AS b; -- done\n┌"))
    #expect(output.text.contains("│ 1 │ x; │\n│   │ y  │"))
    #expect(output.text.contains("sql> SELECT 2; SELECT 3\n...> ;\n┌───┐\n│ 2 │"))
    #expect(output.text.hasSuffix("│ 3 │\n└───┘\nsql> \n\n"))
  }

  @Test func theLastStatementOfAFileNeedsNoSemicolon() throws {
    let output = CollectedOutput()
    try shell(output).run(ScriptedLines(["SELECT 7", "  AS seven"]))
    #expect(output.text == "┌───────┐\n│ seven │\n├───────┤\n│ 7     │\n└───────┘\n")
  }

  @Test func anErrorPointsAtThePlaceAndAPersonGoesOn() throws {
    let output = CollectedOutput()
    let lines = ["SELECT step,", "  nam FROM event;", "SELECT 1 AS one;"]
    try shell(output).run(ScriptedLines(lines, echo: output))
    #expect(output.text.contains("SQL: no such column: nam\n    nam FROM event;\n    ^\nsql> "))
    #expect(output.text.contains("│ one │"))
    #expect(throws: TraceError.self) { try shell(output).run(ScriptedLines(lines)) }
  }

  @Test func onlyAPersonIsToldThatThereAreNoRows() throws {
    let typed = CollectedOutput()
    try shell(typed).run(
      ScriptedLines(["SELECT 1 WHERE 0;", ".mode csv", "SELECT 1 WHERE 0;"], echo: typed))
    #expect(typed.text.components(separatedBy: "No rows.").count == 2)
    let piped = CollectedOutput()
    try shell(piped).run(ScriptedLines(["SELECT 1 WHERE 0;"]))
    #expect(piped.text.isEmpty)
  }

  // MARK: - Commands

  @Test func modes() throws {
    let query = "SELECT 'a' AS name, 4 AS n UNION ALL SELECT 'b', 1 UNION ALL SELECT 'c', NULL;"
    func written(_ mode: String) throws -> String {
      try replies(".mode \(mode)", query, width: 30)
    }
    #expect(try written("csv") == "name,n\na,4\nb,1\nc,\n")
    #expect(try written("list") == "name|n\na|4\nb|1\nc|\n")
    #expect(
      try written("line")
        == " name = a\n    n = 4\n\n name = b\n    n = 1\n\n name = c\n    n = \n")
    #expect(
      try written("bars") == """
        name  n
        a     4  █████████████████████
        b     1  █████▎
        c

        """)
    #expect(try written("sparkline") == "n: 1 to 4, 2 rows\n█▁\n")
    #expect(try written("markdown").hasPrefix("| name | n |\n|------|---|\n"))
    #expect(try replies(".mode csv", ".headers off", query) == "a,4\nb,1\nc,\n")
    #expect(try replies(".mode") == "current output mode: box\n")
    #expect(try replies(".mode html").contains("There is no mode \"html\"; there are box, csv,"))
    #expect(try replies(".headers maybe") == ".headers takes on or off, not \"maybe\".\n")
  }

  @Test func tablesAndSchema() throws {
    let tables = try replies(".tables")
    let names = tables.split { $0 == " " || $0 == "\n" }
    #expect(names.contains("memory_timeline") && !names.contains { $0.hasPrefix("_") })
    #expect(tables.split(separator: "\n").allSatisfy { $0.count <= 80 })
    let cache = try replies(".tables kv%").split { $0 == " " || $0 == "\n" }
    #expect(cache == ["kv_append", "kv_by_layer", "kv_by_position", "kv_error", "kv_growth"])
    let schema = try replies(".schema kv_growth")
    #expect(schema.hasPrefix("CREATE VIEW kv_growth AS\n") && schema.hasSuffix(";\n"))
    #expect(schema.contains("-- The position, counting from 0."))
    #expect(try replies(".schema nothing").hasPrefix("There is no table or view \"nothing\"; "))
  }

  @Test func parameters() throws {
    let text = try replies(
      ".mode list", ".headers off", ".parameter set :a 1+2", ".parameter set b 'it'",
      ".parameter set $c text", ".parameter list", "SELECT :a, @b, :c;", ".parameter unset :a",
      "SELECT :a;", ".parameter clear", ".parameter list", ".parameter", ".parameter set x")
    #expect(
      text == """
        :a = 3
        :b = it
        :c = text
        3|it|text
        SQL: :a has no value
          SELECT :a;
                 ^
        Usage: .parameter set NAME VALUE | unset NAME | clear | list.
        Usage: .parameter set NAME VALUE, unset NAME, clear, or list.

        """)
  }

  /// An expression without end is ended, and its rows are not collected.
  @Test func aParameterIsOneValue() throws {
    let endless =
      "1 UNION ALL SELECT * FROM (WITH RECURSIVE n(i) AS "
      + "(VALUES(1) UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    #expect(
      try replies(".mode list", ".headers off", ".parameter set a '\(endless))'", "SELECT :a;")
        == endless + ")\n")
    let output = CollectedOutput()
    let shell = try shell(output)
    shell.session.isCancelled = { true }
    #expect(throws: TraceError.interrupted) {
      try shell.execute(".parameter set a '(SELECT max(i) FROM (\(endless.dropFirst(26)))))'")
    }
  }

  @Test func commandsCanBeShortened() throws {
    #expect(try replies(".help nothing") == "There is no command .nothing; .help lists them.\n")
    #expect(try replies(".t").hasPrefix(".t begins several commands: .tables, .timer."))
    #expect(try replies(".frobnicate") == "There is no command .frobnicate; .help lists them.\n")
    #expect(try replies(".timer on", "SELECT 1;").contains("Run Time: real 0."))
    #expect(try replies(".help mode").contains("sparkline draws a curve"))
    #expect(try replies(".functions").contains("vec_dot(a, b [, dtype])"))
    for line in try replies(".help").split(separator: "\n") { #expect(line.count <= 80) }
  }

  @Test func quitLeavesTheRest() throws {
    for word in [".quit", ".exit", ".q"] {
      let output = CollectedOutput()
      try shell(output).run(ScriptedLines([word, "SELECT 1;"]))
      #expect(output.text.isEmpty)
    }
  }

  // MARK: - Terminals

  @Test(arguments: TableFormat.allCases) func nothingActsOnATerminal(format: TableFormat) throws {
    let evil = "\u{1B}]0;x\u{7}\u{9B}2J\u{7F}\r\u{202E}"
    let output = CollectedOutput()
    let session = try QuerySession(path: folder.file())
    let shell = SQLShell(
      session: session, output: output, style: TextStyle(), format: format, isOnTerminal: true)
    session.parameters = ["evil": .text(evil)]
    try shell.execute("SELECT :evil AS \"\(evil)\", 1 AS \"\(evil)n\", CAST(:evil AS BLOB) AS b;")
    #expect(format == .sparkline || output.text.contains("2J"))
    try shell.execute(".parameter list")
    for line in [
      "SELECT \"\(evil)\";", ".\(evil)", ".mode \(evil)", ".schema \(evil)", ".help \(evil)",
    ] {
      do { try shell.execute(line) } catch { output.complain("\(error)") }
    }
    // SQLite takes "x" for a text where there is no such column.
    #expect(output.messages.count == 4)
    #expect(
      output.text.unicodeScalars.allSatisfy {
        $0 == "\n" || $0 == "\t" || visible(String($0)) == String($0)
      })
  }
}
