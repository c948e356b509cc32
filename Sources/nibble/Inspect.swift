import ArgumentParser
import Foundation
import ModelFiles
import Quantization
import Recording

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what a GGUF file holds, down to one block of one tensor.",
    discussion: """
      EXAMPLE: nibble inspect tiny
               nibble inspect tiny blk.0.attn_q.weight --block 3
      """)

  @Argument(help: "A GGUF file, or a model of `nibble models`.")
  var model: String
  @Argument(help: "A tensor.")
  var tensor: String?
  @Option(help: "A block of the tensor, counting from 0, to lay open.")
  var block: Int?
  @Option(help: "text or json.")
  var format = OutputFormat.text

  func validate() throws {
    if let block, block < 0 { throw ValidationError("--block counts from 0.") }
    if block != nil && tensor == nil { throw ValidationError("--block needs a tensor.") }
  }

  func run() throws {
    let gguf = try GGUF(path: try ModelCatalogue.path(of: model))
    let file = gguf.model
    guard let name = tensor else {
      let listing = ModelListing(gguf)
      return Output.line(format == .json ? try json(listing) : listing.text)
    }
    let tensor = try file.requiredTensor(named: name)
    guard let block else {
      let row = ModelListing.Tensor(tensor)
      if format == .json { return Output.line(try json(row)) }
      Output.line(ModelListing.table(of: [row]).joined(separator: "\n"))
      return printError("One block of it: `nibble inspect \(shellWord(model)) \(name) --block 0`")
    }
    let type = try file.type(of: tensor)
    let count = tensor.count / type.blockSize
    guard block < count else {
      throw RecordingError.badOption(
        "\(name) has \(count) blocks; --block can be 0 to \(count - 1).")
    }
    let listing = BlockListing(block: try file.block(block, of: tensor))
    Output.line(format == .json ? try json(listing) : listing.text)
  }
}
