import Foundation

/// What a program came to that was run to its end.
public struct FinishedProgram {
  public let code: Int32
  /// What it wrote to standard output, and to standard error.
  public let output, errors: String

  /// Runs a program.
  ///
  /// - Parameters:
  ///   - environment: variables besides those of the tests.
  ///   - folder: the program's working directory, which holds its output for a moment.
  public init(
    _ program: URL, _ arguments: [String], input: String = "",
    environment: [String: String] = [:], in folder: ScratchFolder
  ) throws {
    self = try RunningProgram(
      program, arguments, input: input, environment: environment, in: folder
    ).finish()
  }

  init(code: Int32, output: String, errors: String) {
    self.code = code
    self.output = output
    self.errors = errors
  }
}

/// A program that was started.
public struct RunningProgram {
  public let process = Process()
  private let files: [URL]

  /// As ``FinishedProgram/init(_:_:input:environment:in:)``, without waiting for the end.
  public init(
    _ program: URL, _ arguments: [String], input: String = "",
    environment: [String: String] = [:], in folder: ScratchFolder
  ) throws {
    // Files and not pipes, which would have to be emptied while it runs.
    let name = UUID().uuidString
    files = ["in", "out", "err"].map { folder.url.appendingPathComponent(".\(name).\($0)") }
    try input.write(to: files[0], atomically: false, encoding: .utf8)
    for file in files[1...] { try Data().write(to: file) }
    process.executableURL = program
    process.arguments = arguments
    process.currentDirectoryURL = folder.url
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = try FileHandle(forReadingFrom: files[0])
    process.standardOutput = try FileHandle(forWritingTo: files[1])
    process.standardError = try FileHandle(forWritingTo: files[2])
    try process.run()
  }

  /// Waits for its end.
  public func finish() throws -> FinishedProgram {
    process.waitUntilExit()
    let texts = try files.map { try String(contentsOf: $0, encoding: .utf8) }
    for file in files { try FileManager.default.removeItem(at: file) }
    return FinishedProgram(
      code: process.terminationStatus, output: texts[1], errors: texts[2])
  }
}
