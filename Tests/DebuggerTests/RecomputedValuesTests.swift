import Foundation
import Recording
import TestSupport
import Testing
import TraceStore

@testable import Debugger

/// `print` of what was not captured, from the model file.
@Suite struct RecomputedValuesTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  /// What was not captured is recomputed, comes to the same, and is marked.
  @Test func recomputedValuesAreMarked() throws {
    try Tiny.record(to: folder.file("stats")) { $0.capture = .stats }
    try Tiny.record(to: folder.file("values")) { $0.capture = .values }
    let lines = [
      "goto pass 2", "print ffn_norm-3[0..8]", "print sum(kq-0[head=1])", "goto pass 1",
      "print Qcur-3[head=2, token=1, 0..8]", "why 3 ffn_gate-2[7]", "why 2 kqv_out-1[9]",
      "info error result_output",
    ]
    let recomputed = try Tiny.transcript(folder.file("stats"), lines)
    let captured = try Tiny.transcript(folder.file("values"), lines)
    let note = "(recomputed from tiny.gguf)"
    #expect(recomputed.components(separatedBy: note).count == 7)
    #expect(!captured.contains("recomputed"))
    let rest = recomputed.split(separator: "\n").filter {
      $0.trimmingCharacters(in: .whitespaces) != note
    }
    #expect(rest == captured.split(separator: "\n"))
  }

  @Test func aMissingOrChangedFileIsOneSentence() throws {
    let copy = folder.file("copy.gguf")
    try FileManager.default.copyItem(atPath: ModelCatalogue.path(of: nil), toPath: copy)
    try Tiny.record(to: folder.file()) {
      $0.model = copy
      $0.capture = .stats
    }
    let lines = [
      "goto pass 1", "print ffn_norm-3[0]", "x/4xb token_embd.weight", "why ffn_norm-3[0]",
    ]
    #expect(try Tiny.transcript(folder.file(), lines).contains("(recomputed from copy.gguf)"))
    let handle = try #require(FileHandle(forUpdatingAtPath: copy))
    try handle.seekToEnd()
    try handle.write(contentsOf: Data([0]))
    try handle.close()
    let changed = try Tiny.transcript(folder.file(), lines)
    #expect(changed.contains("is another file than the one the trace was recorded from"))
    #expect(changed.contains("record them with `nibble record --capture values`."))
    #expect(!changed.contains("ffn_norm-3[0] ="))
    try FileManager.default.removeItem(atPath: copy)
    let missing = try Tiny.transcript(folder.file(), lines)
    #expect(missing.contains("There is no model file '\(copy)'"))
    // Another path to the same bytes will do.
    let model = try ModelCatalogue.path(of: nil)
    #expect(
      try Tiny.transcript(folder.file(), lines, modelPath: model)
        .contains("(recomputed from tiny.gguf)"))
  }

  @Test func aRunThatDiffersIsSaid() throws {
    try Tiny.record(to: folder.file()) { $0.capture = .stats }
    try #require(
      Process.run("sqlite3", folder.file(), "UPDATE _op SET sum = sum + 1 WHERE id = 3") == 0)
    let text = try Tiny.transcript(folder.file(), ["goto pass 1", "print sum(Qcur-0)"])
    #expect(text.contains("not as in the recorded run: its sum was recorded as"))
  }
}
