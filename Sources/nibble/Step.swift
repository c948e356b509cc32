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
  var trace: String?
  @Option(name: .customShort("x"), help: "A file of commands to do first.")
  var files: [String] = []
  @Option(
    name: .customLong("ex", withSingleDash: true), parsing: .unconditionalSingleValue,
    help: "A command to do after the files.")
  var commands: [String] = []
  @Flag(help: "Leave after the commands; exit code 1 at the first that fails.")
  var batch = false
  @Flag(help: "Do not do .nibbleinit of the home directory first.")
  var noInit = false
  @Flag(help: "No colour, on a terminal either.")
  var noColor = false
  @Flag(help: "Print the manual of all commands, in Markdown.")
  var helpCommands = false
  @OptionGroup var model: ModelOption
  @Option(
    help: "The same model unquantized (F32, F16 or BF16), to show what int4 cost.",
    completion: .file(extensions: ["gguf"]))
  var original: String?

  func validate() throws {
    if trace == nil && !helpCommands {
      throw ValidationError("Missing expected argument '<trace>'")
    }
  }

  func run() throws {
    guard let trace, !helpCommands else { return Output.write(Manual.markdown()) }
    var options = DebuggerOptions()
    options.commandFiles = files
    options.commands = commands
    options.batch = batch
    options.readsInit = !noInit
    options.colour = !noColor
    options.modelPath = try model.path()
    options.originalPath = original
    throw ExitCode(try runDebugger(tracePath: trace, options))
  }
}
