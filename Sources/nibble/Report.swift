import ArgumentParser
import TraceStore

struct Report: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tell a trace's story as text or Markdown.",
    discussion: """
      EXAMPLE: nibble report story.sqlite
               nibble report story.sqlite --format markdown
      """)

  @Argument(help: "The trace.")
  var trace: String
  @Option(help: "For a terminal, or for an issue or a chat.")
  var format = TraceReport.Format.text

  func run() throws {
    Output.write(try TraceReport(trace: Trace(path: trace)).text(format))
  }
}

extension TraceReport.Format: ExpressibleByArgument {}
