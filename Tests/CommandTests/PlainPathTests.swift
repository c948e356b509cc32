import Foundation
import TestSupport
import Testing

/// A path is the name of a file, also where SQLite would take it for something else.
@Suite struct PlainPathTests {
  let nibble: Nibble

  init() throws { nibble = try Nibble() }

  private func passes(_ arguments: String) throws -> String {
    let result = try nibble.shell("$NIBBLE sql \(arguments) --format list")
    return result.output + result.errors
  }

  @Test(arguments: [
    "file:victim.db", "file:victim.db?mode=rwc", ":memory:", "file::memory:", "a?b#c",
  ])
  func aTraceHasTheNameThatWasGiven(_ name: String) throws {
    _ = try nibble.shell("sqlite3 victim.db 'CREATE TABLE t(x)'; cp victim.db before.db")
    _ = try nibble("record", "-n", "2", "-o", "t.sqlite")
    let record = try nibble("record", "-n", "1", "-o", name)
    #expect(record.code == 0, "\(record.errors)")
    #expect(try nibble.shell("cmp victim.db before.db").code == 0)
    #expect(FileManager.default.fileExists(atPath: nibble.path(name)))

    let count = "'SELECT count(*) AS n FROM pass'"
    #expect(try passes("'\(name)' \(count)") == "n\n1\n")
    #expect(
      try passes("t.sqlite --attach 'b=\(name)' 'SELECT count(*) AS n FROM b.pass'") == "n\n1\n")
    let step = try nibble("step", name, "--batch", "-ex", "goto end", "-ex", "print pass.id")
    #expect(step.code == 0 && step.output.contains("pass.id = 1"))
    #expect(try nibble("export", name, "--format", "json", "-o", "t.jsonl").code == 0)
    #expect(try nibble("report", name).code == 0)
    #expect(try nibble("record", "-n", "2", "-o", name).output.contains("in place of an older one"))
    #expect(try passes("'\(name)' \(count)") == "n\n2\n")
    #expect(try passes("'\(name)x' \(count)").contains("no such trace"))
  }

  /// No file has no name.
  @Test func anEmptyName() throws {
    for line in [
      "record -n 1 -o ''", "sql '' 'SELECT 1'", "step '' --batch", "report ''",
      "export '' --format json", "step -p x -o '' --batch",
    ] {
      #expect(try nibble.shell("$NIBBLE \(line)").code != 0, "\(line)")
    }
    #expect(try nibble.shell("ls").output.isEmpty)
  }

  @Test func aFolderOfAComparison() throws {
    let line = "-n 1 --strategies tiled --format json -o file:there"
    #expect(try nibble.shell("$NIBBLE compare \(line)").code == 0)
    #expect(try passes("file:there/tiled-f16.sqlite 'SELECT count(*) AS n FROM pass'") == "n\n1\n")
  }
}
