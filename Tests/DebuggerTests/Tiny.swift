import Foundation
import Recording
import TraceStore

@testable import Debugger

/// Sessions over recordings of the built-in model.
enum Tiny {
  /// Records a few passes.
  static func record(
    to path: String, count: Int = 3, _ change: (inout RecordingOptions) -> Void = { _ in }
  ) throws {
    var options = RecordingOptions(output: path)
    options.count = count
    change(&options)
    _ = try Recording.record(options)
  }

  static func session(_ path: String, originalPath: String? = nil) throws -> DebuggerSession {
    try DebuggerSession(
      trace: Trace(path: path), output: CollectedOutput(), style: TextStyle(width: 200),
      originalPath: originalPath)
  }

  /// What a session prints for these lines, the prompt and each line before it.
  static func transcript(
    _ path: String, _ lines: [String], width: Int = 200, modelPath: String? = nil,
    originalPath: String? = nil
  ) throws -> String {
    let output = CollectedOutput()
    let session = try DebuggerSession(
      trace: Trace(path: path), output: output, style: TextStyle(width: width),
      modelPath: modelPath, originalPath: originalPath)
    _ = session.run(ScriptedLines(lines, echo: output), stopsAtErrors: false)
    return output.text
  }
}
