import ArgumentParser
import Basics
import Events
import Foundation
import Inference
import Recording
import TraceStore

struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Generate text, always the likeliest token, without recording.",
    discussion: "EXAMPLE: nibble run -p \"Once upon a time\" -n 32")

  @OptionGroup var model: ModelOption
  @Option(name: [.customShort("p"), .long], help: "The text to continue.")
  var prompt: String
  @Option(name: [.customShort("n"), .customLong("count")], help: "Tokens to generate.")
  var count = 64
  @OptionGroup var engine: EngineArguments
  @Option(help: "Threads (default: one for each processor).")
  var threads = processorCount
  @Option(help: "text or json.")
  var format = OutputFormat.text

  func validate() throws {
    if count < 0 { throw ValidationError("-n cannot be negative.") }
  }

  func run() throws {
    let options = try engine.options(threads: threads)
    let loaded = try LoadedModel(model.model)
    let ids = try loaded.encode(prompt)
    catchInterrupts()
    let session = try Engine(model: loaded.model, options: options, observer: NoObserver())
    session.isCancelled = { isInterrupted != 0 }
    var decoder = loaded.tokenizer.makeStreamDecoder()
    var printed = 0
    func show(_ text: String) {
      if format == .text {
        Output.write(visible(text, keeping: ["\n", "\t"]))
        Output.flush()
      }
    }
    show(prompt)
    var generation = Generation(prompts: [ids])
    do {
      generation = try session.generate(
        prompts: [ids], count: count, ubatch: engine.ubatch,
        isEnd: loaded.tokenizer.isEndOfGeneration
      ) { _, soFar in
        generation = soFar
        let tokens = soFar.sequences[0].tokens
        for id in tokens[printed...] { show(decoder.append(id)) }
        printed = tokens.count
      }
    } catch {
      show("\n")
      throw error
    }
    show(decoder.finish() + "\n")
    let tokens = generation.sequences[0].tokens
    if !generation.reachedEnd, tokens.count < count {
      printError("The context of \(loaded.model.config.contextLength) tokens is full.")
    }
    if format == .json {
      Output.line(
        try json(
          Result(
            ids: tokens, text: loaded.tokenizer.decode(tokens),
            prefillTokensPerSecond: generation.prefillTokensPerSecond,
            decodeTokensPerSecond: generation.decodeTokensPerSecond)))
    } else {
      let prefill = String(format: "%.1f", generation.prefillTokensPerSecond)
      let decode = String(format: "%.1f", generation.decodeTokensPerSecond)
      printError("prefill \(prefill) tokens/s, decode \(decode) tokens/s")
    }
  }

  private struct Result: Encodable {
    let ids: [Int]
    let text: String
    let prefillTokensPerSecond: Double
    let decodeTokensPerSecond: Double

    enum CodingKeys: String, CodingKey {
      case ids, text
      case prefillTokensPerSecond = "prefill_tokens_per_s"
      case decodeTokensPerSecond = "decode_tokens_per_s"
    }
  }
}
