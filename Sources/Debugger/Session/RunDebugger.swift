import CLibEdit
import Foundation
import TraceStore

/// Debugs a trace on this process's standard input and output: `nibble step`.
///
/// - Parameters:
///   - commandFiles: files of commands, done first, one command a line.
///   - commands: commands done after them.
///   - batch: leave after those; and leave at the first that fails, with exit code 1. Where there
///     are none, commands come from standard input.
///   - modelPath: the model file, for what a trace does not hold.
///   - fullScreen: whether to begin in the full-screen mode.
/// - Returns: the exit code.
/// - Throws: ``TraceError`` where the trace cannot be opened or is damaged,
///   ``DebuggerError/emptyTrace(path:)``, and ``DebuggerError/cannotWrite(reason:)``.
public func runDebugger(
  tracePath: String, commandFiles: [String], commands: [String], batch: Bool,
  modelPath: String? = nil, fullScreen: Bool = false
) throws -> Int32 {
  let output = StandardOutput()
  let session = try DebuggerSession(
    trace: Trace(path: tracePath), output: output, style: .standardOutput(), modelPath: modelPath)
  let code = try session.runOnThisProcess(
    commandFiles: commandFiles, commands: commands, batch: batch, fullScreen: fullScreen)
  if let problem = output.problem { throw DebuggerError.cannotWrite(reason: problem) }
  return code
}

extension DebuggerSession {
  fileprivate func runOnThisProcess(
    commandFiles: [String], commands: [String], batch: Bool, fullScreen: Bool
  ) throws -> Int32 {
    let interactive = !batch && isTerminal(0)
    // The session holds the terminal, so the terminal must not hold the session.
    let lines =
      interactive
      ? TerminalLines(
        historyPath: TerminalLines.defaultHistoryPath(),
        complete: { [unowned self] in complete($0) }) : nil
    if isTerminal(0), isTerminal(1) { terminal = SessionTerminal(lines: lines) }
    if interactive { nibble_interrupts_install() }
    defer {
      disableFullScreen()
      terminal = nil
      nibble_interrupts_remove()
    }
    if fullScreen { try enableFullScreen() }
    if interactive { try welcome() }
    if let code = runScripts(files: commandFiles, commands: commands, batch: batch) { return code }
    guard interactive else { return run(StandardInputLines(), stopsAtErrors: batch) }
    return run(lines ?? StandardInputLines(), stopsAtErrors: false)
  }

  /// Does the lines of a source until it ends or `quit` is typed.
  ///
  /// - Parameter stopsAtErrors: leave at the first line that fails.
  /// - Returns: the exit code.
  public func run(_ lines: any LineSource, stopsAtErrors: Bool) -> Int32 {
    while !isOver {
      let source: any LineSource = terminal?.fullScreen ?? lines
      switch source.next(prompt: "(nibble) ") {
      case .end:
        if source is TerminalLines { output.write("quit\n") }
        return 0
      case .interrupted:
        output.write("Quit\n")
      case .line(let line):
        if source is TerminalLines { style = .standardOutput() }
        let done = attempt { try execute(line, repeats: source.isInteractive) }
        if !done && stopsAtErrors { return 1 }
      }
    }
    return 0
  }

  /// Does the commands of files, then more commands.
  ///
  /// - Parameter batch: leave after them, and at the first that fails; but not where there are none.
  /// - Returns: the exit code, or `nil` where the session goes on.
  func runScripts(files: [String], commands: [String], batch: Bool) -> Int32? {
    for path in files {
      let done = attempt { try execute(file: path) }
      if !done && batch { return 1 }
      if isOver { return 0 }
    }
    for line in commands {
      let done = attempt { try execute(line) }
      if !done && batch { return 1 }
      if isOver { return 0 }
    }
    return batch && !(files.isEmpty && commands.isEmpty) ? 0 : nil
  }

  /// Does something, and says on the side of messages why it could not be done.
  func attempt(_ action: () throws -> Void) -> Bool {
    do {
      try action()
      return true
    } catch {
      output.complain("\(error)")
      return false
    }
  }

  /// Does the commands of a file; one that fails ends it.
  func execute(file path: String) throws {
    let text: String
    do {
      text = try String(contentsOf: URL(filePath: path), encoding: .utf8)
    } catch {
      let exists = FileManager.default.fileExists(atPath: path)
      throw DebuggerError.unreadable(
        path: path, reason: exists ? "it is no readable UTF-8 text file" : "there is no such file")
    }
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      if isOver { return }
      do {
        try execute(String(line))
      } catch {
        throw DebuggerError.inFile(path: path, line: index + 1, reason: "\(error)")
      }
    }
  }
}
