import Foundation
import Synchronization
import TestSupport
import Testing

@testable import TraceStore

// One after another, since the limit of memory is the process's.
@Suite(.serialized) struct QuerySessionTests {
  let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    try record(to: folder.file())
  }

  private func bytes(_ name: String = "trace.sqlite") throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: folder.file(name)))
  }

  // MARK: - Parameters

  @Test func parameters() throws {
    let session = try QuerySession(path: folder.file())
    session.parameters = ["a": .integer(7), "b": .text("x"), "1": .real(0.5)]
    let result = try session.result(
      of: "SELECT :a, @b, $a, :c", with: ["a": .null, "c": .blob([])])
    #expect(result.rows == [[.null, .text("x"), .null, .blob([])]])
    #expect(result.columns == [":a", "@b", "$a", ":c"])
    #expect(try session.result(of: "SELECT ?1").single == .real(0.5))
    let error = #expect(throws: TraceError.self) {
      _ = try session.result(of: "SELECT 1;\nSELECT 1 + :missing")
    }
    #expect(
      error?.description == """
        SQL: :missing has no value
          SELECT 1 + :missing
                     ^
        """)
    #expect(throws: TraceError.self) { _ = try session.result(of: "SELECT ?") }
    #expect(throws: TraceError.self) {
      _ = try session.result(of: "SELECT ?2, ?", with: ["2": .null])
    }
    // The first of the three parameters that ?3 makes is nowhere.
    let numbered = try session.result(of: "SELECT ?3, :a", with: ["3": .text("x")])
    #expect(numbered.rows == [[.text("x"), .integer(7)]])
  }

  @Test func aResultCanBeLimited() throws {
    let session = try QuerySession(path: folder.file())
    #expect(try session.result(of: "SELECT step FROM event", limit: 3).rows.count == 3)
    #expect(try session.result(of: "SELECT 1; SELECT 2").single == .integer(2))
    #expect(try session.result(of: "-- nothing").columns.isEmpty)
  }

  // MARK: - Time

  @Test(arguments: [
    "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
    "SELECT count(*) FROM event a, event b, event c, event d",
    "SELECT max(length(a.name || b.name || c.name)) FROM op a, op b, op c, op d",
  ])
  func aRunawayQueryIsEnded(query: String) throws {
    let session = try QuerySession(path: folder.file())
    session.timeLimit = 0.05
    let clock = ClockByHand()
    session.now = {
      clock.advance(by: .milliseconds(1))
      return clock.time
    }
    let error = #expect(throws: TraceError.self) {
      try session.run(query, columns: { _ in }, row: { _ in true })
    }
    #expect(error == .outOfTime(seconds: 0.05))
    #expect(try #require(error).description.contains("stopped after 0.05 s"))
    #expect(try session.result(of: "SELECT 1").single == .integer(1))
  }

  /// Handling rows is the query's time, and waiting for a pager is not.
  @Test func theTimeOfWhoeverReadsDoesNotCount() throws {
    let session = try QuerySession(path: folder.file())
    session.timeLimit = 30
    let clock = ClockByHand()
    session.now = { clock.time }
    var text = ""
    let slowReader = TableFormatter(.csv) {
      clock.advance(by: .seconds(60))
      text += $0
    }
    try session.run("SELECT step FROM event LIMIT 3", into: slowReader)
    #expect(text == "step\n1\n2\n3\n")
    let error = #expect(throws: TraceError.self) {
      try session.run(
        "SELECT step FROM event LIMIT 3", columns: { _ in },
        row: { _ in
          clock.advance(by: .seconds(20))
          return try session.result(of: "SELECT 1").rows.count == 1
        })
    }
    #expect(error == .outOfTime(seconds: 30))
  }

  @Test func aQueryIsCancelled() throws {
    let session = try QuerySession(path: folder.file())
    var asked = 0
    session.isCancelled = {
      asked += 1
      return asked > 3
    }
    #expect(throws: TraceError.interrupted) {
      _ = try session.result(
        of: "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n")
    }
  }

  @Test func aPersonInterruptsAQuery() throws {
    let session = try QuerySession(path: folder.file())
    let asking = Asking()
    session.interrupts = { asking.times.withLock { $0 } }
    #expect(throws: TraceError.interrupted) {
      try session.run(
        "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
        columns: { _ in },
        row: { row in
          if row[0] == .integer(1000) { asking.times.withLock { $0 = 1 } }
          return true
        })
    }
    asking.times.withLock { $0 = 0 }
    #expect(try session.result(of: "SELECT 1").single == .integer(1))
  }

  /// A function of SQLite that goes on for hours ends with the process.
  @Test func whatDoesNotListenEndsWithTheProcess() throws {
    let session = try QuerySession(path: folder.file())
    let (clock, asking) = (ClockByHand(), Asking())
    session.now = { clock.time }
    session.interrupts = { asking.times.withLock { $0 } }
    session.endProcess = { error in asking.ends.withLock { $0.append(error) } }
    func ends(after seconds: Double, _ watch: QueryWatch) -> [TraceError] {
      watch.counting {
        clock.advance(by: .seconds(seconds))
        watch.look()
      }
      return asking.ends.withLock { ends in
        defer { ends = [] }
        return ends
      }
    }
    session.timeLimit = 1
    let limited = QueryWatch(session)
    #expect(ends(after: 0.9, limited).isEmpty && !limited.isOutOfTime)
    #expect(ends(after: 2, limited).isEmpty && limited.isOutOfTime)
    #expect(ends(after: 0.2, limited) == [.unstoppable(seconds: 1)])
    clock.advance(by: .seconds(10))
    limited.look()  // nothing runs
    #expect(asking.ends.withLock { $0.isEmpty })
    limited.restart()
    #expect(ends(after: 0.9, limited).isEmpty && !limited.isOutOfTime)

    session.timeLimit = nil
    let asked = QueryWatch(session)
    #expect(ends(after: 100, asked).isEmpty)
    asking.times.withLock { $0 = 1 }
    #expect(ends(after: 0, asked).isEmpty)
    #expect(ends(after: 100, asked).isEmpty)  // once is not twice
    asking.times.withLock { $0 = 2 }
    #expect(ends(after: 1, asked) == [.unstoppable(seconds: nil)])
    let again = QueryWatch(session)
    #expect(ends(after: 1, again).isEmpty)  // twice at once, of what may still listen
    #expect(ends(after: 2.1, again) == [.unstoppable(seconds: nil)])
  }

  // MARK: - Size

  @Test(arguments: [
    "SELECT zeroblob(300000000)", "SELECT hex(zeroblob(150000000))",
    "SELECT replace(hex(zeroblob(1000000)), '0', hex(zeroblob(500)))",
    "SELECT group_concat(hex(zeroblob(50000000)), '') FROM (VALUES (1), (2), (3), (4))",
  ])
  func aValueHasALargestLength(query: String) throws {
    let session = try QuerySession(path: folder.file())
    let error = #expect(throws: TraceError.self) { _ = try session.result(of: query) }
    #expect(
      try #require(error).description.hasPrefix(
        "SQL: a value of more than 256 MiB; ask for a part of it\n"))
  }

  @Test func aQueryHasAMostOfMemory() throws {
    let session = try QuerySession(path: folder.file())
    let columns = (0..<20).map { "zeroblob(100000000 + \($0))" }.joined(separator: ", ")
    let error = #expect(throws: TraceError.self) {
      try session.run("SELECT \(columns)", columns: { _ in }, row: { _ in true })
    }
    #expect(
      try #require(error).description.hasPrefix("SQL: this takes more than 1024 MiB of memory"))
    #expect(try session.result(of: "SELECT 1").single == .integer(1))
  }

  // MARK: - Attached traces

  @Test func attachedTracesAreRead() throws {
    let odd = "it's \"odd\"; #1 ?mode=rwc%20.sqlite"
    try record(to: folder.file(odd), decode: 2)
    let before = try (bytes(), bytes(odd))
    let session = try QuerySession(
      path: folder.file(),
      attached: [.init(name: "b", path: folder.file(odd)), .init(name: "c2", path: folder.file())])
    let counts = try session.result(
      of: "SELECT (SELECT count(*) FROM pass), (SELECT count(*) FROM b.pass), "
        + "(SELECT count(*) FROM c2.pass)")
    #expect(counts.rows == [[.integer(4), .integer(2), .integer(4)]])
    for query in [
      "DELETE FROM b.tile", "ATTACH '\(folder.file())' AS d", "DETACH b", "CREATE TABLE b.t(a)",
      "CREATE TEMP TABLE t(a)", "DROP VIEW temp.op_differences", "PRAGMA b.user_version = 1",
      "PRAGMA b.journal_mode = DELETE", "INSERT INTO temp.sqlite_schema VALUES (1, 2, 3, 4, 5)",
    ] {
      let error = #expect(throws: TraceError.self) { _ = try session.result(of: query) }
      guard case .sql = try #require(error) else {
        Issue.record("\(query): \(String(describing: error))")
        continue
      }
    }
    #expect(try bytes() == before.0 && bytes(odd) == before.1)
  }

  @Test(arguments: ["main", "TEMP", "", "1b", "b c", "b;DROP", "b\""])
  func aNameThatCannotBeIsSaid(name: String) throws {
    #expect(throws: TraceError.self) {
      _ = try QuerySession(
        path: folder.file(), attached: [.init(name: name, path: folder.file())])
    }
  }

  @Test func whatIsNoTraceIsNotAttached() throws {
    try Data("text".utf8).write(to: URL(fileURLWithPath: folder.file("text")))
    _ = try sqlite3(folder.file("other.sqlite"), "CREATE TABLE secret(a)")
    for (name, expected) in [
      ("absent", TraceError.missing(path: folder.file("absent"))),
      ("text", .notATrace(path: folder.file("text"))),
      ("other.sqlite", .notATrace(path: folder.file("other.sqlite"))),
    ] {
      #expect(throws: expected) {
        _ = try QuerySession(
          path: folder.file(), attached: [.init(name: "b", path: folder.file(name))])
      }
    }
    let twice = QuerySession.Attachment(name: "b", path: folder.file())
    #expect(throws: TraceError.self) {
      _ = try QuerySession(path: folder.file(), attached: [twice, twice])
    }
  }

  // MARK: - Traces that are not finished

  @Test func aTraceThatIsBeingWrittenIsRead() throws {
    let recording = try Recording(path: folder.file("live.sqlite"))
    try recording.run(decode: 2)
    try recording.recorder.settle()
    let session = try QuerySession(
      path: folder.file("live.sqlite"), attached: [.init(name: "b", path: folder.file())])
    #expect(try session.result(of: "SELECT count(*) FROM pass").single == .integer(2))
    #expect(try session.result(of: "SELECT count(*) FROM op_differences").rows.count == 1)
    try recording.pass(tokens: 1)
    try recording.recorder.settle()
    #expect(try session.result(of: "SELECT count(*) FROM pass").single == .integer(3))
    let other = try QuerySession(
      path: folder.file(), attached: [.init(name: "b", path: folder.file("live.sqlite"))])
    #expect(try other.result(of: "SELECT count(*) FROM b.pass").single == .integer(3))
  }
}

/// A clock that goes on when it is told to.
private final class ClockByHand: Sendable {
  private let now = Mutex(ContinuousClock.now)

  var time: ContinuousClock.Instant { now.withLock { $0 } }
  func advance(by duration: Duration) { now.withLock { $0 += duration } }
}

/// How often a person asked for the end, and what ended the process.
private final class Asking: Sendable {
  let times = Mutex(0)
  let ends = Mutex<[TraceError]>([])
}
