import Foundation
import TestSupport
import Testing

/// A trace in DuckDB: every table and view through scripts/check-duckdb.py, compared with SQLite.
///
/// `NIBBLE_PYTHON` names a python3 that has duckdb and duckdb-ext-sqlite; where it is not set the test
/// is skipped, but not in CI.
@Suite struct DuckDBTests {
  private static let python = ProcessInfo.processInfo.environment["NIBBLE_PYTHON"]
  private static let isCI = ProcessInfo.processInfo.environment["CI"] == "true"

  @Test(.enabled(if: python != nil || isCI, "NIBBLE_PYTHON is not set"))
  func everyTableAndViewIsTheSame() throws {
    let python = try #require(Self.python, "CI has to set NIBBLE_PYTHON")
    let folder = try ScratchFolder()
    try Tiny.record(to: folder.file("tiled.sqlite")) { $0.capture = .values }
    try Tiny.record(to: folder.file("fused.sqlite")) { $0.engine.strategy = .fused }
    try Tiny.record(to: folder.file("layers.sqlite")) { $0.engine.strategy = .perLayer }
    try Tiny.record(to: folder.file("parallel.sqlite")) {
      $0.prompts = ["Once", "The cat"]
      $0.engine.sequences = 2
      $0.engine.threads = 2
    }
    let names = ["tiled", "fused", "layers", "parallel"].map { "\($0).sqlite" }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments =
      [python, Self.root.appendingPathComponent("scripts/check-duckdb.py").path]
      + names.map { folder.file($0) }
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let checked = try JSONDecoder().decode([String: [String: Int]].self, from: data)
    #expect(Set(checked.keys) == Set(names))
    for counts in checked.values {
      #expect((counts["relations"] ?? 0) > 50 && (counts["values"] ?? 0) > 20_000)
    }
  }

  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
}
