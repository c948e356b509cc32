import Events
import Foundation
import Inference
import TestSupport
import Testing

@testable import TraceStore

/// What the page of `nibble export --format html` leaves out, and what it does not.
@Suite struct PageTests {
  @Test(arguments: [3, PageRun.capacity / 2, PageRun.capacity, 5 * PageRun.capacity])
  func aRunOfAnyLengthKeepsItsExtremes(steps: Int) {
    let passes = [1...steps / 2, steps / 2 + 1...steps]
    var run = PageRun(steps: steps, passes: passes)
    var generator = SeededGenerator(seed: UInt64(steps))
    var totals: [Int] = [0]  // by step, from 1
    for step in 1...steps {
      var use = MemoryUse()
      use.weights = 1_000_000
      use.weightsDequantized = Int.random(in: 1...1_000_000, using: &generator)
      totals.append(use.total)
      run.add(op: (step + 2) / 3, kind: .multiply, use: use)
    }
    #expect(run.steps == steps && run.memory.peaks.total == totals.max())
    #expect(run.memory.columns.count == (steps <= PageRun.capacity ? steps : PageRun.capacity / 2))
    #expect(run.worst.count == run.memory.columns.count)
    #expect(run.passPeaks.map(\.total) == passes.map { totals[$0].max() })
    var next = 1
    for (column, worst) in zip(run.memory.columns, run.worst) {
      let own = totals[column.firstStep...column.lastStep]
      #expect(column.firstStep == next)
      next = column.lastStep + 1
      #expect(column.most.total == own.max() && column.least.total == own.min())
      #expect(
        worst.step == own.firstIndex(of: column.most.total) && worst.op == (worst.step + 2) / 3)
    }
    #expect(next == steps + 1)
  }

  @Test(arguments: [StrategyName.tiled, .wholeModel])
  func buffersAreCountedAtEveryStep(strategy: StrategyName) throws {
    let folder = try ScratchFolder()
    try record(.small, strategy, to: folder.file())
    let trace = try Trace(path: folder.file())
    let run = try trace.pageRun { _ in }
    #expect(run.worst.map(\.step) == Array(1...run.steps))
    for moment in run.worst {
      let count = try trace.count(
        """
        SELECT count(*) FROM buffer WHERE allocated_step <= \(moment.step)
          AND (freed_step IS NULL OR freed_step > \(moment.step))
        """)
      #expect(moment.buffers == count)
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
