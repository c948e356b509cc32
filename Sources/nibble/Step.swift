import ArgumentParser
import Debugger
import Foundation
import Inference
import Recording
import TraceStore

struct Step: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Step through a trace, forwards and backwards, or through a run as it goes.",
    discussion: """
      With a trace, steps through what was recorded. With -p instead, runs a model as you step, one \
      pass at a time, and records it; "help generate" in the debugger says more.

      EXAMPLE: nibble step trace.sqlite
               nibble step trace.sqlite -ex "goto 100" -ex mem --batch
               nibble step -p "Once upon a time" -o story.sqlite
               nibble step --tui trace.sqlite
      """)

  @Argument(help: "The trace.")
  var trace: String?
  @Option(name: .customShort("x"), help: "A file of commands to do first.")
  var files: [String] = []
  @Option(
    name: .customLong("ex", withSingleDash: true), parsing: .unconditionalSingleValue,
    help: "A command to do after the files.")
  var commands: [String] = []
  @Flag(help: "Leave after the commands; exit code 1 at the first that fails.")
  var batch = false
  @Flag(help: "Do not do .nibbleinit of the home directory first.")
  var noInit = false
  @Flag(help: "No colour, on a terminal either.")
  var noColor = false
  @Flag(help: "Print the manual of all commands, in Markdown.")
  var helpCommands = false
  @Flag(help: "Begin on the full screen: operations, tile, memory and commands side by side.")
  var tui = false
  @OptionGroup var model: ModelOption
  @Option(
    help: """
      The same model unquantized (F32, F16 or BF16), a name or a file as for -m, to show what int4 \
      cost.
      """,
    completion: .file(extensions: ["gguf"]))
  var original: String?
  @Option(
    name: [.customShort("p"), .long],
    help: "A text to continue, in place of a trace: run the model as you step.")
  var prompt: String?
  @OptionGroup(title: "Options of a live run") var live: LiveArguments

  func validate() throws {
    if helpCommands { return }
    switch (trace, prompt) {
    case (nil, nil):
      throw ValidationError("Name a trace, or give a prompt with -p to run a model as you step.")
    case (.some, .some):
      throw ValidationError("Give a trace or a prompt with -p, not both; -o names a new trace.")
    case (.some, nil):
      if let option = live.given {
        throw ValidationError("\(option) is for a live run, which -p starts; a trace is as it is.")
      }
    case (nil, .some):
      try live.check()
    }
  }

  func run() throws {
    if helpCommands { return Output.write(Manual.markdown()) }
    var options = DebuggerOptions()
    options.commandFiles = files
    options.commands = commands
    options.batch = batch
    options.readsInit = !noInit
    options.colour = !noColor
    options.fullScreen = tui
    options.originalPath = try original.map(ModelCatalogue.path)
    if let trace {
      options.modelPath = try model.path()
      throw ExitCode(try runDebugger(tracePath: trace, options))
    }
    var recording = RecordingOptions(output: live.output ?? "trace.sqlite")
    recording.model = model.model
    recording.prompts = [prompt ?? ""]
    try live.apply(to: &recording)
    let line = ProgressLine()
    defer { line.clear() }
    let code = try runLiveDebugger(recording, options) { line.show($0 ?? "") }
    throw ExitCode(code)
  }
}

/// How the model of a live run is run; the defaults are those of `nibble record`.
struct LiveArguments: ParsableArguments {
  @Option(help: "How packed weights get to a product (default: \(StrategyName.default.rawValue)).")
  var strategy: StrategyName?
  @Option(help: "Rows of a tile (default: 64).")
  var tileRows: Int?
  @Option(help: "How keys and values are kept (default: f16).")
  var kvType: KVType?
  @Option(help: "The most tokens of a prefill pass (default: the whole prompt).")
  var ubatch: Int?
  @Option(
    help: "The most memory that may be alive, mapped weights in full: 96MiB, 1.5GiB, 8GB, bytes.",
    transform: byteCount)
  var memoryBudget: Int?
  @Option(help: "What the trace keeps beside its events: none, stats or values (default: stats).")
  var capture: Capture?
  @Option(help: "Threads (default: 1).")
  var threads: Int?
  @Option(
    name: .shortAndLong,
    help: """
      Where the trace goes (default: trace.sqlite). An older trace there stays until the first \
      pass is recorded, or the allocation that the memory budget refused.
      """)
  var output: String?

  /// An option that was given, or `nil`.
  var given: String? {
    let options: [(String, Any?)] = [
      ("--strategy", strategy), ("--tile-rows", tileRows), ("--kv-type", kvType),
      ("--ubatch", ubatch), ("--memory-budget", memoryBudget), ("--capture", capture),
      ("--threads", threads), ("--output", output),
    ]
    return options.first { $0.1 != nil }?.0
  }

  func check() throws {
    if let tileRows { try checkTileRows(tileRows) }
    if let ubatch, ubatch < 1 { throw ValidationError("--ubatch needs at least 1.") }
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads can be 1 to 1024.")
    }
    if output?.isEmpty == true { throw ValidationError("-o needs the name of a file.") }
  }

  func apply(to options: inout RecordingOptions) throws {
    if let strategy { options.engine.strategy = strategy }
    if let tileRows { options.engine.tileRows = tileRows }
    if let kvType { options.engine.kvType = kvType }
    if let threads { options.engine.threads = threads }
    options.engine.memoryBudget = memoryBudget
    options.ubatch = ubatch
    if let capture { options.capture = capture }
  }
}
