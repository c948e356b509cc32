import Foundation
import Inference
import TestSupport
import Testing

@testable import TraceStore

/// What the page of `nibble export --format html` leaves out, and what it does not.
@Suite struct PageTests {
  @Test func aLongRunKeepsItsExtremesInAFixedNumberOfEntries() {
    var run = PageRun()
    let ops = 5 * PageRun.capacity
    var generator = SystemRandomNumberGenerator()
    var totals: [Int] = [0]  // by step, from 1
    for op in 1...ops {
      for kind in [EventKind.dequantize, .multiply, .free] {
        var use = MemoryUse()
        use.weights = 1_000_000
        use.weightsDequantized = Int.random(in: 1...1_000_000, using: &generator)
        totals.append(use.total)
        run.add(op: op, kind: kind, state: totals.count - 1, use: use)
      }
    }
    run.finish()
    #expect(run.together == 8)
    #expect(run.entries.count <= PageRun.capacity && run.entries.count * run.together >= ops)
    #expect(run.steps == 3 * ops && run.peaks.total == totals.max())
    for (place, entry) in run.entries.enumerated() {
      let next = place + 1 < run.entries.count ? run.entries[place + 1].first : run.steps + 1
      let own = totals[entry.first..<next]
      // Steps stand for the states here, and no operation is cut.
      #expect(entry.first % 3 == 1 && entry.op == (entry.mostStep + 2) / 3)
      #expect(totals[entry.most] == own.max())
      #expect(entry.mostStep == own.firstIndex(of: totals[entry.most]))
      #expect(totals[entry.least] == own.min())
    }
  }

  @Test(arguments: [FakeModel.small, .smallWhole])
  func buffersAreCountedAtTheWorstMomentOfEachOperation(model: FakeModel) throws {
    let folder = try ScratchFolder()
    try record(model, to: folder.file())
    let trace = try Trace(path: folder.file())
    let run = try trace.pageRun { _ in }
    for entry in run.entries {
      let count = try trace.count(
        """
        SELECT count(*) FROM buffer WHERE allocated_step <= \(entry.mostStep)
          AND (freed_step IS NULL OR freed_step > \(entry.mostStep))
        """)
      #expect(entry.buffers == count)
    }
  }

  @Test func sixteenTokensOfSmolLM2TakeLessThanTwoMegabytes() throws {
    let folder = try ScratchFolder()
    try record(.smolLM2, to: folder.file(), prompt: 4, decode: 16)
    try Trace(path: folder.file()).export(.html, to: folder.file("page.html"))
    let page = try String(contentsOfFile: folder.file("page.html"), encoding: .utf8)
    #expect(page.hasPrefix("<!doctype html>") && page.hasSuffix("</html>\n"))
    #expect(page.utf8.count < 2_000_000)
  }

  @Test func theProgressComesToItsEndAndCanEndTheExport() throws {
    let folder = try ScratchFolder()
    try record(.tiny, to: folder.file())
    let trace = try Trace(path: folder.file())
    #expect(throws: TraceError.exportInterrupted) {
      try trace.export(.html, to: folder.file("page.html")) { $0.percent < 50 }
    }
    #expect(!FileManager.default.fileExists(atPath: folder.file("page.html")))
    var last = 0
    try trace.export(.html, to: folder.file("page.html"), with: trace) {
      last = $0.percent
      return true
    }
    #expect(last >= 98)
  }
}
