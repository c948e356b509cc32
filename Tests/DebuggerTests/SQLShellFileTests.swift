import Foundation
import Testing
import TraceStore

@testable import Debugger

/// Files that the shell of `nibble sql` writes and reads.
@Suite final class SQLShellFileTests: RehearsedSQLShell {
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
      ("SELECT 1; SELECT 2;\r\nDELETE FROM pass;", "2: SQL: DELETE is not allowed"),
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
}
