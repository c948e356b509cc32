import Basics
import CTerminal
import Foundation
import Recording
import TraceStore

/// How a trace is asked.
public struct SQLOptions: Sendable {
  /// Other traces that queries may name.
  public var attached: [QuerySession.Attachment] = []
  /// Seconds that a statement may run.
  public var timeLimit: Double?
  public var format = TableFormat.box
  /// The model file, in place of the one that the trace names.
  public var modelPath: String?

  public init() {}
}

/// Asks a trace in SQL: what `query` says, or else what comes from standard input, with a shell
/// where a person types there.
///
/// - Throws: what the trace throws, and the first error where nobody types.
public func runSQL(tracePath: String, query: String?, _ options: SQLOptions) throws {
  let output = StandardOutput()
  let session = try QuerySession(path: tracePath, attached: options.attached)
  session.timeLimit = options.timeLimit
  session.weights = try ModelWeights(of: Trace(path: tracePath), named: options.modelPath)
  session.endAtInterrupts()
  nibble_interrupts_install()
  defer { nibble_interrupts_remove() }
  let shell = SQLShell(
    session: session, output: output, style: .standardOutput(), format: options.format,
    isOnTerminal: isTerminal(1))
  if let query {
    try shell.run(ScriptedLines(query.split(separator: "\n").map(String.init)))
  } else if let lines = TerminalLines(
    historyPath: TerminalLines.defaultHistoryPath(named: "sql_history"),
    complete: { [unowned shell] in
      shell.completion.complete($0, pending: shell.pending, width: shell.style.width)
    })
  {
    try shell.welcome()
    try shell.run(lines)
  } else {
    try shell.run(StandardInputLines())
  }
  if let problem = output.problem { throw DebuggerError.cannotWrite(reason: problem) }
}

extension SQLShell {
  /// What is asked, and where to begin.
  func welcome() throws {
    let meta = try session.result(of: "SELECT key, value FROM meta").rows
    func fact(_ key: String) -> String? { meta.first { $0[0] == .text(key) }?[1].text }
    let passes = try session.result(of: "SELECT count(*) FROM pass").single?.text ?? "0"
    let facts = [fact("model"), fact("strategy"), "\(passes) passes"].compactMap { $0 }.map {
      visible($0)
    }
    let name = URL(filePath: session.path).lastPathComponent
    show(wrapped("\(name): " + facts.joined(separator: ", ") + ".", to: style.width))
    for other in session.attached { show(["\(other.name): \(other.path)"]) }
    show([
      ".tables lists what there is to ask, .examples questions, .help commands;",
      "a statement ends with \";\".",
    ])
  }
}
