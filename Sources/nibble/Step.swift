import ArgumentParser
import Debugger

struct Step: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Step through a trace, forwards and backwards.",
    discussion: """
      EXAMPLE: nibble step trace.sqlite
               nibble step trace.sqlite --batch -ex "goto peak" -ex mem
      """)

  @Argument(help: "The trace.")
  var trace: String
  @Option(
    name: [.customShort("x", allowingJoined: false)],
    help: "A file of commands to begin with; may be repeated.")
  var files: [String] = []
  @Option(
    name: [.customLong("ex", withSingleDash: true)],
    help: "A command to begin with, after those of files; may be repeated.")
  var commands: [String] = []
  @Flag(help: "Leave after these commands, and with exit code 1 at the first that fails.")
  var batch = false
  @OptionGroup var model: ModelOption

  func run() throws {
    let code = try runDebugger(
      tracePath: trace, commandFiles: files, commands: commands, batch: batch,
      modelPath: model.path())
    if code != 0 { throw ExitCode(code) }
  }
}
