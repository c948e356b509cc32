import Basics
import Events
import TestSupport
import Testing
import TraceStore

@testable import Debugger

/// The plots of the terminal and of exports, reports and the views of the trace have one source of
/// figures.
@Suite struct PlotsAgreeTests {
  /// Of a run that went to its end, and of one that failed while loading.
  @Test(arguments: [nil, 4 << 20]) func oneSourceOfFigures(budget: Int?) throws {
    let folder = try ScratchFolder()
    try Tiny.record(to: folder.file()) {
      $0.engine.strategy = budget == nil ? .tiled : .wholeModel
      $0.engine.memoryBudget = budget
    }
    let trace = try Trace(path: folder.file())
    #expect(try (trace.failure() != nil) == (budget != nil))
    let plot = try MemoryPlot(trace: trace)
    let shown = plot.render(style: TextStyle(width: 120))
    try trace.export(.svg, to: folder.file("plot.svg"))
    let picture = try String(contentsOfFile: folder.file("plot.svg"), encoding: .utf8)
    let report = try TraceReport(trace: trace).text(.text)

    var peaks = MemoryUse()
    var total = 0
    try trace.run(
      "SELECT category, bytes FROM peak_by_category", columns: { _ in },
      row: { row in
        guard case .integer(let bytes) = row[1] else { return true }
        if let category = MemoryCategory.allCases.first(where: { $0.name == row[0].text }) {
          peaks[category] = bytes
        } else {
          total = bytes
        }
        return true
      })
    #expect(plot.peaks == peaks && plot.highest.total == total)
    let drawn = MemoryCategory.allCases.filter { peaks[$0] > plot.baseline[$0] }
    #expect(drawn.count > (budget == nil ? 3 : 0))
    for category in drawn {
      let bytes = formatBytes(peaks[category])
      #expect(shown.contains("\(category.label) \(bytes)"))
      #expect(picture.contains("\(category.label), \(bytes) at most"))
      #expect(report.contains(category.label) && report.contains(bytes))
    }
    #expect(shown.contains("peak of all \(formatBytes(total))"))
    #expect(picture.contains("peak \(formatBytes(total)) at step"))
    #expect(picture.contains("above \(formatBytes(plot.baseline.total)) of packed weights"))
    #expect(picture.contains("Failed at step ") == (budget != nil))
    #expect(report.contains("all together"))
  }
}
