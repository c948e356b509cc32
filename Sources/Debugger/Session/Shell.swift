import CLibEdit
import Foundation

extension DebuggerSession {
  /// Runs a command of the shell on this terminal.
  func shell(_ command: String) throws {
    guard !command.trimmingSpaces().isEmpty else {
      throw DebuggerError.missingArgument(command: "shell", expected: "a command of the shell")
    }
    try runShell(command, input: nil)
  }

  /// Does something, and hands what it prints to a command of the shell.
  func pipe(into command: String, _ body: () throws -> Void) throws {
    let terminal = output
    let collected = CollectedResults(terminal)
    output = collected
    var failure: (any Error)?
    do { try body() } catch { failure = error }
    output = terminal
    try runShell(command, input: collected.text)
    if let failure { throw failure }
  }

  /// Runs `/bin/sh -c`. Its output goes where ours goes.
  private func runShell(_ command: String, input: String?) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", command]
    let ours = Pipe()
    let isOurs = !(output is StandardOutput)
    if isOurs {
      process.standardOutput = ours
      process.standardError = ours
    }
    let theirs = Pipe()
    if input != nil { process.standardInput = theirs }
    do {
      try process.run()
    } catch {
      throw DebuggerError.shell(command: command, reason: "cannot be run")
    }
    if let input { Self.write(input, to: theirs.fileHandleForWriting) }
    finish(process, isOurs ? ours : nil)
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
      let how =
        process.terminationReason == .exit
        ? "ended with exit code \(process.terminationStatus)"
        : "was ended by signal \(process.terminationStatus)"
      throw DebuggerError.shell(command: command, reason: how)
    }
  }

  /// Writes on a thread of its own, since whoever reads may write to us in between. It may also stop
  /// reading, which is no reason to end.
  private static func write(_ text: String, to pipe: FileHandle) {
    let data = Data(text.utf8)
    Thread.detachNewThread {
      var signals = sigset_t()
      sigemptyset(&signals)
      sigaddset(&signals, SIGPIPE)
      pthread_sigmask(SIG_BLOCK, &signals, nil)
      try? pipe.write(contentsOf: data)
      try? pipe.close()
    }
  }

  private func finish(_ process: Process, _ pipe: Pipe?) {
    if let pipe {
      while case let data = pipe.fileHandleForReading.availableData, !data.isEmpty {
        output.write(String(decoding: data, as: UTF8.self))
      }
    }
    process.waitUntilExit()
  }
}

/// Keeps the results for another program, and lets messages through.
private final class CollectedResults: OutputSink {
  private(set) var text = ""
  private let messages: any OutputSink

  init(_ messages: any OutputSink) { self.messages = messages }

  func write(_ text: String) { self.text += text }
  func complain(_ message: String) { messages.complain(message) }
  func progress(_ text: String?) { messages.progress(text) }
}
