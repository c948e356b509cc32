import Foundation
import Recording
import TestSupport
import Testing

/// What a trace says of a run is what the engine wrote down when it ran one architecture's pass from
/// one function: operations, tiles, products, appends, tokens and values.
@Suite struct EarlierEngineTests {
  @Test func aTraceSaysWhatItSaid() throws {
    let folder = try ScratchFolder()
    var options = RecordingOptions(output: folder.file("tiny.sqlite"))
    options.count = 3
    let trace = try Recording.record(options).trace
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let query = root.appending(path: "scripts/fixtures/recorded.sql")
    let found = try lines(sqlite3(trace, reading: query))
    let fixture = try #require(
      Bundle.module.url(forResource: "Fixtures/tiny-recorded", withExtension: "txt"))
    let expected = lines(try String(contentsOf: fixture, encoding: .utf8))
    try #require(found.count == expected.count && expected.count > 1500)
    for (found, expected) in zip(found, expected) {
      guard expected[0] == "output" else {
        #expect(found == expected)
        continue
      }
      #expect(found[..<3] == expected[..<3])
      // Instruction sets add up in different orders.
      for (a, b) in zip(found[3...], expected[3...]) {
        let (a, b) = (try #require(Double(a)), try #require(Double(b)))
        #expect(abs(a - b) <= 1e-4 * max(abs(b), 1), "\(expected)")
      }
    }
  }

  private func lines(_ text: String) -> [[Substring]] {
    text.split(separator: "\n").map { $0.split(separator: "|", omittingEmptySubsequences: false) }
  }

  /// What the sqlite3 shell prints.
  private func sqlite3(_ trace: String, reading query: URL) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["sqlite3", "-readonly", trace]
    process.standardInput = try FileHandle(forReadingFrom: query)
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    return text
  }
}
