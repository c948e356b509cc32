import ArgumentParser
import Basics
import Foundation
import Inference
import Recording
import TraceStore

/// Options that several commands share.
struct ModelOption: ParsableArguments {
  @Option(
    name: [.customShort("m"), .long],
    help: "A model of `nibble models`, or a GGUF file (default: tiny).")
  var model: String?

  /// The file that was named, or `nil`.
  func path() throws -> String? { try model.map(ModelCatalogue.path) }
}

/// How a model is run.
struct EngineArguments: ParsableArguments {
  @Option(help: "How packed weights get to a product.")
  var strategy = StrategyName.default

  @Option(help: "Rows of a tile.")
  var tileRows = 64

  @Option(help: "How keys and values are kept.")
  var kvType = KVType.f16

  @Option(help: "The most tokens of a prefill pass (default: the whole prompt).")
  var ubatch: Int?

  @Option(
    help: "The most memory that may be alive, mapped weights in full: 96MiB, 1.5GiB, 8GB, bytes.",
    transform: byteCount)
  var memoryBudget: Int?

  func validate() throws {
    try checkTileRows(tileRows)
    if let ubatch, ubatch < 1 { throw ValidationError("--ubatch needs at least 1.") }
  }

  func options(threads: Int) throws -> EngineOptions {
    guard (1...1024).contains(threads) else {
      throw ValidationError("--threads can be 1 to 1024.")
    }
    var options = EngineOptions()
    options.strategy = strategy
    options.tileRows = tileRows
    options.kvType = kvType
    options.threads = threads
    options.memoryBudget = memoryBudget
    return options
  }
}

/// - Throws: `ValidationError` where a tile cannot have so many rows.
func checkTileRows(_ rows: Int) throws {
  let allowed = EngineOptions.tileRowsAllowed
  guard allowed.contains(rows) else {
    throw ValidationError("--tile-rows can be \(allowed.lowerBound) to \(allowed.upperBound).")
  }
}

/// The bytes that a size on the command line means.
func byteCount(_ text: String) throws -> Int {
  guard let bytes = parseBytes(text) else {
    throw ValidationError("A size is written as 96MiB, 1.5GiB, 8GB or in bytes, not '\(text)'.")
  }
  return bytes
}

/// As many threads as there are processors, for commands that do not record.
let processorCount = min(ProcessInfo.processInfo.activeProcessorCount, 1024)

extension StrategyName: ExpressibleByArgument {
  public static var allValueDescriptions: [String: String] {
    Dictionary(uniqueKeysWithValues: allCases.map { ($0.rawValue, $0.summary) })
  }
}

extension KVType: ExpressibleByArgument {}
extension Capture: ExpressibleByArgument {}

/// Text for people, or JSON.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
  case text, json
}
