import ArgumentParser
import Debugger
import Foundation

struct Step: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Step through a trace, forwards and backwards.",
    discussion: """
      EXAMPLE: nibble step trace.sqlite
               nibble step trace.sqlite -ex "goto 100" -ex mem --batch
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
  @OptionGroup var model: ModelOption
  @Option(
    help: "The same model unquantized (F32, F16 or BF16), to show what int4 cost.",
    completion: .file(extensions: ["gguf"]))
  var original: String?

  func run() throws {
    let code = try runDebugger(
      tracePath: trace, commandFiles: files, commands: commands, batch: batch,
      modelPath: try model.path(), originalPath: original)
    throw ExitCode(code)
  }
}
