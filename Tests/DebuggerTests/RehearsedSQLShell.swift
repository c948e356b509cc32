import TestSupport
import TraceStore

@testable import Debugger

/// What the suites over the shell of `nibble sql` begin with; each test has its own.
class RehearsedSQLShell {
  let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    try Rehearsal(path: folder.file()).perform()
  }

  func shell(
    _ output: CollectedOutput, attached: [QuerySession.Attachment] = [], width: Int = 80
  ) throws -> SQLShell {
    SQLShell(
      session: try QuerySession(path: folder.file(), attached: attached), output: output,
      style: TextStyle(width: width))
  }

  /// What the shell prints for lines that a person types, without prompts and lines.
  func replies(_ lines: String..., width: Int = 80) throws -> String {
    let output = CollectedOutput()
    let shell = try shell(output, width: width)
    for line in lines {
      do { try shell.execute(line) } catch { output.complain("\(error)") }
    }
    return output.text
  }
}
