import Basics
import CTerminal
import Foundation
import Inference
import ModelFiles
import Recording
import TraceStore

/// How a debugging session begins.
public struct DebuggerOptions: Sendable {
  /// Files of commands, done first, one command a line.
  public var commandFiles: [String] = []
  /// Commands done after them.
  public var commands: [String] = []
  /// Leave after those, and at the first that fails, with exit code 1. Where there are none,
  /// commands come from standard input.
  public var batch = false
  /// Whether `.nibbleinit` in the home directory is done before all else.
  public var readsInit = true
  /// Whether a terminal is written to in colour, where it can.
  public var colour = true
  /// The model file, for what a trace does not hold.
  public var modelPath: String?
  /// The same model before its weights were quantized, for what int4 cost.
  public var originalPath: String?
  /// Whether to begin in the full-screen mode.
  public var fullScreen = false

  public init() {}
}

/// Debugs a trace on this process's standard input and output: `nibble step`.
///
/// - Returns: the exit code.
/// - Throws: ``TraceError`` where the trace cannot be opened or is damaged,
///   `RecordingError.notTheOriginal`, ``DebuggerError/emptyTrace(path:)``, and
///   ``DebuggerError/cannotWrite(reason:)``.
public func runDebugger(tracePath: String, _ options: DebuggerOptions) throws -> Int32 {
  let output = StandardOutput()
  let session = try DebuggerSession(
    trace: Trace(path: tracePath), output: output,
    style: .standardOutput(colour: options.colour), modelPath: options.modelPath,
    originalPath: options.originalPath)
  try session.values.checkOriginal()
  let code = try session.runOnThisProcess(options)
  if let problem = output.problem { throw DebuggerError.cannotWrite(reason: problem) }
  return code
}

/// Debugs a run that is recorded as it goes: `nibble step -p`. The prompt runs at the start.
///
/// - Parameters:
///   - recording: what is run, and where the trace goes.
///   - progress: called with what is under way, and with `nil` when nothing is.
/// - Returns: the exit code.
/// - Throws: what the model, the trace or the prompt's passes throw, but for a pass that the memory
///   budget, a result that is not finite or ^C ended: the session begins there. As ``runDebugger(tracePath:_:)``
///   otherwise.
public func runLiveDebugger(
  _ recording: RecordingOptions, _ options: DebuggerOptions, progress: (String?) -> Void
) throws -> Int32 {
  if !options.batch && isTerminal(0) { nibble_interrupts_install() }
  progress("loading…")
  if let original = options.originalPath { _ = try ModelFile(path: original) }
  let live = try LiveRun(recording)
  let output = StandardOutput()
  let code: Int32
  do {
    do {
      try runPrompt(of: live, progress: progress)
    } catch InferenceError.interrupted {
      // The session begins where that pass was given up.
    } catch let error as InferenceError where error.leavesItsPass {
      // Likewise.
    }
    nibble_interrupts_clear()
    progress(nil)
    let trace = try Trace(path: live.trace)
    defer { try? trace.close() }
    let session = try DebuggerSession(
      trace: trace, output: output, style: .standardOutput(colour: options.colour),
      originalPath: options.originalPath, live: live)
    try session.values.checkOriginal()
    code = try session.runOnThisProcess(options)
  } catch {
    try? live.finish()
    throw error
  }
  // What failed in the session was told there.
  do { try live.finish() } catch  where code != 0 { return code }
  if let problem = output.problem { throw DebuggerError.cannotWrite(reason: problem) }
  return code
}

/// Runs the prompt, and says how far it is.
private func runPrompt(of live: LiveRun, progress: (String?) -> Void) throws {
  try withoutActuallyEscaping(progress) { progress in
    var tokens = ""
    let line = Progress(progress)
    live.operationBegins = { name, layer in
      line.show {
        let pass = PassProgress(operation: name, layer: layer, layers: live.layerCount)
        return fittingTerminal("\(tokens); \(pass); ^C gives it up")
      }
    }
    defer { live.operationBegins = { _, _ in } }
    try live.runPrompt(isCancelled: nibble_interrupted) { done, all in
      tokens = "prompt: \(done) of \(all) tokens"
      progress(tokens)
    }
  }
}

extension DebuggerSession {
  fileprivate func runOnThisProcess(_ options: DebuggerOptions) throws -> Int32 {
    let interactive = !options.batch && isTerminal(0)
    usesColour = options.colour
    // The session holds the terminal, so the terminal must not hold the session.
    let lines =
      interactive
      ? TerminalLines(
        historyPath: TerminalLines.defaultHistoryPath(),
        complete: { [unowned self] in complete($0) }) : nil
    history = lines?.history ?? []
    if isTerminal(0), isTerminal(1) { terminal = SessionTerminal(lines: lines) }
    if interactive { nibble_interrupts_install() }
    defer {
      disableFullScreen()
      terminal = nil
      nibble_interrupts_remove()
    }
    if options.fullScreen { try enableFullScreen() }
    if interactive { try welcome() }
    if options.readsInit, !readInit(), options.batch { return 1 }
    if let code = runScripts(options) { return code }
    guard interactive else { return run(StandardInputLines(), stopsAtErrors: options.batch) }
    return run(lines ?? StandardInputLines(), stopsAtErrors: false)
  }

  /// Does `.nibbleinit` of the home directory. One in this folder may be anybody's, and is only
  /// told about.
  private func readInit() -> Bool {
    let name = ".nibbleinit"
    let files = FileManager.default
    let home = environment("HOME").map { $0 + "/" + name }
    let here = files.currentDirectoryPath + "/" + name
    var done = true
    if let home, files.fileExists(atPath: home) { done = attempt { try execute(file: home) } }
    if here != home, files.fileExists(atPath: here) {
      output.complain("\(name) in this folder was not done; \"source \(name)\" does it.")
    }
    return done
  }

  /// Does the lines of a source until it ends or `quit` is typed.
  ///
  /// - Parameter stopsAtErrors: leave at the first line that fails.
  /// - Returns: the exit code.
  public func run(_ lines: any LineSource, stopsAtErrors: Bool) -> Int32 {
    sources.append(lines)
    defer { sources.removeLast() }
    while !isOver {
      let (reply, source) = nextLine(from: lines, prompt: "(nibble) ")
      if !source.isTyped, reply != .end, nibble_interrupted() {
        let done = attempt { try checkInterrupted() }
        return !done && stopsAtErrors ? interruptedExitCode : 0
      }
      switch reply {
      case .switchScreen: continue  // never comes back
      case .end:
        if source is TerminalLines { output.write("quit\n") }
        return 0
      case .interrupted:
        output.write("Quit\n")
      case .line(let line):
        if source is TerminalLines { style = .standardOutput(colour: usesColour) }
        let done = attempt { try execute(line, repeats: source.isInteractive) }
        if !done && stopsAtErrors { return 1 }
      }
    }
    return exitCode
  }

  /// Does the commands of files, then more commands.
  ///
  /// - Returns: the exit code, or `nil` where the session goes on.
  func runScripts(_ options: DebuggerOptions) -> Int32? {
    for path in options.commandFiles {
      let done = attempt { try execute(file: path) }
      if !done && options.batch { return 1 }
      if isOver { return exitCode }
    }
    let source = ScriptedLines(options.commands)
    let code = run(source, stopsAtErrors: options.batch)
    if isOver || code != 0 { return code }
    return options.batch && !(options.commandFiles.isEmpty && options.commands.isEmpty) ? 0 : nil
  }

  /// Columns of a message; where nobody reads it on a terminal, it is one line.
  private var messageWidth: Int { terminal == nil ? .max : style.width }

  /// Does something, and says on the side of messages why it could not be done.
  func attempt(_ action: () throws -> Void) -> Bool {
    do {
      try action()
      return true
    } catch {
      // Lines that point at a place stay as they are.
      let lines = "\(error)".split(separator: "\n", omittingEmptySubsequences: false).map(
        String.init)
      output.complain(
        lines.flatMap { $0.hasPrefix("  ") || $0.isEmpty ? [$0] : wrapped($0, to: messageWidth) }
          .joined(separator: "\n"))
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
    guard sources.count < 100 else { throw DebuggerError.sourcedTooDeep(path: path) }
    let lines = ScriptedLines(
      text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init))
    sources.append(lines)
    defer { sources.removeLast() }
    while !isOver, case .line(let line) = lines.next(prompt: "") {
      let number = lines.number
      do {
        try checkInterrupted()
        try execute(line)
      } catch let error as DebuggerError where error.isOfFile {
        throw error  // of a file that this one names
      } catch {
        throw DebuggerError.inFile(path: path, line: number, reason: "\(error)")
      }
    }
  }
}
