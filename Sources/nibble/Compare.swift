import ArgumentParser
import Basics
import Debugger
import Events
import Foundation
import Inference
import Recording
import TraceStore

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Record the same tokens in each way to get from int4 to a product, side by side.",
    discussion: """
      Differences are to an exact run: f32 throughout, with an f32 KV cache. Every run is fed the \
      tokens that it chose. Speeds are those of recorded runs. As with `nibble record`, "peak" is the most \
      that was alive at one moment, and each category has its own peak.

      EXAMPLE: nibble compare -m smollm2 -p "The capital of France is" -n 8
               nibble compare --strategies tiled,fused --kv-types f16,q8_0 --format markdown
      """)

  @OptionGroup var model: ModelOption
  @Option(name: [.customShort("p"), .long], help: "The text to continue.")
  var prompt = "Once upon a time"
  @Option(name: [.customShort("n"), .customLong("count")], help: "Tokens to generate.")
  var count = 8
  @Option(help: "Strategies, separated by commas (default: all).")
  var strategies: Names<StrategyName>?
  @Option(help: "Types of KV cache, separated by commas (default: f16).")
  var kvTypes: Names<KVType>?
  @Option(help: "Rows of a tile.")
  var tileRows = 64
  @Option(help: "Threads.")
  var threads = 1
  @Option(help: "A budget of memory for each run: 96MiB, 8GB.", transform: byteCount)
  var memoryBudget: Int?
  @Option(help: "text, json or markdown.")
  var format = ComparisonFormat.text
  @Option(name: .shortAndLong, help: "The folder for the traces.")
  var output = "comparison"

  func validate() throws {
    if count < 0 { throw ValidationError("-n cannot be negative.") }
    try checkTileRows(tileRows)
    if output.isEmpty { throw ValidationError("-o needs the name of a folder.") }
    if !(1...1024).contains(threads) { throw ValidationError("--threads can be 1 to 1024.") }
  }

  func run() throws {
    var options = ComparisonOptions(folder: output)
    options.run.model = model.model
    options.run.prompts = [prompt]
    options.run.count = count
    options.run.engine.tileRows = tileRows
    options.run.engine.threads = threads
    options.run.engine.memoryBudget = memoryBudget
    if let strategies { options.strategies = strategies.values }
    if let kvTypes { options.kvTypes = kvTypes.values }
    catchInterrupts()
    let line = ProgressLine()
    defer { line.clear() }
    let total = options.strategies.count * options.kvTypes.count
    var finished: [ComparedRun] = []
    var isCut = false
    do {
      let isCancelled = { isInterrupted != 0 }
      _ = try compare(options, isCancelled: isCancelled) { name, run in
        if let run { finished.append(run) }
        line.show("\(finished.count) of \(total) runs; \(name)…")
      }
    } catch InferenceError.interrupted {
      isCut = true
    }
    line.clear()
    try show(finished)
    if isCut {
      printError("nibble: interrupted after \(finished.count) of \(total) runs.")
      throw ExitCode(interruptedExitCode)
    }
    for run in finished {
      if case .failure(let error) = run.outcome {
        printError("nibble: \(run.strategy.rawValue), \(run.kvType.rawValue): \(error)")
      }
    }
    if let first = finished.first(where: { (try? $0.outcome.get()) != nil }) {
      printError("\nNext: `nibble step \(shellWord(first.trace))`")
    }
    if finished.contains(where: { (try? $0.outcome.get()) == nil }) { throw ExitCode(1) }
  }

  private func show(_ runs: [ComparedRun]) throws {
    switch format {
    case .json: Output.line(try json(runs.map(ComparisonRow.init)))
    case .markdown:
      Output.line(ComparisonTable(runs).markdown)
    case .text:
      let style = TextStyle.standardOutput()
      let isTerminal = isatty(STDOUT_FILENO) == 1
      Output.line(ComparisonTable(runs).text(width: isTerminal ? style.width : .max))
      Output.line("\nTraces: \(output)/STRATEGY-KV.sqlite")
      guard isTerminal else { return }
      let plots = try runs.filter { (try? $0.outcome.get()) != nil }.map { run in
        var plot = try MemoryPlot(trace: try Trace(path: run.trace), columns: style.width)
        plot.title = "\(run.strategy.rawValue), \(run.kvType.rawValue) cache"
        return plot
      }
      if !plots.isEmpty { Output.write("\n" + MemoryPlot.stacked(plots, style: style)) }
    }
  }
}

/// Names separated by commas.
struct Names<Value: RawRepresentable & CaseIterable & Sendable>: ExpressibleByArgument, Sendable
where Value.RawValue == String {
  let values: [Value]

  init?(argument: String) {
    var values: [Value] = []
    for name in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard let value = Value(rawValue: String(name)) else { return nil }
      values.append(value)
    }
    self.values = values
  }

  static var allValueStrings: [String] { Value.allCases.map(\.rawValue) }
}

enum ComparisonFormat: String, CaseIterable, ExpressibleByArgument {
  case text, json, markdown
}

/// A run as a row of JSON.
struct ComparisonRow: Encodable {
  let strategy, kvType, trace: String
  let error: String?
  /// The most bytes at one moment, `total`, and in each category at its own.
  let peak: [String: Int]?
  let plannedPeak, dequantizedBytes, bytesMoved: Int?
  let prefillTokensPerSecond, decodeTokensPerSecond, klDivergence: Double?
  let largestLogitDifference: Float?

  init(_ run: ComparedRun) {
    strategy = run.strategy.rawValue
    kvType = run.kvType.rawValue
    trace = run.trace
    let figures = try? run.outcome.get()
    if case .failure(let failure) = run.outcome { error = "\(failure)" } else { error = nil }
    peak = figures.map { figures in
      var all = ["total": figures.peak.total]
      for category in MemoryCategory.allCases { all[category.name] = figures.peaks[category] }
      return all
    }
    plannedPeak = figures?.planned?.total
    dequantizedBytes = figures?.dequantizedBytes
    bytesMoved = figures?.bytesMoved
    prefillTokensPerSecond = figures?.prefillSpeed
    decodeTokensPerSecond = figures?.decodeSpeed
    klDivergence = figures?.divergence
    largestLogitDifference = figures?.largestDifference
  }

  enum CodingKeys: String, CodingKey {
    case strategy, trace, error, peak
    case kvType = "kv_type"
    case plannedPeak = "planned_peak"
    case dequantizedBytes = "dequantized_bytes"
    case bytesMoved = "bytes_moved"
    case prefillTokensPerSecond = "prefill_tokens_per_s"
    case decodeTokensPerSecond = "decode_tokens_per_s"
    case klDivergence = "kl_divergence"
    case largestLogitDifference = "largest_logit_difference"
  }
}

/// The table for people: a row a run. Categories have the names and figures that `nibble record`
/// prints; those that no run has bytes in are left out.
struct ComparisonTable {
  private static let rest = ["made", "moved", "prefill/s", "decode/s", "max diff", "KL"]
  private let memory: [String]
  private let columns: [Table.Column]
  private let rows: [[String]]

  init(_ runs: [ComparedRun]) {
    let all = runs.compactMap { try? $0.outcome.get().peaks }
    let categories = MemoryCategory.allCases.filter { category in
      all.contains { $0[category] > 0 }
    }
    let memory = ["peak"] + categories.map(\.name)
    self.memory = memory
    columns =
      ["strategy", "kv"].map { ($0, .left) } + (memory + Self.rest).map { ($0, .right) }
      + [("trace", .left)]
    rows = runs.map { run in
      let name = [run.strategy.rawValue, run.kvType.rawValue]
      guard let figures = try? run.outcome.get() else {
        let count = memory.count + Self.rest.count - 1
        return name + ["failed"] + Array(repeating: "-", count: count) + [run.trace]
      }
      let sizes =
        [figures.peak.total] + categories.map { figures.peaks[$0] }
        + [figures.dequantizedBytes, figures.bytesMoved]
      let numbers = [
        String(format: "%.1f", figures.prefillSpeed), String(format: "%.1f", figures.decodeSpeed),
        String(format: "%.2g", figures.largestDifference),
        String(format: "%.1e", max(figures.divergence, 0)),
      ]
      return name + sizes.map { formatBytes($0) } + numbers + [run.trace]
    }
  }

  /// As one table, or as several under each other where that is too wide: memory, then the rest.
  func text(width: Int) -> String {
    let all = Array(2..<columns.count - 1)  // the traces' names say nothing new
    let whole = table(all)
    if whole.width <= width { return whole.lines().joined(separator: "\n") }
    let (memory, rest) = (all.prefix(memory.count), all.dropFirst(memory.count))
    return [memory, rest].flatMap { fitting($0, width) }
      .map { $0.lines().joined(separator: "\n") }.joined(separator: "\n\n")
  }

  /// Tables of some columns, each of as many as are no wider than that, and of one at least.
  private func fitting(_ columns: ArraySlice<Int>, _ width: Int) -> [Table] {
    var tables: [Table] = []
    var rest = columns
    while !rest.isEmpty {
      let count = (1...rest.count).last { table(Array(rest.prefix($0))).width <= width } ?? 1
      tables.append(table(Array(rest.prefix(count))))
      rest = rest.dropFirst(count)
    }
    return tables
  }

  /// A table of the columns that name a run, and of these.
  private func table(_ chosen: [Int]) -> Table {
    let chosen = [0, 1] + chosen
    var table = Table(chosen.map { columns[$0] })
    for row in rows { table.add(chosen.map { row[$0] }) }
    return table
  }

  var markdown: String { Table.markdown(columns, rows).joined(separator: "\n") }
}
