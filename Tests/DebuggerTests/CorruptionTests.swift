import Foundation
import TestSupport
import Testing
import TraceStore

@testable import Debugger

/// Hundreds of damaged traces, the same in every run: each command of the debugger does what it
/// can on each, or gives one of the sentences of ``TraceError`` and ``DebuggerError``. A crash or
/// an endless loop fails the run.
@Suite struct CorruptionTests {
  /// Every command in every form that goes its own way through a trace.
  static let script: [String] =
    Command.all.filter { $0.name != "quit" }
    .map { $0.example.replacing("stops.nibble", with: "/nowhere/stops.nibble") }
    + TraceObject.names.map { "print \($0)" } + InfoTopic.all.map { "info \($0.name)" }
    + [
      "help", "help info", "step 7", "next", "next 1000000", "reverse-next", "reverse-next 1000000",
      "finish op", "finish layer", "finish pass", "reverse-finish op", "reverse-finish layer",
      "reverse-finish pass", "reverse-step 9", "continue", "where", "list", "list", "list -",
      "reverse-continue", "list 5", "goto peak", "where", "goto pass 2", "goto pass 99", "goto +40",
      "goto -3", "goto Kcur-1", "goto 9223372036854775807", "goto -9223372036854775807", "goto 60",
      "goto start", "goto -9223372036854775808",
      "tbreak any if event.bytes > 100 and event.step > 9", "continue",
      "tbreak any if kv.bytes > 1 and event.bytes + tile.rows > event.step", "continue",
      "tbreak any if peak > mem.live", "reverse-continue", "delete",
      "mem", "mem op", "mem layer", "mem pass", "mem all", "mem kv", "mem peak", "info ops all",
      "info ops k",
      "info tensors blk", "print ffn_gate-0", "print ffn_gate-0[0..8]", "print ffn_gate-0[1, 0..2]",
      "print result_output[0..]", "print blk.0.ffn_gate.weight", "print tile.rows",
      "print mem.peak",
      "sql SELECT count(*) FROM memory_timeline", "SELECT * FROM slowest_ops LIMIT 3",
      "SELECT * FROM kv_growth", "SELECT * FROM peak_buffers",
    ]

  /// Places from which the script begins anew.
  static let places = [1, 17, 40, 90]

  /// Does the script on a trace.
  ///
  /// - Returns: how many commands were done, and how many were refused.
  private func walk(_ path: String) throws -> (done: Int, refused: Int) {
    var done = 0
    var refused = 0
    func attempt(_ name: String, _ body: () throws -> Void) {
      do {
        try body()
        done += 1
      } catch DebuggerError.notLive {
        // Not of this trace.
      } catch let error as TraceError {
        #expect(!error.description.isEmpty)
        refused += 1
      } catch let error as DebuggerError {
        #expect(!error.description.isEmpty)
        refused += 1
      } catch {
        Issue.record("\(name): \(error)")
      }
    }
    var session: DebuggerSession?
    attempt("opening") {
      session = try DebuggerSession(
        trace: Trace(path: path), output: CollectedOutput(),
        style: TextStyle(width: 60, palette: .many))
    }
    guard let session else { return (done, refused) }
    attempt("welcome") { try session.welcome() }
    for place in Self.places {
      _ = session.cursor.go(to: place)
      let script = place == 1 ? Self.script : Self.script.filter { !$0.hasPrefix("help") }
      for line in script { attempt(line) { try session.execute(line) } }
      attempt("the panes") {
        for view in ScreenView.allCases {
          _ = try ScreenTests.screen(session, style: TextStyle(width: 80, height: 24), view: view)
        }
      }
      attempt("a replay") {
        let steps = session.cursor.step...min(session.cursor.last, session.cursor.step + 60)
        var replay = try session.replay(of: steps, columns: 40)
        for step in [steps.lowerBound, steps.upperBound] {
          _ = try replay.lines(at: session.place(at: step), style: TextStyle(width: 60))
        }
      }
    }
    let exports = try ScratchFolder()
    for format in ExportFormat.allCases {
      attempt("export \(format)") {
        try session.trace.export(format, to: exports.file(format.rawValue))
      }
    }
    for format in TraceReport.Format.allCases {
      attempt("report") { _ = try TraceReport(trace: session.trace).text(format) }
    }
    return (done, refused)
  }

  private func original(_ folder: ScratchFolder) throws -> Data {
    try Rehearsal(path: folder.file(), capture: .values).perform()
    return try Data(contentsOf: URL(filePath: folder.file()))
  }

  @Test func theWholeTraceGivesNoDamage() throws {
    let folder = try ScratchFolder()
    _ = try original(folder)
    let (done, refused) = try walk(folder.file())
    // What is not there at a place, what no trace has, and what is in the model file alone.
    #expect(done > 4 * refused)
  }

  @Test(arguments: 0..<4) func flippedBytes(_ seed: Int) throws {
    let folder = try ScratchFolder()
    let whole = try original(folder)
    var random = SeededGenerator(seed: UInt64(seed))
    var refused = 0
    for _ in 0..<30 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...30, using: &random) {
        let place = Int.random(in: 100..<bytes.count, using: &random)
        bytes[place] = UInt8.random(in: 0...255, using: &random)
      }
      let path = folder.file("broken.sqlite")
      try bytes.write(to: URL(filePath: path))
      refused += try walk(path).refused
    }
    #expect(refused > 0)
  }

  private struct Column {
    let table: String
    let name: String
  }

  private static func columns(of path: String) throws -> [Column] {
    var columns: [Column] = []
    try Trace(path: path).run(
      """
      SELECT m.name, c.name FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS c
      WHERE m.type = 'table' AND c.type = 'INTEGER' ORDER BY m.name, c.cid
      """, columns: { _ in },
      row: { row in
        if let table = row[0].text, let name = row[1].text {
          columns.append(Column(table: table, name: name))
        }
        return true
      })
    return columns
  }

  /// Numbers that no recording has, in one row or in all rows of a column, one to three columns.
  @Test(arguments: 0..<4) func impossibleNumbers(_ seed: Int) throws {
    let folder = try ScratchFolder()
    let whole = try original(folder)
    let columns = try Self.columns(of: folder.file())
    try #require(columns.count > 60)
    var random = SeededGenerator(seed: UInt64(100 + seed))
    var changed = 0
    var refused = 0
    for _ in 0..<40 {
      let path = folder.file("broken.sqlite")
      try whole.write(to: URL(filePath: path))
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        guard let column = columns.randomElement(using: &random) else { continue }
        let value =
          ["-1", "0", "4611686018427387904", "9007199254740992", "NULL", "1.5", "'x'"]
          .randomElement(using: &random) ?? "0"
        let some =
          Bool.random(using: &random)
          ? "" : " WHERE rowid % 7 = \(Int.random(in: 0..<7, using: &random))"
        // One row where a key would be there twice; constraints may still refuse it.
        if damage(path, "UPDATE OR IGNORE \(column.table) SET \(column.name) = \(value)\(some)") {
          changed += 1
        }
      }
      refused += try walk(path).refused
    }
    #expect(changed > 20 && refused > 0)
  }

  @Test(arguments: [
    "DELETE FROM _op", "DELETE FROM _op WHERE id % 2 = 0", "DELETE FROM _node", "DELETE FROM pass",
    "DELETE FROM _memory", "DELETE FROM tensor", "DELETE FROM weight_tile", "DELETE FROM _label",
    "DELETE FROM _event WHERE step % 3 = 0", "DELETE FROM token", "DELETE FROM kv_append",
    "UPDATE value SET data = x'00'", "UPDATE value SET data = x'00000000'",
    "UPDATE _op SET first_step = 200 - first_step, last_step = 200 - first_step",
    "UPDATE pass SET first_step = 1 + last_step - first_step WHERE id = 2",
    "UPDATE weight_tile SET first_row = -first_row - 1", "UPDATE weight_tile SET rows = 0",
    "UPDATE _memory SET activations = -activations, kv_cache = -1",
    "UPDATE _event SET step = 4611686018427387904 WHERE step = (SELECT max(step) FROM _event)",
    "UPDATE tensor SET bytes = 9007199254740992, rows = 67108864, cols = 67108864",
    "UPDATE kv_append SET key_bytes = 9007199254740992, value_bytes = 9007199254740992",
    "UPDATE meta SET value = '-9223372036854775808' WHERE key = 'tile_rows'",
    "UPDATE meta SET value = '0' WHERE key = 'tile_rows'", "DROP TABLE kv_append", "DROP VIEW op",
  ])
  func wholeTablesDamaged(_ change: String) throws {
    let folder = try ScratchFolder()
    _ = try original(folder)
    try #require(damage(folder.file(), change))
    _ = try walk(folder.file())
  }

  /// Changes a trace with SQLite's own shell; `false` where SQLite refuses.
  private func damage(_ path: String, _ sql: String) -> Bool {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["sqlite3", "-init", "/dev/null", path, sql]
    process.standardError = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    do { try process.run() } catch { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }
}
