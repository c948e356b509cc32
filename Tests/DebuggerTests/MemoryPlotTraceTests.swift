import Events
import TestSupport
import Testing
import TraceStore

@testable import Debugger

@Suite struct MemoryPlotTraceTests {
  @Test(arguments: [5, 40, 80, 500])
  func columnsCoverTheStepsAndKeepTheExtremes(count: Int) throws {
    let folder = try ScratchFolder()
    try Rehearsal(path: folder.file()).perform()
    let trace = try Trace(path: folder.file())
    let last = try trace.eventCount()
    let plot = try MemoryPlot(trace: trace, steps: 3...last, title: "all but two", columns: count)
    #expect(plot.columns.first?.firstStep == 3)
    #expect(plot.columns.last?.lastStep == last)
    for (column, next) in zip(plot.columns, plot.columns.dropFirst()) {
      #expect(column.lastStep + 1 == next.firstStep)
    }
    var peaks = MemoryUse()
    for column in plot.columns {
      let uses = try (column.firstStep...column.lastStep).map { step in
        try #require(try trace.event(at: step)).live
      }
      #expect(column.most.total == uses.map(\.total).max())
      #expect(column.least.total == uses.map(\.total).min())
      #expect(uses.contains(column.most) && uses.contains(column.least))
      for category in MemoryCategory.allCases {
        peaks[category] = max(peaks[category], uses.map { $0[category] }.max() ?? 0)
      }
    }
    #expect(plot.peaks == peaks)
  }

  @Test func aWholeTraceHasAMarkForEachPass() throws {
    let folder = try ScratchFolder()
    try Rehearsal(path: folder.file()).perform()
    let trace = try Trace(path: folder.file())
    let plot = try MemoryPlot(trace: trace)
    #expect(plot.marks.map(\.step) == (try trace.passes().map(\.steps.lowerBound)))
    #expect(plot.highest == (try trace.peak()?.live))
    // As float16: everything but the norms, two bytes a weight.
    let whole = try trace.tensors().filter { $0.type != "f32" }.reduce(0) {
      $0 + 2 * $1.rows * $1.cols
    }
    #expect(plot.wholeModel == whole)
  }

  @Test func stepsOutsideTheTraceAreLeftOut() throws {
    let folder = try ScratchFolder()
    try Rehearsal(path: folder.file()).perform()
    let trace = try Trace(path: folder.file())
    let last = try trace.eventCount()
    let plot = try MemoryPlot(trace: trace, steps: -5...last + 100, title: "too many")
    #expect(plot.firstStep == 1 && plot.lastStep == last)
  }
}
