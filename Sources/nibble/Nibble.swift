import ArgumentParser
import Debugger
import Foundation
import Recording

@main
struct Nibble: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "nibble",
    abstract: "A step-through debugger for the forward pass of int4 language models.",
    discussion: """
      nibble runs a GGUF model, records every dequantized tile, product, KV append, allocation \
      and free into an SQLite trace, and lets you step through it in both directions.

      EXAMPLE: nibble record -p "Once upon a time" -o story.sqlite
               nibble step story.sqlite
      """,
    version: nibbleVersion,
    subcommands: [
      Demo.self, Record.self, Compare.self, Step.self, SQL.self, Export.self, Report.self,
      Run.self, Logits.self, Tokenize.self, Inspect.self, Quantize.self, Models.self,
      Learn.self, LessonTools.self,
    ])

  /// Results go to standard output and messages to standard error. Exit code 0; 1 where the work
  /// could not be done; 2 where the command line was wrong; 130 where ^C ended the work.
  static func main() {
    signal(SIGXFSZ, SIG_IGN)  // a file at its size limit is an error of the write that met it
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let code as ExitCode {
      finish(code.rawValue)
    } catch {
      let message = fullMessage(for: error)
      switch exitCode(for: error) {
      case .success:
        Output.line(asTyped(message))
        finish(0)
      case .validationFailure:
        printError(message)
        finish(2)
      default:
        printError("nibble: \(error)")
        finish(failureCode(of: error))
      }
    }
    finish(0)
  }

  /// Ends the program; a result that could not be written whole is an error too.
  private static func finish(_ code: Int32) -> Never {
    Output.flush()
    if let problem = Output.problem {
      printError("nibble: standard output: \(problem).")
      Foundation.exit(max(code, 1))
    }
    Foundation.exit(code)
  }
}
