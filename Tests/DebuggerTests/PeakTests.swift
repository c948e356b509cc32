import Basics
import Foundation
import TestSupport
import Testing

@testable import Debugger
@testable import TraceStore

/// What the debugger says is alive, against what SQLite's own shell finds in the view `buffer`.
@Suite struct PeakTests {
  static func sqlite3(_ path: String, _ query: String) throws -> [[String]] {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["sqlite3", "-init", "/dev/null", "-separator", "\t", path, query]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    return String(decoding: data, as: UTF8.self).split(separator: "\n")
      .map { $0.components(separatedBy: "\t") }
  }

  /// The buffers alive after a step, the largest first.
  static func alive(_ path: String, at step: Int) throws -> [[String]] {
    try sqlite3(
      path,
      """
      SELECT bytes, category, allocated_step, coalesce(freed_step, 'the end'), name FROM buffer
      WHERE allocated_step <= \(step) AND (freed_step IS NULL OR freed_step > \(step))
      ORDER BY bytes DESC, id
      """)
  }

  /// The cells of a table's rows; no name in it has two spaces in a row.
  static func rows(_ text: String) -> [[String]] {
    text.split(separator: "\n").map { line in
      line.trimmingPrefix(while: { $0 == " " }).split(separator: /\ {2,}/).map(String.init)
    }
  }

  @Test(arguments: UInt64(0)..<6) func infoBuffersAreThoseAlive(seed: UInt64) throws {
    let folder = try ScratchFolder()
    let trace = try CursorTests.trace(folder, seed: seed)
    let output = CollectedOutput()
    let session = try DebuggerSession(
      trace: trace, output: output, style: TextStyle(width: 400))
    var random = SeededGenerator(seed: seed + 77)
    var compared = 0
    for _ in 0..<12 {
      let step = Int.random(in: 1...session.cursor.last, using: &random)
      _ = session.cursor.go(to: step)
      let expected = try Self.alive(folder.file(), at: step).map { row in
        [formatBytes(Int(row[0]) ?? -1)] + row.dropFirst()
      }
      let start = output.text.endIndex
      try session.execute("info buffers")
      guard !expected.isEmpty else {
        #expect(output.text.hasSuffix("No buffer alive here has such a name.\n"))
        continue
      }
      let printed = Self.rows(String(output.text[start...]))
      #expect(Array(printed.dropFirst().dropLast()) == expected, "step \(step)")
      compared += expected.count
    }
    #expect(compared > 0)
  }

  @Test(arguments: [nil, Rehearsal.budgets.middle, Rehearsal.budgets.first])
  func thePeakIsTheHighestAndNamesEveryBuffer(budget: Int?) throws {
    let folder = try ScratchFolder()
    try Rehearsal(path: folder.file(), budget: budget).perform()
    let trace = try Trace(path: folder.file())
    let output = CollectedOutput()
    let session = try DebuggerSession(
      trace: trace, output: output, style: TextStyle(width: 400))
    let totals = try (1...session.cursor.last).map { step in
      try #require(try trace.event(at: step)).live.total
    }
    let highest = try #require(totals.max())
    try session.execute("peak")
    #expect(session.cursor.step == 1 + (try #require(totals.firstIndex(of: highest))))
    let expected = try Self.alive(folder.file(), at: session.cursor.step)
    let printed = Self.rows(String(output.text.split(separator: "\n\n").last ?? ""))
    let table = Array(printed.dropFirst().dropLast())
    #expect(table.flatMap { Self.named($0.last ?? "") }.sorted() == expected.map { $0[4] }.sorted())
    let shares = table.compactMap { Double($0[1].dropLast(2).replacing("<", with: "")) }
    #expect(shares.count == expected.count)
    // Rounded to a tenth each.
    #expect(abs(shares.reduce(0, +) - 100) < 0.1 * Double(max(shares.count, 1)))
  }

  /// The buffers that a line of the list names: `kv 0..<48, 3 of 2 KiB` are three.
  static func named(_ text: String) -> [String] {
    guard let run = text.wholeMatch(of: /(.* )(\d+)\.\.<(\d+)(.*), (\d+) of .*/),
      let start = Int(run.2), let end = Int(run.3), let count = Int(run.5)
    else { return [text] }
    let size = (end - start) / count
    return (0..<count).map {
      "\(run.1)\(start + $0 * size)..<\(start + ($0 + 1) * size)\(run.4)"
    }
  }

  /// The pages of a layer's cache share a line, and each can still be named from it.
  @Test func buffersThatFollowEachOtherShareALine() throws {
    let folder = try ScratchFolder()
    try Tiny.record(to: folder.file(), count: 40)
    let text = try Tiny.transcript(folder.file(), ["peak"])
    #expect(text.contains("  blk.0 kv 0..<48, 3 of 8 KiB\n"), "\(text)")
    #expect(text.hasSuffix("\"info buffers\" lists each by itself.\n(nibble) \n"), "\(text)")
    let table = Self.rows(String(text.split(separator: "\n\n").last ?? ""))
    let step = try Trace(path: folder.file()).peak()?.step ?? 0
    let expected = try Self.alive(folder.file(), at: step).map { $0[4] }
    #expect(
      table.dropFirst().dropLast(2).flatMap { Self.named($0.last ?? "") }.sorted()
        == expected.sorted())
  }

  /// Buffers are joined where one begins at the end of another of its size and kind.
  @Test func onlyConsecutiveBuffersAreJoined() {
    func buffer(_ id: Int, _ name: String, _ bytes: Int = 8) -> TraceBuffer {
      TraceBuffer(
        id: id, category: .kvCache, name: name, bytes: bytes, freedStep: nil, isTile: false)
    }
    let names = [
      "a 0..<4", "b 0..<4", "a 4..<8", "a 12..<16", "b 4..<8 of c", "logits", "logits", "..<", "<",
      "a 16..<20", "3..<",
    ]
    let runs = BufferRun.joining(
      names.enumerated().map { buffer($0.offset, $0.element) } + [buffer(20, "a 20..<24", 9)])
    #expect(
      runs.map(\.name) == [
        "a 0..<8, 2 of 8 B", "b 0..<4", "a 12..<20, 2 of 8 B", "b 4..<8 of c", "logits", "logits",
        "..<", "<", "3..<", "a 20..<24",
      ])
    #expect(runs.map(\.count).reduce(0, +) == names.count + 1)
  }

  /// Each column of the plot of the KV cache is what SQL finds at its last step.
  @Test func theKVCacheIsPlottedAsItGrew() throws {
    let folder = try ScratchFolder()
    try Rehearsal(path: folder.file()).perform(decode: 20)
    let trace = try Trace(path: folder.file())
    let plot = try MemoryPlot.ofKVCache(trace: trace, columns: 50, cursor: 1)
    #expect(plot.columns.count == 50)
    for column in plot.columns {
      let row = try #require(
        try Self.sqlite3(
          folder.file(),
          """
          SELECT coalesce((SELECT cache_bytes FROM kv_append WHERE step <= \(column.lastStep)
              ORDER BY step DESC LIMIT 1), 0),
            (SELECT kv_cache FROM event WHERE step = \(column.lastStep))
          """
        ).first)
      #expect(String(column.most.kvCache) == row[0])
      #expect(String(column.most.total) == row[1])
    }
    let used = plot.columns.map(\.most.kvCache)
    #expect(used == used.sorted() && Set(used).count > 20, "each token is a stair")
  }
}
