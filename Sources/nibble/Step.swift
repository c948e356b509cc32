import ArgumentParser
import Debugger
import Foundation

struct Step: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Step through a trace, forwards and backwards.",
    discussion: """
      EXAMPLE: nibble step trace.sqlite
               nibble step trace.sqlite -ex "goto 100" -ex mem --batch
               nibble step --tui trace.sqlite
      """)

  @Argument(help: "The trace.")
  var trace: String
  @Option(name: .customShort("x"), help: "A file of commands to do first.")
  var files: [String] = []
  @Option(
    name: .customLong("ex", withSingleDash: true), parsing: .unconditionalSingleValue,
    help: "A command to do after the files.")
  var commands: [String] = []
  @Flag(help: "Leave after the commands; exit code 1 at the first that fails.")
  var batch = false
  @Flag(help: "Begin on the full screen: operations, tile, memory and commands side by side.")
  var tui = false
  @OptionGroup var model: ModelOption

  func run() throws {
    let code = try runDebugger(
      tracePath: trace, commandFiles: files, commands: commands, batch: batch,
      modelPath: try model.path(), fullScreen: tui)
    throw ExitCode(code)
  }
}
