import ArgumentParser
import Debugger
import Foundation
import Recording
import TraceStore

struct SQL: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sql",
    abstract: "Ask a trace in SQL; nothing can be written.",
    discussion: """
      On a terminal, without a query, a shell with the habits of sqlite3: .help lists its commands, \
      .examples has a query for each common question.

      EXAMPLE: nibble sql trace.sqlite
               nibble sql trace.sqlite "SELECT * FROM peak_by_category"
               nibble sql trace.sqlite ".schema tile_lifetime"
               nibble sql tiled.sqlite --attach b=fused.sqlite "SELECT * FROM first_difference"
      """)

  @Argument(help: "The trace.")
  var trace: String?
  @Argument(
    help: "SQL, several statements perhaps, or a command such as .tables (default: standard input)."
  )
  var query: String?
  @Option(help: "How results are written: as sqlite3 does, or with bars or curves.")
  var format = TableFormat.box
  @Option(
    help: "Another trace, as NAME=FILE: its tables are NAME.op and so on. Views compare the first.")
  var attach: [AttachedTrace] = []
  @Option(
    help: """
      The most seconds that a statement may take, not counting how long whoever reads its rows \
      takes (default: no limit). One that two seconds later is still in a function that cannot be \
      interrupted ends nibble, as a second ^C does.
      """)
  var timeout: Double?
  @OptionGroup var model: ModelOption
  @Flag(help: "Print the questions of .examples with their queries.")
  var examples = false
  @Flag(help: "Print the reference of tables, views, functions and commands, in Markdown.")
  var reference = false

  func validate() throws {
    if examples || reference { return }
    if trace == nil { throw ValidationError("Name a trace.") }
    if let timeout, !(timeout > 0) { throw ValidationError("--timeout needs more than 0 seconds.") }
  }

  func run() throws {
    if reference { return Output.write(SQLManual.markdown()) }
    if examples { return Output.write(SQLManual.examples()) }
    var options = SQLOptions()
    options.attached = attach.map(\.attachment)
    options.timeLimit = timeout
    options.format = format
    options.modelPath = try model.path()
    try runSQL(tracePath: trace ?? "", query: query, options)
  }
}

extension TableFormat: ExpressibleByArgument {}

/// `b=other.sqlite`.
struct AttachedTrace: ExpressibleByArgument {
  let attachment: QuerySession.Attachment

  init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
    attachment = QuerySession.Attachment(name: String(parts[0]), path: String(parts[1]))
  }
}
