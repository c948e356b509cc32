import Debugger
import Foundation
import TraceStore

/// A block of prose that is filled from a recording of the learner's: ```` ```query TRACE ````.
enum ProseBlock {
  case query(ValueQuery)
  case debugger(trace: String, commands: [String])

  /// `nil` for a block that is shown as it is written.
  init?(info: String, lines: [String]) {
    let words = info.split(separator: " ").map(String.init)
    guard let first = words.first, ["query", "debugger"].contains(first) else { return nil }
    if first == "query" {
      self = .query(
        ValueQuery(trace: words.count > 1 ? words[1] : nil, sql: lines.joined(separator: "\n")))
    } else {
      self = .debugger(trace: words.count > 1 ? words[1] : "", commands: lines)
    }
  }

  /// Every block of a text.
  static func all(in text: String) -> [ProseBlock] {
    Markdown(text).blocks.compactMap { block in
      guard case .code(let info, let lines) = block else { return nil }
      return ProseBlock(info: info, lines: lines)
    }
  }

  /// - Throws: ``LessonError``, or what a command of the debugger throws.
  func lines(_ recordings: Recordings, _ values: Values, _ style: TextStyle) throws -> [String] {
    switch self {
    case .query(let query):
      let result = try values.run(query, of: "the query of a block")
      guard !result.rows.isEmpty else {
        throw LessonError.query(of: "the query of a block", problem: "it gives no rows.")
      }
      return result.lines(mostRows: 40, style: style, none: "") { "… \($0)" }
    case .debugger(let trace, let commands):
      let output = CollectedOutput()
      let session = try DebuggerSession(
        trace: Trace(path: recordings.existing(trace)), output: output, style: style)
      let commands = commands.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
      var before = 0
      for (index, command) in commands.enumerated() {
        try session.execute(values.filled(command))
        // Where it goes to, what follows shows.
        if command.hasPrefix("goto "), index + 1 < commands.count, before == 0 {
          before = output.text.count
        }
      }
      var shown = output.text.dropFirst(before)
      while shown.last == "\n" { shown.removeLast() }
      return shown.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
  }
}
