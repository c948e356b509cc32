import ArgumentParser
import Basics
import Debugger
import Foundation
import ModelFiles
import Recording
import TraceStore

struct Demo: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Record a model, follow one tile, see memory rise and fall, step in.",
    discussion: "EXAMPLE: nibble demo")

  @OptionGroup var model: ModelOption
  @Option(name: [.customShort("p"), .long], help: "The text to continue.")
  var prompt = "Once upon a time"
  @Option(name: [.customShort("n"), .customLong("count")], help: "Tokens to generate.")
  var count = 49
  @Option(
    name: .shortAndLong,
    help: """
      Where the trace goes. An older trace there stays until the first pass is recorded, or the \
      allocation that the memory budget refused.
      """)
  var output = "demo.sqlite"

  func validate() throws {
    if count < 0 { throw ValidationError("-n cannot be negative.") }
    if output.isEmpty { throw ValidationError("-o needs the name of a file.") }
  }

  func run() throws {
    var options = RecordingOptions(output: output)
    options.model = model.model
    options.prompts = [prompt]
    options.count = count
    catchInterrupts()
    let line = ProgressLine()
    let isCancelled = { isInterrupted != 0 }
    let report = try record(options, isCancelled: isCancelled) { progress in
      line.show("recording: \(progress.tokens) of \(progress.ofTokens) tokens")
    }
    line.clear()
    signal(SIGINT, SIG_DFL)
    try report.throwIfFailed(trace: shellWord(output))
    if report.summary.passes == 0 { throw ExitCode(report.isInterrupted ? interruptedExitCode : 1) }
    try tell(report)
    guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 else {
      let next = [
        ("step \(shellWord(output))", "step through it, forwards and backwards"),
        ("sql \(shellWord(output)) .tables", "what can be asked in SQL"),
        ("--help", "everything else"),
      ]
      let width = (next.map(\.0.count).max() ?? 0) + 2
      Output.line("Next:")
      for (command, purpose) in next {
        Output.line("  \(invocation) \(padded(command, to: width))\(purpose)")
      }
      return
    }
    Output.flush()
    throw ExitCode(
      try runDebugger(tracePath: output, DebuggerOptions()))
  }

  private func tell(_ report: RecordingReport) throws {
    let style = TextStyle.standardOutput()
    let trace = try Trace(path: output)
    Output.line("\(report.model) continues \"\(visible(prompt))\":\n")
    let text = visible(report.texts[0], keeping: ["\n", "\t"])
    Output.line((wrapped(text, to: style.width) + [""]).joined(separator: "\n"))
    if let tile = try firstTile(of: trace) {
      let file = try ModelFile(path: try ModelCatalogue.path(of: model.model))
      let packed = try trace.tensor(tile.tensor).flatMap { file.tensor(named: $0.name) }.map {
        try file.bytes(of: $0, rows: tile.firstRow..<tile.firstRow + tile.rows)
      }
      let story = try TileStory(trace: trace, tile: tile.id, packed: packed)
      Output.write(story.render(style: style) + "\n")
    }
    if let pass = try trace.pass(trace.passCount()) {
      let plot = try MemoryPlot(
        trace: trace, steps: pass.steps, title: "the last pass, one token through every layer",
        columns: style.width, marks: try layerMarks(of: pass, in: trace), marked: "layer")
      Output.write(plot.render(style: style) + "\n")
    }
    let recorded =
      "Recorded in \(output) (\(formatBytes(report.summary.fileBytes))): "
      + "\(report.summary.passes) passes, \(formatCount(report.summary.events)) events, "
      + "\(formatCount(report.summary.tiles)) tiles made, used and freed."
    Output.line((wrapped(recorded, to: style.width) + [""]).joined(separator: "\n"))
  }

  private func layerMarks(of pass: TracePass, in trace: Trace) throws -> [MemoryPlot.Mark] {
    var marks: [MemoryPlot.Mark] = []
    for op in try trace.ops(inPass: pass.id) {
      guard let layer = op.layer, marks.last?.label != "\(layer)" else { continue }
      marks.append(MemoryPlot.Mark(step: op.steps.lowerBound, label: "\(layer)"))
    }
    return marks
  }

  /// The first tile of the last pass.
  private func firstTile(of trace: Trace) throws -> TraceTile? {
    let passes = try trace.passCount()
    guard let pass = try trace.pass(passes) else { return nil }
    for step in pass.steps {
      if let tile = try trace.tile(at: step) { return tile }
    }
    return nil
  }
}
