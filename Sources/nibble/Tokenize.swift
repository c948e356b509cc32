import ArgumentParser
import Foundation
import ModelFiles
import Recording
import Tokenization

struct Tokenize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the tokens of a text.",
    discussion: "EXAMPLE: nibble tokenize -p \"Once upon a time\"")

  @OptionGroup var model: ModelOption
  @Option(name: [.customShort("p"), .long], help: "The text.")
  var prompt: String
  @Option(help: "text or json.")
  var format = OutputFormat.text

  func run() throws {
    let file = try ModelFile(path: try ModelCatalogue.path(of: model.model))
    let tokenizer = try Tokenizer(metadata: file.metadata)
    let ids = tokenizer.encode(prompt)
    let pieces = ids.map { String(decoding: tokenizer.piece($0), as: UTF8.self) }
    switch format {
    case .json:
      Output.line(try json(Result(ids: ids, pieces: pieces)))
    case .text:
      for (id, piece) in zip(ids, pieces) {
        Output.line(String(format: "%7d  ", id) + String(reflecting: piece))
      }
    }
  }

  private struct Result: Encodable {
    let ids: [Int]
    let pieces: [String]
  }
}
