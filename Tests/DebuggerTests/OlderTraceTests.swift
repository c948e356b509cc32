import Foundation
import TestSupport
import Testing
import TraceStore

@testable import Debugger

/// Traces of earlier schemas still open, and say of the whole run what newer ones say of each pass.
@Suite struct OlderTraceTests {
  @Test func schemaTwo() throws {
    let fixture = try #require(
      Bundle.module.url(forResource: "schema-2", withExtension: "sqlite", subdirectory: "Fixtures"))
    let folder = try ScratchFolder()
    try FileManager.default.copyItem(atPath: fixture.path, toPath: folder.file())
    let trace = try Trace(path: folder.file())
    #expect(try trace.branches().count == 1 && !trace.hasBranches())
    #expect(try trace.passes().map(\.strategy) == [nil, nil])
    #expect(try trace.tokens().map(\.pass) == [1, 2, nil])
    let last = try trace.eventCount()
    #expect(try trace.lastKVAppend(atOrBefore: last)?.position == 1)
    #expect(try trace.lastKVAppend(atOrBefore: 5) == nil)
    #expect(try trace.passBehind(5)?.id == 1 && trace.passBehind(1) == nil)
    #expect(try trace.failure() == nil)

    let output = CollectedOutput()
    let session = try DebuggerSession(trace: trace, output: output, style: TextStyle())
    try session.welcome()
    for line in [
      "show", "goto pass 2", "print pass.strategy", "print pass.kv_type", "info passes",
      "info tokens", "info kv", "print token", "next 4", "where", "checkpoint", "restart 1",
      "SELECT * FROM kv_growth;",
    ] {
      try session.execute(line)
    }
    #expect(output.text.contains("pass.strategy = tiled\npass.kv_type = f16\n"))
  }
}
