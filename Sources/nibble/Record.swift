import ArgumentParser
import Basics
import Debugger
import Events
import Foundation
import Inference
import Recording
import TraceStore

struct Record: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a model and record every tile, product, append, allocation and free.",
    discussion: "EXAMPLE: nibble record -p \"Once upon a time\" -n 16 -o story.sqlite")

  @OptionGroup var model: ModelOption
  @Option(
    name: [.customShort("p"), .long], parsing: .singleValue,
    help: "The text to continue (default: Once upon a time); with --parallel, once for each.")
  var prompt: [String] = []
  @Option(
    help: "Sequences to run at once, each with its prompt or all with the same.")
  var parallel: Int?
  @Option(name: [.customShort("n"), .customLong("count")], help: "Tokens to generate.")
  var count = 16
  @OptionGroup var engine: EngineArguments
  @Option(
    help: """
      What a trace keeps beside its events: none; stats, statistics of every operation's output; \
      values, also the outputs.
      """)
  var capture = Capture.stats
  @Option(
    help: """
      The same model with unquantized weights: the trace tells what packing changed, tile by tile.
      """)
  var original: String?
  @Option(help: "Threads; with one, two recordings of the same run differ in times alone.")
  var threads = 1
  @Option(
    name: .shortAndLong,
    help: """
      Where the trace goes. An older trace there stays until the first pass is recorded, or the \
      allocation that the memory budget refused.
      """)
  var output = "trace.sqlite"
  @Flag(
    help: """
      Then run once more, in a process of its own, and compare the ledger's peak with the \
      system's (Linux).
      """)
  var checkMemory = false
  @Flag(help: .hidden)
  var measureMemory = false

  func validate() throws {
    if count < 0 { throw ValidationError("-n cannot be negative.") }
    if let parallel {
      guard (1...1024).contains(parallel) else {
        throw ValidationError("--parallel can be 1 to 1024.")
      }
      if prompt.count > 1, prompt.count != parallel {
        throw ValidationError("Give -p once, or as often as --parallel says.")
      }
    }
    if output.isEmpty { throw ValidationError("-o needs the name of a file.") }
    if checkMemory, !MemoryCheck.isAvailable {
      throw ValidationError("--check-memory reads /proc, which only Linux has.")
    }
  }

  func run() throws {
    var options = RecordingOptions(output: output)
    options.model = model.model
    if !prompt.isEmpty { options.prompts = prompt }
    options.count = count
    options.engine = try engine.options(threads: threads)
    options.engine.sequences = parallel ?? max(prompt.count, 1)
    options.ubatch = engine.ubatch
    options.capture = capture
    options.original = original
    if measureMemory { return try printMeasurement(options) }
    catchInterrupts()
    let line = ProgressLine()
    line.show("loading…")
    defer { line.clear() }
    let isCancelled = { isInterrupted != 0 }
    let report = try record(options, isCancelled: isCancelled) { progress in
      let speed = String(format: "%.1f", progress.tokensPerSecond)
      line.show(
        "\(progress.tokens) of \(progress.ofTokens) tokens, \(speed) tokens/s, "
          + "trace \(formatBytes(progress.traceBytes))")
    }
    line.clear()
    if report.isInterrupted && report.summary.passes == 0 {
      printError("nibble: interrupted before a pass was finished; nothing was recorded.")
      throw ExitCode(interruptedExitCode)
    }
    Output.line(report.lines(options).joined(separator: "\n"))
    let trace = shellWord(output)
    try report.throwIfFailed(trace: trace)
    if checkMemory, !report.isInterrupted { try printMemoryCheck() }
    printError("\nNext: `nibble step \(trace)`, or `nibble sql \(trace) .tables`")
  }
}

extension RecordingReport {
  /// Says what ended the run and where that can be seen, if the trace holds it.
  ///
  /// - Parameter trace: its path, as a shell takes it.
  /// - Throws: `ExitCode`.
  func throwIfFailed(trace: String) throws {
    guard let error else { return }
    printError("nibble: \(error)")
    printError("\nNext: `nibble step \(trace)` stands where it failed.")
    throw ExitCode(1)
  }

  /// The summary that `nibble record` prints.
  func lines(_ options: RecordingOptions) -> [String] {
    let ending =
      isInterrupted ? ", interrupted" : generation.reachedEnd ? "; the text ended by itself" : ""
    let of = generation.sequences.count > 1 ? " of \(generation.sequences.count) sequences" : ""
    let isWhole = options.engine.strategy.tiles == .model
    let isMade = isWhole && failure == nil
    let fate = isMade ? ", all of it made and kept" : ", had it all been dequantized at once"
    let bytesPerTile =
      !isWhole && summary.tiles > 0 ? ", \(summary.fileBytes / summary.tiles) bytes a tile" : ""
    let decodes = max(summary.passes - prefillPasses, 0)
    let speed = String(
      format: "prefill %.1f tokens/s, decode %.1f tokens/s", generation.prefillTokensPerSecond,
      generation.decodeTokensPerSecond)
    var lines = [
      ("model", "\(visible(model)), \(formatBytes(packedBytes)) packed"),
      ("strategy", options.engine.strategy.rawValue),
      (
        error == nil ? "passes" : "finished",
        summary.passes == 0
          ? "no pass"
          : "\(summary.passes): \(prefillPasses) prefill of "
            + "\(plural(generation.promptTokens, "token"))\(of), \(decodes) decode\(ending)"
      ),
      ("events", formatCount(summary.events)),
      (
        "tiles",
        "\(formatCount(summary.tiles)), \(formatBytes(summary.bytesDequantized)) of weights "
          + "dequantized in all"
      ),
      (
        "peak",
        "\(formatBytes(summary.peak.total)) at step \(formatCount(summary.peakStep))"
          + (planned.map { plan in
            let bound = plan.total > summary.peak.total ? "at most " : ""
            return " (a dry run says \(bound)\(formatBytes(plan.total)))"
          } ?? "")
          + "; each category at its own peak:"
      ),
    ]
    lines += MemoryCategory.allCases.filter { peaks[$0] > 0 }.map {
      (
        "",
        padded($0.name, to: 20) + formatBytes(peaks[$0])
      )
    }
    lines += budgetLines(options)
    lines += [
      ("whole model", "\(formatBytes(float16Bytes)) as float16\(fate)"),
      ("speed", summary.passes > 0 ? speed : ""),
      (
        "trace",
        "\(trace), \(formatBytes(summary.fileBytes))\(bytesPerTile)"
          + (hasReplaced ? ", in place of an older one" : "")
      ),
    ]
    lines += texts.enumerated().map { index, text in
      (texts.count == 1 ? "text" : "text \(index)", visible(text, keeping: ["\n", "\t"]))
    }
    return lines.filter { !$0.1.isEmpty }.map { label, value in
      padded(label, to: 13) + value
    }
  }

  /// How the memory budget ended the run, and what would have fitted.
  private func budgetLines(_ options: RecordingOptions) -> [(String, String)] {
    guard let failure else { return [] }
    let most = options.engine.threads > 1 || hasExperts ? "at most " : ""
    func need(_ strategy: StrategyName, _ bytes: Int) -> String {
      "`\(strategy.rawValue)` needs \(most)\(formatBytes(bytes, rounded: .up))"
    }
    let fitting = needs.filter { $0.bytes <= failure.budget }.map(need)
    let least = needs.min { $0.bytes < $1.bytes }.map { need($0.strategy, $0.bytes) } ?? ""
    return [
      (
        "budget",
        "\(formatBytes(failure.budget)), which '\(failure.name)' would have passed"
      ),
      (
        "would fit",
        fitting.isEmpty ? "nothing; \(least), the least" : fitting.joined(separator: ", ")
      ),
    ]
  }

  private var prefillPasses: Int { max(summary.passes - generation.decodePasses, 0) }
}

/// `1 token`, `2 tokens`.
func plural(_ count: Int, _ noun: String) -> String {
  "\(formatCount(count)) \(noun)\(count == 1 ? "" : "s")"
}
