import Foundation
import ModelFiles
import Recording
import TestSupport
import Testing
import TraceStore

@testable import Debugger

/// Damaged traces of a model that is at hand: what is computed from both gives a sentence and never
/// crashes.
@Suite struct DamagedNumbersTests {
  private static let script = [
    "goto pass 1", "why 3 ffn_gate-1[37]", "why attn_norm-0[1, 3]", "why Qcur_rope-1[head=1, 3]",
    "why kq-1[head=1, token=1, 1]", "why kq_soft_max-1[head=1, token=1, 1]", "why kqv_out-1[7]",
    "why ffn_swiglu-1[7]", "why l_out-1[7]", "why embd[2]", "why logit 42", "why result_norm[1]",
    "print sum(l_out-1)", "print Qcur-1[head=1]", "whatis kq-1", "x/4xb", "x/2f", "x/1block",
    "x/3xb blk.1.ffn_down.weight[3]", "goto pass 2", "top 3", "goto l_out-1", "top 12",
    "info error", "info error kq-0", "info error kqv_out-0", "info error embd",
    "info error kq_soft_max-1", "info error Qcur_rope-0",
  ]

  private func walk(_ path: String) {
    var session: DebuggerSession?
    for line in ["open"] + Self.script {
      do {
        if line == "open" {
          session = try DebuggerSession(
            trace: Trace(path: path), output: CollectedOutput(), style: TextStyle())
        } else {
          try session?.execute(line)
        }
      } catch {
        #expect(error is TraceError || error is DebuggerError, "\(line): \(error)")
      }
    }
  }

  @Test(arguments: [Capture.values, .stats]) func flippedBytes(_ capture: Capture) throws {
    let folder = try ScratchFolder()
    try Tiny.record(to: folder.file("whole"), count: 2) { $0.capture = capture }
    let whole = try Data(contentsOf: URL(filePath: folder.file("whole")))
    var random = SeededGenerator(seed: 7)
    for _ in 0..<20 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...30, using: &random) {
        bytes[Int.random(in: 100..<bytes.count, using: &random)] = UInt8.random(
          in: 0...255, using: &random)
      }
      try bytes.write(to: URL(filePath: folder.file()))
      walk(folder.file())
    }
  }

  @Test(arguments: [
    "UPDATE token SET position = 9007199254740992 WHERE position = 1",
    "UPDATE token SET position = -position - 1", "UPDATE token SET position = position + 90",
    "UPDATE token SET id = 99999999", "UPDATE token SET sequence = 7", "DELETE FROM token",
    "UPDATE _op SET rows = 1", "UPDATE _op SET cols = 1", "UPDATE _op SET rows = 64",
    "UPDATE tensor SET rows = 1", "UPDATE tensor SET cols = 32", "UPDATE tensor SET type = 'q4_0'",
    "UPDATE tensor SET file_offset = 0", "UPDATE pass SET tokens = 1",
    "UPDATE pass SET first_position = 3", "UPDATE pass SET sequences = 2",
    "UPDATE meta SET value = '0' WHERE key = 'head_size'",
    "UPDATE meta SET value = '-4' WHERE key = 'tile_rows'",
    "UPDATE meta SET value = '99999' WHERE key = 'sequences'",
    "UPDATE meta SET value = 'q4_k' WHERE key = 'kv_type'",
    "UPDATE meta SET value = 'fused' WHERE key = 'strategy'",
    "UPDATE _node SET attributes = NULL", "UPDATE _node SET attributes = '[]'",
    "UPDATE _node SET attributes = '{\"heads\":0}'",
    "UPDATE _node SET attributes = json_set(attributes, '$.heads', 2147483647)",
    "UPDATE _node SET attributes = json_set(attributes, '$.head_size', 2147483647)",
    "UPDATE _node SET attributes = json_set(attributes, '$.kv_heads', 2147483647)",
    "UPDATE _node SET attributes = json_set(attributes, '$.head_size', 3)",
    "UPDATE _node SET attributes = json_set(attributes, '$.dimensions', 63)",
    "UPDATE _node SET attributes = json_set(attributes, '$.window', 2147483647)",
    "UPDATE _node SET inputs = '[]'", "UPDATE _node SET kind = 'rms_norm'",
    "UPDATE _node SET kind = 'rope'", "UPDATE _node SET kind = 'soft_max'",
    "UPDATE _node SET kind = 'kqv'", "UPDATE _node SET kind = 'get_rows'",
    "DELETE FROM meta WHERE key = 'model_sha256'", "DELETE FROM value WHERE op % 2 = 0",
  ])
  func wholeTablesDamaged(_ change: String) throws {
    let folder = try ScratchFolder()
    for capture in [Capture.values, .stats] {
      try Tiny.record(to: folder.file(), count: 2) { $0.capture = capture }
      try #require(Process.run("sqlite3", folder.file(), change) == 0)
      walk(folder.file())
    }
  }
}

extension Process {
  /// Runs a program found on the path; `nil` where there is none.
  static func run(_ arguments: String...) -> Int32? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    process.waitUntilExit()
    return process.terminationStatus
  }
}
