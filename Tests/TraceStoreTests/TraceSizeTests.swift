import Foundation
import Testing

@testable import TraceStore

/// Bytes of file, by what they are spent on; counts, never times.
@Suite struct TraceSizeTests {
  @Test(arguments: [
    (FakeModel.tiny, 32), (.smolLM2, 4),
  ])
  func aTileTakesAtMost200BytesOfFileInAll(
    dimensions: FakeModel, decode: Int
  ) throws {
    let folder = try ScratchFolder()
    let start = ContinuousClock.now
    let summary = try record(dimensions, to: folder.file(), prompt: 8, decode: decode)
    print(ContinuousClock.now - start, summary)
    print("bytes per tile", summary.fileBytes / summary.tiles)
    print("bytes per event", summary.fileBytes / summary.events)
    #expect(summary.fileBytes <= 200 * summary.tiles)
  }
}
