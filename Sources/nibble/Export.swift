import ArgumentParser
import Basics
import Foundation
import TraceStore

struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Turn a trace into what another tool opens.",
    discussion: """
      EXAMPLE: nibble export story.sqlite --format html
               nibble export story.sqlite --format chrome
      """)

  @Argument(help: "The trace.")
  var trace: String
  @Option(help: "What it becomes.")
  var format: ExportFormat
  @Option(
    name: .shortAndLong,
    help: "Where it goes; - is standard output (default: beside the trace, under its name).")
  var output: String?
  @Option(help: "A second trace, shown beside the first on one scale.")
  var with: String?
  @Option(
    parsing: .unconditional,  // so that a negative number is told of as what it is
    help: "The pass that a page shows step by step (default: the last decode pass).")
  var pass: Int?

  func validate() throws {
    if output?.isEmpty == true { throw ValidationError("-o needs a name.") }
    if output == "-", format.shape == .folder {
      throw ValidationError("\(format.rawValue) is a folder of files; name one with -o.")
    }
    if output == "-", format.shape != .text, isatty(STDOUT_FILENO) == 1 {
      throw ValidationError("\(format.rawValue) is no text for a terminal; name a file with -o.")
    }
    if with != nil, !format.takesTwo {
      throw ValidationError("\(format.rawValue) shows one trace; leave --with out.")
    }
    if let pass, pass < 1 {
      throw ValidationError("Passes count from 1; --pass \(pass) is none.")
    }
    if pass != nil, !format.takesPass {
      throw ValidationError("\(format.rawValue) holds every pass; leave --pass out.")
    }
  }

  func run() throws {
    signal(SIGPIPE, SIG_IGN)  // a reader that went away is an error of the write that met it
    catchInterrupts()
    let output = output ?? format.defaultPath(for: trace)
    let first = try Trace(path: trace)
    let second = try with.map { try Trace(path: $0) }
    let line = ProgressLine()
    defer { line.clear() }
    try first.export(format, to: output, with: second, pass: pass) { progress in
      line.show("exporting: \(progress.percent) %")
      return isInterrupted == 0
    }
    line.clear()
    if output != "-" { Output.line("\(output): \(describe(output)).") }
  }

  /// How large the export is: `1.2 MiB`, `31 files`.
  private func describe(_ path: String) -> String {
    if format.shape == .folder {
      let files = (try? FileManager.default.contentsOfDirectory(atPath: path))?.count ?? 0
      return files == 1 ? "1 file" : "\(formatCount(files)) files"
    }
    return formatBytes((try? FileStatus(path: path))?.size ?? 0)
  }
}

extension ExportFormat: ExpressibleByArgument {
  public static var allValueDescriptions: [String: String] {
    Dictionary(uniqueKeysWithValues: allCases.map { ($0.rawValue, $0.summary) })
  }
}
