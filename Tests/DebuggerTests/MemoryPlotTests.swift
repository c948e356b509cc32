import Basics
import Events
import Testing
import TraceStore

@testable import Debugger

@Suite struct MemoryPlotTests {
  /// The moments of an invented decode pass: tiles come and go, the cache grows, logits come last.
  static let moments: [MemoryUse] = (1...3000).map { step in
    var use = MemoryUse()
    use.weights = 98_304_000
    use.kvCache = 30_000 + step / 300 * 12_000
    use.activations = 20_000 + (step % 200 < 100 ? 14_000 : 0)
    use.workspace = 3_000
    use.logits = step > 2900 ? 196_608 : 0
    use.weightsDequantized = step % 3 != 0 ? (step % 40 < 30 ? 196_608 : 73_728) : 0
    return use
  }

  /// A plot of some of the moments, in `groups` groups of steps.
  static func plot(_ steps: ClosedRange<Int>, groups: Int, wholeModel: Int? = nil) -> MemoryPlot {
    let columns = (0..<groups).map { group in
      let first = steps.lowerBound + group * steps.count / groups
      let last = steps.lowerBound + (group + 1) * steps.count / groups - 1
      let members = (first...last).map { moments[$0 - 1] }
      return MemoryPlot.Column(
        firstStep: first, lastStep: last,
        most: members.max { $0.total < $1.total } ?? MemoryUse(),
        least: members.min { $0.total < $1.total } ?? MemoryUse())
    }
    var peaks = MemoryUse()
    for category in MemoryCategory.allCases {
      peaks[category] = steps.map { moments[$0 - 1][category] }.max() ?? 0
    }
    let marks = (0..<10).map { MemoryPlot.Mark(step: 1 + $0 * 300, label: "\($0)") }
    return MemoryPlot(
      title: "pass 3, decode \" fox\"", columns: columns, peaks: peaks, marks: marks,
      marked: "layer",
      cursor: steps.upperBound - steps.count / 15, wholeModel: wholeModel)
  }

  @Test(arguments: [40, 80, 132], [true, false])
  func drawsAPassAtAnyWidth(width: Int, unicode: Bool) throws {
    let style = TextStyle(width: width, unicode: unicode)
    let text = Self.plot(1...3000, groups: 60, wholeModel: 269_000_000).render(style: style)
    for line in text.split(separator: "\n") { #expect(displayWidth(String(line)) <= width) }
    let isASCII = text.allSatisfy(\.isASCII)
    #expect(isASCII || unicode)
    try expectGolden(text, "plot-pass-\(width)-\(unicode ? "unicode" : "ascii").txt")
  }

  @Test(arguments: [true, false])
  func drawsEachStepWhereTheyFit(unicode: Bool) throws {
    let style = TextStyle(width: 80, unicode: unicode)
    let text = Self.plot(1001...1050, groups: 50).render(style: style)
    try expectGolden(text, "plot-steps-\(unicode ? "unicode" : "ascii").txt")
  }

  @Test(arguments: [TextStyle.Palette.sixteen, .many])
  func colouredIsThePlainPlotWithColour(palette: TextStyle.Palette) throws {
    let style = TextStyle(width: 60, palette: palette)
    let text = Self.plot(1...3000, groups: 25).render(style: style)
    try expectGolden(text, "plot-colour-\(palette).txt")
    let plain = Self.plot(1...3000, groups: 25).render(style: TextStyle(width: 60))
    let lengths = { (text: String) in
      text.split(separator: "\n").prefix(14).map { displayWidth(withoutColour(String($0))) }
    }
    #expect(lengths(text) == lengths(plain))
  }

  @Test func leavesOutNothingThatChanges() {
    var plot = Self.plot(1...3000, groups: 30)
    #expect(plot.baseline.weights == 98_304_000)
    #expect(plot.baseline.kvCache == 0)
    plot.columns[0].least.weights = 0
    #expect(plot.baseline.total == 0)
    #expect(plot.titleLines(style: TextStyle()).count == 1)
  }

  @Test func leavesOutACacheThatDwarfsTheRest() {
    var plot = Self.plot(1...3000, groups: 30)
    for index in plot.columns.indices {
      plot.columns[index].most.kvCache += 50_000_000
      plot.columns[index].least.kvCache += 50_000_000
    }
    #expect(plot.baseline.kvCache == 50_030_000)
  }

  /// The peak of every group reaches the line it belongs on: no height is lost by drawing.
  @Test func noPeakIsLost() {
    let plot = Self.plot(1...3000, groups: 60)
    let moments = plot.moments(across: 60)
    #expect(moments.map(\.use.total).max() == Self.moments.map(\.total).max())
    #expect(moments.last?.lastStep == 3000)
  }

  @Test(arguments: 1...40, [1, 3, 6, 12, 40])
  func theAxisHoldsItsPeak(power: Int, height: Int) {
    for peak in [1 << power - 1, 1 << power, 1 << power + 1, 3 << power] {
      let axis = PlotAxis(peak: peak, height: height)
      #expect(axis.top >= peak)
      #expect(axis.top - peak < axis.tick)
      #expect(axis.lines <= max(height, 1))
      #expect(axis.tick.nonzeroBitCount == 1)
      #expect(axis.eighths(peak) <= axis.lines * 8)
    }
  }
}

/// Text without its colour codes.
func withoutColour(_ text: String) -> String {
  text.replacing(/\u{1B}\[[0-9;]*m/, with: "")
}

/// Plots of several runs under one another.
@Suite struct StackedPlotTests {
  static func plot(_ title: String, dequantized: [Int]) -> MemoryPlot {
    var peaks = MemoryUse()
    peaks.weights = 1 << 20
    peaks.weightsDequantized = dequantized.max() ?? 0
    let columns = dequantized.enumerated().map { index, bytes in
      var use = peaks
      use.weightsDequantized = bytes
      return MemoryPlot.Column(firstStep: index + 1, lastStep: index + 1, most: use, least: use)
    }
    return MemoryPlot(title: title, columns: columns, peaks: peaks)
  }

  /// One scale: what takes a quarter of the memory is a quarter as high.
  @Test func plotsShareOneScale() {
    let style = TextStyle(width: 40, unicode: false)
    let text = MemoryPlot.stacked(
      [
        Self.plot("large", dequantized: [7 << 20, 7 << 20]),
        Self.plot("small", dequantized: [1 << 20, 1 << 20]),
      ], style: style, height: 8)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let starts = ["large", "small"].map { title in
      lines.firstIndex { $0.hasPrefix(title) } ?? lines.endIndex
    }
    #expect(lines[starts[0]] == "large, peak 8 MiB" && lines[starts[1]] == "small, peak 2 MiB")
    let heights = [starts[0]..<starts[1], starts[1]..<lines.endIndex].map { range in
      lines[range].filter {
        ($0.contains("+") || $0.contains("|")) && $0.contains { ".#".contains($0) }
      }
      .count
    }
    #expect(heights == [8, 2])
    #expect(text.contains("8 MiB +") && text.components(separatedBy: "8 MiB +").count == 3)
  }

  @Test(arguments: [30, 40, 80])
  func linesFit(width: Int) {
    for unicode in [true, false] {
      let style = TextStyle(width: width, unicode: unicode)
      let text = MemoryPlot.stacked(
        [Self.plot("a", dequantized: Array(0..<200))], style: style)
      #expect(!text.split(separator: "\n").contains { displayWidth(String($0)) > width })
    }
  }
}
