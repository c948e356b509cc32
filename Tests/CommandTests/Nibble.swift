import Foundation

/// Runs the program as a user would.
struct Nibble {
  struct Result {
    let code: Int32
    let output: String
    let errors: String

    /// The one line of an error message, or `nil` where there is none or more.
    var sentence: String? {
      let lines = errors.split(separator: "\n")
      return lines.count == 1 && lines[0].hasPrefix("nibble: ") ? String(lines[0]) : nil
    }
  }

  /// The binary that was built with these tests.
  static let binary = Bundle.main.bundleURL.resolvingSymlinksInPath()
    .appendingPathComponent("nibble").path

  /// A folder of its own, which each run has as its working directory.
  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("nibble-commands-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  /// Runs `nibble` with these arguments to its end.
  func callAsFunction(_ arguments: String..., input: String = "") throws -> Result {
    try finish(start(Self.binary, arguments, input: input))
  }

  /// Runs a line of shell in which `$NIBBLE` is the program.
  func shell(_ line: String) throws -> Result {
    try finish(start("/bin/sh", ["-c", line], input: ""))
  }

  /// Starts `nibble` and does not wait.
  func begin(_ arguments: String...) throws -> Process {
    try start(Self.binary, arguments, input: "").process
  }

  private struct Started {
    let process: Process
    let output: URL
    let errors: URL
  }

  private func start(_ program: String, _ arguments: [String], input: String) throws -> Started {
    let name = UUID().uuidString
    let files = ["in", "out", "err"].map { folder.appendingPathComponent(".\(name).\($0)") }
    try input.write(to: files[0], atomically: false, encoding: .utf8)
    for file in files[1...] { try Data().write(to: file) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["NIBBLE": Self.binary, "NO_COLOR": "1", "COLUMNS": "80"], uniquingKeysWith: { $1 })
    process.standardInput = try FileHandle(forReadingFrom: files[0])
    process.standardOutput = try FileHandle(forWritingTo: files[1])
    process.standardError = try FileHandle(forWritingTo: files[2])
    try process.run()
    return Started(process: process, output: files[1], errors: files[2])
  }

  private func finish(_ started: Started) throws -> Result {
    started.process.waitUntilExit()
    return Result(
      code: started.process.terminationStatus,
      output: try String(contentsOf: started.output, encoding: .utf8),
      errors: try String(contentsOf: started.errors, encoding: .utf8))
  }
}
