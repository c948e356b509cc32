import Foundation
import TestEngine
import TestSupport
import Testing

@testable import TraceStore

/// Bytes of file, by what they are spent on; counts, never times.
@Suite struct TraceSizeTests {
  @Test(arguments: [
    (SmallLlama.tiny, 32), (.smolLM2, 4),
  ])
  func aTileTakesAtMost200BytesOfFileInAll(
    llama: SmallLlama, decode: Int
  ) throws {
    let folder = try ScratchFolder()
    let summary = try record(llama, to: folder.file(), prompt: 8, decode: decode)
    #expect(summary.fileBytes <= 200 * summary.tiles)
  }

  @Test func anEventTakesAtMost40BytesOfFile() throws {
    let folder = try ScratchFolder()
    let summary = try record(.smolLM2, to: folder.file(), decode: 2)
    let trace = try Trace(path: folder.file())
    // SQLite's own account of where the pages of a file went.
    let bytes = try trace.pairs(
      "SELECT sum(pgsize), 1 FROM dbstat WHERE name IN ('_event', '_memory')")[0].0
    #expect(try #require(Int(bytes)) <= 40 * summary.events)
  }
}
