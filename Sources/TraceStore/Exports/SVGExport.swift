import Basics

/// The memory of a run as a picture: live bytes by category, stacked, over its steps, with axes in
/// MiB, the peak marked, and what each category held at most.
///
/// It is drawn from the columns that the terminal's plot is drawn from, each as its most and its
/// least beside it, and leaves out below the axis what that leaves out.
struct SVGExport: FileExport {
  static let name = "svg"
  static let summary =
    "a slide or a paper: the memory plot alone, light or dark as the reader "
    + "has it"
  static let suffix = ".svg"

  static func write(
    _ source: ExportSource, to output: ExportOutput, _ progress: ExportMeter
  ) throws {
    let trace = source.trace
    let last = try trace.eventCount()
    guard last > 0 else {
      throw TraceError.cannotExport(path: trace.path, reason: "holds no steps, so there is no plot")
    }
    progress.total = last
    var columns = MemoryColumns(steps: 1...last, columns: SVGPlot.columnCount)
    while columns.next <= last {
      try progress.reached(columns.next)
      let next = columns.next
      try columns.read(trace, through: min(last, next + 99_999))
      if columns.next == next {
        throw TraceError.corrupt(path: trace.path, reason: "no event at step \(next)")
      }
    }
    let failure = try trace.failure()
    let plot = SVGPlot(
      title: try title(trace), figures: try figures(trace), columns: columns.columns,
      peaks: columns.peaks, peakStep: min(max(try trace.peak()?.step ?? 1, 1), last),
      failure: failure.map {
        (step: min(max($0.step, 1), last), text: "\($0.name) \($0.shortfall).")
      },
      // A damaged trace may have a pass begin anywhere.
      passes: try trace.passes().map { (id: $0.id, step: $0.steps.lowerBound) }
        .filter { (1...last).contains($0.step) })
    output.write(plot.text)
  }

  private static func title(_ trace: Trace) throws -> String {
    let meta = try trace.meta()
    let passes = try trace.passCount()
    let words = [meta["model"] ?? "a model", meta["strategy"].map { "\($0)" }].compactMap { $0 }
    return "Live memory of " + words.joined(separator: ", ") + ", "
      + counted(passes, "pass", "passes") + (try trace.failure() == nil ? "" : ", failed")
  }

  private static func figures(_ trace: Trace) throws -> String {
    let figures = try trace.figures()
    return "Weights: \(formatBytes(figures.packed)) packed, \(formatBytes(figures.temporary)) "
      + "dequantized at once at most, \(formatBytes(figures.wholeModel)) as float16"
  }
}

extension ExportFormat {
  /// The memory plot.
  public static let svg = ExportFormat(SVGExport.self)
}
