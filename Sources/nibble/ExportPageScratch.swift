import ArgumentParser
import TraceStore

struct ExportScratch: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "export", abstract: "scratch")
  @Argument var trace: String
  @Option var with: String?
  @Option var pass: Int?
  func run() throws {
    var page = PageExport()
    page.pass = pass
    try page.write(([trace] + (with.map { [$0] } ?? [])).map { try Trace(path: $0) }) { Output.write($0) }
  }
}
