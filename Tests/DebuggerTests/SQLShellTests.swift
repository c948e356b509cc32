import Foundation
import TestSupport
import Testing
import TraceStore

@testable import Debugger

/// The shell of `nibble sql`, line by line.
@Suite struct SQLShellTests {
  let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    try Rehearsal(path: folder.file()).perform()
  }

  private func shell(
    _ output: CollectedOutput, attached: [QuerySession.Attachment] = [], width: Int = 80
  ) throws -> SQLShell {
    SQLShell(
      session: try QuerySession(path: folder.file(), attached: attached), output: output,
      style: TextStyle(width: width))
  }

  /// What the shell prints for lines that a person types, without prompts and lines.
  private func replies(_ lines: String..., width: Int = 80) throws -> String {
    let output = CollectedOutput()
    let shell = try shell(output, width: width)
    for line in lines {
      do { try shell.execute(line) } catch { output.complain("\(error)") }
    }
    return output.text
  }

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

  // MARK: - Files

  @Test func resultsGoToFiles() throws {
    let (once, all) = (folder.file("once.csv"), folder.file("all file.csv"))
    let text = try replies(
      ".mode csv", ".once \(once)", "SELECT 1 AS a;", "SELECT 2 AS a;", ".output '\(all)'",
      "SELECT 3 AS a;", ".tables tok%", ".output", "SELECT 4 AS a;")
    #expect(text == "a\n2\na\n4\n")
    #expect(try String(contentsOfFile: once, encoding: .utf8) == "a\n1\n")
    let words = try String(contentsOfFile: all, encoding: .utf8).split { $0 == " " || $0 == "\n" }
    #expect(words == ["a", "3", "token", "token_summary"])
    #expect(
      try replies(".output \(folder.path)")
        == "\(folder.path): cannot be written (Is a directory).\n"
    )
    #expect(try replies(".once '|cat'").hasPrefix("Results go to files alone;"))
  }

  @Test func aTraceIsNoOutput() throws {
    let (trace, other) = (folder.file(), folder.file("other.sqlite"))
    try FileManager.default.copyItem(atPath: trace, toPath: other)
    try FileManager.default.createSymbolicLink(
      atPath: folder.file("link"), withDestinationPath: trace)
    try FileManager.default.linkItem(atPath: trace, toPath: folder.file("hard"))
    let before = try Data(contentsOf: URL(filePath: trace))
    let output = CollectedOutput()
    let shell = try shell(output, attached: [.init(name: "b", path: other)])
    for path in [
      trace, other, folder.file("link"), folder.file("hard"), trace + "-wal", other + "-journal",
      folder.path + "/./trace.sqlite",
    ] {
      for command in [".output", ".once"] {
        let error = #expect(throws: SQLShellError.self) { try shell.execute("\(command) \(path)") }
        #expect(
          error?.description == "\(path) is a trace that is being read; name another file.")
      }
    }
    let apart = folder.file("apart.sqlite")
    try FileManager.default.copyItem(atPath: trace, toPath: apart)
    let error = #expect(throws: SQLShellError.self) { try shell.execute(".output \(apart)") }
    #expect(
      error?.description
        == "\(apart) is a trace, which results do not replace; name another file.")
    for path in [trace, other, apart] {
      #expect(try Data(contentsOf: URL(filePath: path)) == before)
    }
  }

  @Test func filesAreRead() throws {
    let script = folder.file("script.sql")
    try ".mode list\n.headers off\nSELECT 1\n  + 1;\nSELECT 'end'".write(
      toFile: script, atomically: true, encoding: .utf8)
    #expect(try replies(".read \(script)") == "2\nend\n")
    #expect(
      try replies(".read /nowhere") == "/nowhere: cannot be read (there is no such file).\n")
    try ".read \(script)".write(toFile: script, atomically: true, encoding: .utf8)
    #expect(
      try replies(".read \(script)")
        == "\(script):1: \(script) is not read: files that read each other go on without end, or are "
        + "more than 20 deep.\n")
  }

  /// Of several lines, that of the place; of a file that is read by another, its own.
  @Test func whatFailsInAFileIsTold() throws {
    let (inner, outer) = (folder.file("inner.sql"), folder.file("outer.sql"))
    for (text, expected) in [
      (
        "-- first\n\nSELECT 1;\nSELECT step,\n  nam\nFROM event;\nSELECT 2;",
        "5: SQL: no such column: nam"
      ),
      ("SELECT 1;\n.mode html\n", "2: There is no mode"),
      (".mode list\nSELECT\n", "2: SQL: incomplete input"),
      ("SELECT 1; SELECT 2;\r\nDELETE FROM tile;", "2: SQL: DELETE is not allowed"),
      ("\nSELECT vec_sum(1)\n;", "2: SQL: vec_sum: a vector has to be a blob"),
      (".read /nowhere", "1: /nowhere: cannot be read"),
    ] {
      try text.write(toFile: inner, atomically: true, encoding: .utf8)
      try "\n\n.read \(inner)\n".write(toFile: outer, atomically: true, encoding: .utf8)
      for path in [inner, outer] {
        let error = #expect(throws: SQLShellError.self) {
          try shell(CollectedOutput()).execute(".read \(path)")
        }
        #expect(try #require(error).description.hasPrefix("\(inner):\(expected)"), "\(text)")
      }
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

  // MARK: - Completion

  @Test(arguments: [
    (".sch", "", Completion(insert: "ema ")), (".mode mark", "", Completion(insert: "down ")),
    ("SELECT * FROM memory_t", "", Completion(insert: "imeline ")),
    ("sele", "", Completion(insert: "ct ")), ("SELE", "", Completion(insert: "CT ")),
    ("SELECT packed_per", "SELECT * FROM tensor_summary;", Completion(insert: "cent ")),
    ("FROM tile_lifetime WHERE lifet", "SELECT x", Completion(insert: "ime ")),
    ("SELECT t.lifet", "FROM tile_lifetime AS t", Completion(insert: "ime ")),
    ("SELECT vec_max_", "", Completion(insert: "abs_diff(")), ("SELECT zzz", "", Completion()),
    ("SELECT * FROM b.kv_gr", "", Completion(insert: "owth ")),
  ])
  func completion(before: String, pending: String, expected: Completion) throws {
    let session = try QuerySession(
      path: folder.file(), attached: [.init(name: "b", path: folder.file())])
    let found = SQLCompletion(session).complete(before, pending: pending, width: 80)
    #expect(found == expected, "\(before)")
  }

  @Test func severalCandidatesAreListed() throws {
    let completion = SQLCompletion(try QuerySession(path: folder.file()))
    let found = completion.complete("SELECT * FROM peak_by_", pending: "", width: 80)
    #expect(found == Completion(candidates: "peak_by_category   peak_by_pass_kind\n"))
  }

  /// A word that is whole is neither added to nor proposed again.
  @Test func aWholeWordStays() throws {
    let completion = SQLCompletion(try QuerySession(path: folder.file()))
    func complete(_ before: String) -> Completion {
      completion.complete(before, pending: "", width: 80)
    }
    for before in [".tables", "SELECT * FROM peak_by_category", "SELECT at_peak_percent"] {
      #expect(complete(before) == Completion(), "\(before)")
    }
    #expect(complete("SELECT * FROM tile").candidates.contains("tile_lifetime"))
    #expect(complete("SELECT * FROM tile").insert.isEmpty)
  }

  /// Each command, table, column and function is proposed for its name but the last letter.
  @Test func everyNameIsCompleted() throws {
    let session = try QuerySession(path: folder.file())
    let completion = SQLCompletion(session)
    func proposes(_ name: String, before: String = "", pending: String = "") -> Bool {
      let word = String(name.dropLast())
      let found = completion.complete(before + word, pending: pending, width: 80)
      if found.insert.isEmpty {
        return found.candidates.split { $0 == " " || $0 == "\n" }.contains { $0 == name }
      }
      return name.hasPrefix(word + found.insert.prefix { $0 != " " })
    }
    for command in SQLCommand.all { #expect(proposes(command.name), "\(command.name)") }
    for function in QueryFunction.all {
      #expect(proposes(function.name + "(", before: "SELECT "), "\(function.name)")
    }
    for table in try session.tables() where !table.isPrivate {
      #expect(proposes(table.name, before: "SELECT * FROM "), "\(table.name)")
      for column in try session.columns(of: table) where column.count > 1 {
        #expect(
          proposes(column, before: "SELECT ", pending: "FROM \(table.name)"),
          "\(table.name).\(column)")
      }
    }
  }

  @Test func aNameThatActsOnATerminalIsNotProposed() throws {
    let trace = folder.file()
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "sqlite3", trace,
      "CREATE VIEW \"evil\u{1B}[31m\" AS SELECT 1 AS \"evil\u{9B}\"; "
        + "CREATE VIEW evil_too AS SELECT 1 AS \"evil word\"",
    ]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let completion = SQLCompletion(try QuerySession(path: trace))
    let found = completion.complete("SELECT * FROM ev", pending: "", width: 80).candidates
    let names = found.split { $0 == " " || $0 == "\n" }
    #expect(
      names.contains("evil_too") && names.allSatisfy { !$0.hasPrefix("evil") || $0 == "evil_too" })
  }
}
