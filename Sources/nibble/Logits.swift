import ArgumentParser
import Events
import Foundation
import Inference
import Recording

struct Logits: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the logits after the last token of a prompt, highest first.",
    discussion: "EXAMPLE: nibble logits -p \"The capital of France is\" --top 5")

  @OptionGroup var model: ModelOption
  @Option(name: [.customShort("p"), .long], help: "The text.")
  var prompt: String?
  @Option(help: "Token ids in place of a text, separated by commas.")
  var ids: String?
  @OptionGroup var engine: EngineArguments
  @Option(help: "Threads (default: one for each processor).")
  var threads = processorCount
  @Option(help: "How many, or 'all'.")
  var top = "10"
  @Option(help: "text or json.")
  var format = OutputFormat.text

  func validate() throws {
    if (prompt == nil) == (ids == nil) {
      throw ValidationError("Give either a text with -p or token ids with --ids.")
    }
    if ids != nil { _ = try parsedIDs() }
    if top != "all", Int(top) ?? 0 < 1 {
      throw ValidationError("--top takes a number from 1, or 'all'.")
    }
  }

  func run() throws {
    let options = try engine.options(threads: threads)
    let loaded = try LoadedModel(model.model)
    let tokens = try prompt.map(loaded.encode) ?? parsedIDs()
    let session = try Engine(model: loaded.model, options: options, observer: NoObserver())
    var logits: [Float] = []
    let size = engine.ubatch ?? max(tokens.count, 1)
    for start in stride(from: 0, to: max(tokens.count, 1), by: size) {
      logits = try session.forward(Array(tokens[start..<min(start + size, tokens.count)]))
    }
    let best = logits.indicesOfLargest(top == "all" ? logits.count : Int(top) ?? 10)
    switch format {
    case .json:
      Output.line(try json(Result(ids: tokens, top: best.map { Pair(id: $0, logit: logits[$0]) })))
    case .text:
      Output.line("     id     logit  token")
      for id in best {
        let token = String(reflecting: loaded.text(of: id))
        Output.line(String(format: "%7d  %8.4f  ", id, logits[id]) + token)
      }
    }
  }

  private func parsedIDs() throws -> [Int] {
    let parts = (ids ?? "").split(separator: ",", omittingEmptySubsequences: false)
    return try parts.map { part in
      guard let id = Int(part.trimmingCharacters(in: .whitespaces)) else {
        throw ValidationError("--ids takes numbers separated by commas, not '\(part)'.")
      }
      return id
    }
  }

  private struct Result: Encodable {
    let ids: [Int]
    let top: [Pair]
  }

  private struct Pair: Encodable {
    let id: Int
    let logit: Float

    func encode(to encoder: any Encoder) throws {
      var container = encoder.unkeyedContainer()
      try container.encode(id)
      try container.encode(logit)
    }
  }
}
