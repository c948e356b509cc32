import ArgumentParser
import Foundation
import TraceStore

struct SQL: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sql",
    abstract: "Ask a trace in SQL; nothing can be written.",
    discussion: """
      EXAMPLE: nibble sql trace.sqlite "SELECT * FROM peak_by_category"
               nibble sql trace.sqlite ".tables"
      """)

  @Argument(help: "The trace.")
  var trace: String
  @Argument(
    help: "SQL, several statements perhaps, or .tables or .schema (default: standard input).")
  var query: String?
  @Option(help: "How results are written, as sqlite3 does.")
  var format = TableFormat.box

  func run() throws {
    let trace = try Trace(path: trace)
    let query = try text()
    let interrupter = try trace.queryInterrupter()
    let signals = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
    signal(SIGINT, SIG_IGN)
    signals.setEventHandler { interrupter.interrupt() }
    signals.resume()
    try trace.run(query, format: format) { Output.write($0) }
  }

  private func text() throws -> String {
    guard let query else {
      if isatty(STDIN_FILENO) == 1 {
        printError("Type SQL, then ^D. `nibble sql \(trace) .tables` lists what there is to ask.")
      }
      let data = FileHandle.standardInput.readDataToEndOfFile()
      return String(decoding: data, as: UTF8.self)
    }
    switch query.trimmingCharacters(in: .whitespaces) {
    case ".tables":
      return """
        SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view')
          AND name NOT LIKE '\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite%' ORDER BY name
        """
    case ".schema":
      return """
        SELECT sql FROM sqlite_master WHERE type IN ('table', 'view')
          AND name NOT LIKE '\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite%' ORDER BY name
        """
    default: return query
    }
  }
}

extension TableFormat: ExpressibleByArgument {}
