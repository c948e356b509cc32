import Foundation
import Testing
import TraceStore

@testable import Debugger

/// What Tab does in the shell of `nibble sql`.
@Suite final class SQLCompletionTests: RehearsedSQLShell {
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
