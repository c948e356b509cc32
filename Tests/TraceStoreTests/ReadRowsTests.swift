import TestSupport
import Testing

@testable import TraceStore

/// Which queries depend on what was recorded.
@Suite struct ReadRowsTests {
  @Test(arguments: [
    ("SELECT 512", false), ("SELECT (512)", false), ("SELECT abs(512)", false),
    ("SELECT 512 FROM meta LIMIT 1", false), ("SELECT max(512) FROM tile", false),
    ("SELECT count(*)", false), ("SELECT count(512)", false), ("", false), ("-- none", false),
    ("SELECT 512 FROM op LIMIT 1", false),
    ("WITH c(x) AS (SELECT 512) SELECT x FROM c", false), ("SELECT 1; SELECT 2;", false),
    ("SELECT count(*) FROM tile", true), ("SELECT count(*) FROM op", true),
    ("SELECT count(*) FROM b.tile", true), ("SELECT sum(bytes) FROM tile", true),
    ("SELECT duration_ns FROM op", true), ("SELECT (SELECT max(bytes) FROM tile)", true),
    ("WITH t AS (SELECT bytes FROM tile) SELECT sum(bytes) FROM t", true),
    ("SELECT 1; SELECT bytes FROM peak_by_category", true),
    ("SELECT count(*) FROM token AS t JOIN b.token AS u USING (sequence, position, id)", true),
    ("SELECT 512 FROM op WHERE kind = 'mul_mat'", true),
  ])
  func aColumnOrTheNumberOfRowsIsRead(sql: String, reads: Bool) throws {
    let folder = try ScratchFolder()
    try record(to: folder.file())
    let session = try QuerySession(
      path: folder.file(), attached: [.init(name: "b", path: folder.file())])
    #expect(try session.readsRows(sql) == reads)
  }

  @Test func wrongStatementsAreTold() throws {
    let folder = try ScratchFolder()
    try record(to: folder.file())
    #expect(throws: TraceError.self) {
      try QuerySession(path: folder.file()).readsRows("SELECT nothing FROM tile")
    }
  }
}
