import Foundation
import ModelFiles
import Quantization
import TestSupport
import Testing
import TraceStore

@testable import Recording

/// `record --original`: what packing changed, recomputed by numpy and the gguf package through
/// scripts/check-packing.py.
///
/// `NIBBLE_PYTHON` names a python3 that has the packages gguf and numpy; where it is not set the
/// test is skipped, but not in CI.
@Suite struct OriginalWeightsTests {
  private static let python = ProcessInfo.processInfo.environment["NIBBLE_PYTHON"]
  private static let isCI = ProcessInfo.processInfo.environment["CI"] == "true"
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  /// tiny, packed as another type.
  private func packed(_ type: TensorType) throws -> String {
    let path = folder.file("\(type.name).gguf")
    let source = try GGUF(path: ModelCatalogue.path(of: "tiny"))
    try GGUFQuantizer(target: type, threads: 2).quantize(source, to: path)
    return path
  }

  private func record(_ model: String, original: String?) throws -> String {
    var options = RecordingOptions(output: folder.file())
    options.model = model
    options.original = original
    options.count = 0
    _ = try Recording.record(options)
    return options.output
  }

  @Test(.enabled(if: python != nil || isCI, "NIBBLE_PYTHON is not set"))
  func numpyComesToTheSame() throws {
    let python = try #require(
      Self.python, "CI has to set NIBBLE_PYTHON to a python3 that has gguf and numpy")
    let (small, large) = (try packed(.q4_0), try packed(.f16))
    let trace = try record(small, original: large)
    let script = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("scripts/check-packing.py").path
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [python, script, trace, small, large]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let tiles = try QuerySession(path: trace).result(of: "SELECT count(*) FROM weight_tile").rows
    #expect(tiles[0][0] == .integer(Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0))
    let worst = try QuerySession(path: trace).result(
      of: "SELECT percent > 0.1, percent < 5 FROM packing_error"
    ).rows
    #expect(!worst.isEmpty && worst.allSatisfy { $0 == [.integer(1), .integer(1)] })
  }

  @Test func withoutAnOriginalNothingIsSaid() throws {
    let trace = try record(try packed(.q4_1), original: nil)
    let said = try QuerySession(path: trace).result(
      of: "SELECT (SELECT count(error_rms) FROM weight_tile), (SELECT count(*) FROM packing_error)")
    #expect(said.rows == [[.integer(0), .integer(0)]])
  }

  @Test func aPackedModelIsNoOriginal() throws {
    let small = try packed(.q4_0)
    #expect {
      try record("tiny", original: small)
    } throws: { error in
      guard case RecordingError.notTheOriginal(small, _) = error else { return false }
      return "\(error)".contains("q4_0")
    }
    #expect(!FileManager.default.fileExists(atPath: folder.file()))
  }
}
