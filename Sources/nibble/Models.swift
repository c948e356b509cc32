import ArgumentParser
import Basics
import Foundation
import Inference
import Recording

struct Models: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the models that -m knows by name.",
    discussion: "EXAMPLE: nibble models")

  @Option(help: "text or json.")
  var format = OutputFormat.text

  func run() throws {
    let entries = ModelCatalogue.entries
    switch format {
    case .json:
      Output.line(
        try json(
          entries.map {
            Result(
              name: $0.name, summary: $0.summary, source: $0.source, path: $0.path,
              present: $0.isPresent)
          }))
    case .text:
      let width = entries.map(\.name.count).max() ?? 0
      for entry in entries {
        let fetch = entry.fetchCommand.map { "; `\($0)` brings it" } ?? ""
        let state = entry.isPresent ? "present" : "absent\(fetch)"
        let lines = [entry.summary, "\(entry.source); \(state)", entry.path].prefixed(
          first: padded(entry.name, to: width + 2), others: padded("", to: width + 2))
        for line in lines { Output.line(line) }
      }
      Output.line(
        "\nAny GGUF file of these architectures can be given by its path, -m PATH: "
          + architectureNames.joined(separator: ", "))
    }
  }

  private struct Result: Encodable {
    let name, summary, source, path: String
    let present: Bool
  }
}
