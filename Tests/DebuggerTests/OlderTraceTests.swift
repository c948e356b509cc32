import Foundation
import Recording
import TestSupport
import Testing
import TraceStore

@testable import Debugger

/// Traces of earlier schemas are as those of today, and say of each pass what they say of the run.
@Suite struct OlderTraceTests {
  @Test func schemaTwo() throws {
    let fixture = try #require(
      Bundle.module.url(forResource: "schema-2", withExtension: "sqlite", subdirectory: "Fixtures"))
    let folder = try ScratchFolder()
    try FileManager.default.copyItem(atPath: fixture.path, toPath: folder.file())
    let trace = try Trace(path: folder.file())
    #expect(try trace.branches().count == 1 && !trace.hasBranches())
    #expect(try trace.passes().map(\.strategy) == ["tiled", "tiled"])
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

  /// The views of this nibble are everywhere, and are not written to the file.
  @Test(arguments: ["schema-1", "schema-2"]) func todaysViews(name: String) throws {
    let fixture = try #require(
      Bundle.module.url(forResource: name, withExtension: "sqlite", subdirectory: "Fixtures"))
    let folder = try ScratchFolder()
    try FileManager.default.copyItem(atPath: fixture.path, toPath: folder.file())
    let before = try Data(contentsOf: URL(filePath: folder.file()))
    let today = TraceSchema.views.flatMap { SchemaDefinition.all(in: $0.sql) }
    let trace = try Trace(path: folder.file())

    let stored = try trace.queries().result(
      of: "SELECT name, sql FROM main.sqlite_schema WHERE type = 'view'"
    ).rows
    let older = today.filter { view in !stored.contains([.text(view.name), .text(view.sql)]) }
    #expect(!older.isEmpty)

    let session = try QuerySession(
      path: folder.file(), attached: [.init(name: "b", path: folder.file())])
    session.weights = ModelWeights(of: trace, named: nil)
    let tables = try session.tables()
    let debugger = CollectedOutput()
    let looking = try DebuggerSession(trace: trace, output: debugger, style: TextStyle())
    try looking.execute("info tables")
    try trace.export(.csv, to: folder.file("csv"))
    for view in today where !view.isPrivate {
      #expect(tables.contains { $0.name == view.name && $0.sql.hasSuffix(view.sql.dropFirst(11)) })
      try looking.execute("SELECT count(*) FROM \(view.name);")
      #expect(debugger.text.contains("\n\(view.name) "), "\(view.name)")
      #expect(
        FileManager.default.fileExists(atPath: folder.file("csv/\(view.name).csv")), "\(view.name)")
    }
    for (index, example) in QueryExample.all.enumerated() {
      let shell = SQLShell(session: session, output: CollectedOutput(), style: TextStyle())
      do {
        try shell.execute(".examples \(index + 1)")
      } catch {
        #expect(example.sql.contains("tensor_value(") && "\(error)".contains("the model file"))
      }
    }
    #expect(try Data(contentsOf: URL(filePath: folder.file())) == before)
  }
}
