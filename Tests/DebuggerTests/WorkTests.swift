import TestSupport
import Testing

@testable import Debugger
@testable import TraceStore

/// What commands cost, in instructions of SQLite's virtual machine: moves cost the same however long
/// the trace is, but for the depth of its trees and the number of passes to choose from.
@Suite struct WorkTests {
  private static let commands = [
    "step", "step 100", "rs", "next", "rn", "finish", "reverse-finish", "finish layer",
    "finish pass", "reverse-finish pass", "finish tile", "reverse-finish tile", "until",
    "next 100", "rn 100", "until embd", "advance result_output", "advance pass 3", "goto +50",
    "goto pass 3", "goto ffn_gate-1", "goto end", "back", "where", "list",
    "info buffers", "info kv", "print kv", "print tensor", "print pass", "up", "frame 0",
  ]

  /// What each command costs in a trace of so many passes, from the middle of the third.
  private static func work(passes: Int) throws -> [String: Int] {
    let folder = try ScratchFolder()
    try Rehearsal(path: folder.file()).perform(decode: passes - 1)
    let session = try DebuggerSession(
      trace: Trace(path: folder.file()), output: CollectedOutput(), style: TextStyle())
    return try Dictionary(
      uniqueKeysWithValues: commands.map { line in
        try session.execute("goto pass 3")
        try session.execute("goto ffn_gate-0")
        try session.execute("rs 1")
        let before = session.trace.work
        try? session.execute(line)
        return (line, session.trace.work - before)
      })
  }

  @Test func movesCostTheSameInALongerTrace() throws {
    let short = try Self.work(passes: 8)
    let long = try Self.work(passes: 400)
    for line in Self.commands {
      let (few, many) = (try #require(short[line]), try #require(long[line]))
      #expect(few > 0, "\(line)")
      // Fifty times as long, for searches that halve what is left six more rounds each.
      #expect(many <= few + few / 2 + 2500, "\(line): \(few) in the short trace, \(many)")
    }
  }

  /// A breakpoint that no condition has to search for is found in the pass where it is.
  @Test func breakpointsAreFoundNearBy() throws {
    func work(passes: Int) throws -> Int {
      let folder = try ScratchFolder()
      try Rehearsal(path: folder.file()).perform(decode: passes - 1)
      let session = try DebuggerSession(
        trace: Trace(path: folder.file()), output: CollectedOutput(), style: TextStyle())
      try session.execute("break ffn_gate-1")
      let before = session.trace.work
      try session.execute("continue")
      return session.trace.work - before
    }
    let (few, many) = (try work(passes: 8), try work(passes: 400))
    #expect(many <= few + few / 2 + 1500, "\(few), \(many)")
  }

  /// A search goes through each event once, and what it asks of memory or of the pass is not asked
  /// at every step.
  @Test func conditionsCostAFewInstructionsAnEvent() throws {
    let folder = try ScratchFolder()
    try Rehearsal(path: folder.file()).perform(decode: 200)
    let session = try DebuggerSession(
      trace: Trace(path: folder.file()), output: CollectedOutput(), style: TextStyle())
    for condition in [
      "mem.live > 1GiB", "event.kind = 'fail'", "tile.bytes > 1GiB", "peak > 1GiB",
      "event.kind = 'fail' and mem.live > 1", "event.step % 7 = 8 and event.bytes > 1",
      "(event.kind = 'fail' or mem.live > 1GiB) and tile.rows > 1",
      "event.step > 1 and token.position > 9999",
    ] {
      try session.execute("delete")
      try session.execute("goto start")
      try session.execute("break any if \(condition)")
      let before = session.trace.work
      try session.execute("continue")
      let each = Double(session.trace.work - before) / Double(session.cursor.last)
      #expect(session.cursor.step == session.cursor.last)
      #expect(each < 30, "\(condition): \(each) instructions an event")
    }
  }
}
