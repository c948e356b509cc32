import TestSupport
import TraceStore

@testable import Debugger

/// What the suites over a session on a rehearsal begin with; each test has its own.
class RehearsedSession {
  let folder: ScratchFolder
  let session: DebuggerSession
  let output = CollectedOutput()

  init() throws {
    folder = try ScratchFolder()
    try Rehearsal(path: folder.file()).perform()
    session = try DebuggerSession(
      trace: Trace(path: folder.file()), output: output, style: TextStyle())
  }
}
