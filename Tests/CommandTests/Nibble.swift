import Foundation
import TestSupport

/// Runs the program as a user would.
struct Nibble {
  /// The binary that was built with these tests.
  static let binary = Bundle.main.bundleURL.resolvingSymlinksInPath()
    .appendingPathComponent("nibble").path

  /// The library of Tests/Preload, beside it.
  static let preload = URL(fileURLWithPath: binary).deletingLastPathComponent()
    .appendingPathComponent("libPreload.so").path
  /// True if the system loads it into a program; in CI it has to.
  static var canPreload: Bool {
    FileManager.default.fileExists(atPath: preload)
      || ProcessInfo.processInfo.environment["CI"] == "true"
  }

  /// A folder of its own, which each run has as its working directory.
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  func path(_ name: String) -> String { folder.file(name) }

  /// Runs `nibble` with these arguments to its end.
  func callAsFunction(_ arguments: String..., input: String = "") throws -> FinishedProgram {
    try start(Self.binary, arguments, input: input).finish()
  }

  /// Runs a line of shell in which `$NIBBLE` is the program.
  func shell(_ line: String) throws -> FinishedProgram {
    try start("/bin/sh", ["-c", line]).finish()
  }

  /// The most bytes that `nibble` had allocated at one moment while it ran with these arguments: a
  /// count, which is nearly the same each time and on each machine.
  func peakBytes(_ arguments: String...) throws -> Int {
    let result = try start(
      Self.binary, arguments,
      environment: ["LD_PRELOAD": Self.preload, "NIBBLE_TEST_PEAK": path("peak")]
    ).finish()
    guard result.code == 0,
      let bytes = Int(try String(contentsOfFile: path("peak"), encoding: .utf8))
    else {
      throw CocoaError(.fileReadUnknown, userInfo: [NSDebugDescriptionErrorKey: result.errors])
    }
    return bytes
  }

  /// Starts `nibble` and does not wait.
  func begin(_ arguments: String...) throws -> RunningProgram {
    try start(Self.binary, arguments)
  }

  private func start(
    _ program: String, _ arguments: [String], input: String = "",
    environment: [String: String] = [:]
  ) throws -> RunningProgram {
    try RunningProgram(
      URL(fileURLWithPath: program), arguments, input: input,
      environment: ["NIBBLE": Self.binary, "NO_COLOR": "1", "COLUMNS": "80"].merging(environment) {
        $1
      }, in: folder)
  }
}

extension FinishedProgram {
  /// The one line of an error message, or `nil` where there is none or more.
  var sentence: String? {
    let lines = errors.split(separator: "\n")
    return lines.count == 1 && lines[0].hasPrefix("nibble: ") ? String(lines[0]) : nil
  }
}
