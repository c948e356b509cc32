import Foundation
import Recording
import TestSupport
import Testing

/// What `why`, `x` and `print` say of numbers, recomputed by numpy and the gguf package through
/// scripts/check-numbers.py.
///
/// `NIBBLE_PYTHON` names a python3 that has the packages gguf and numpy; where it is not set the
/// test is skipped, but not in CI.
struct NumbersPythonTests {
  private static let python = ProcessInfo.processInfo.environment["NIBBLE_PYTHON"]
  private static let isCI = ProcessInfo.processInfo.environment["CI"] == "true"

  @Test(.enabled(if: python != nil || isCI, "NIBBLE_PYTHON is not set"))
  func numpyComesToTheSame() throws {
    let folder = try ScratchFolder()
    try Tiny.record(to: folder.file()) { $0.capture = .values }
    let pairs = ["dot", "cosine", "maxdiff"].map { "print \($0)(ffn_norm-1, ffn_inp-1)" }
    let text = try Tiny.transcript(
      folder.file(),
      [
        "why ffn_gate-1[37]", "why 256 ffn_gate-1[2, 5]", "why 768 ffn_out-3[0, 9]",
        "why 4 Kcur-0[63]", "why 12 logit 42", "x/32xb blk.0.attn_q.weight", "",
        "x/300xb blk.2.ffn_down.weight[row=3]",
      ] + ["sum", "norm", "mean", "min", "max", "rms"].map { "print \($0)(l_out-2)" } + pairs)
    let found = try check(folder.file(), text, folder)
    #expect(found == ["terms": 10 + 256 + 768 + 4 + 12, "sums": 5, "bytes": 332, "figures": 9])
  }

  private func check(
    _ trace: String, _ transcript: String, _ folder: ScratchFolder
  ) throws -> [String: Int] {
    let python = try #require(
      Self.python, "CI has to set NIBBLE_PYTHON to a python3 that has gguf and numpy")
    let script = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("scripts/check-numbers.py").path
    try transcript.write(toFile: folder.file("transcript"), atomically: true, encoding: .utf8)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [python, script, trace, try ModelCatalogue.path(of: nil)]
    process.standardInput = FileHandle(forReadingAtPath: folder.file("transcript"))
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return try JSONDecoder().decode([String: Int].self, from: data)
  }
}
