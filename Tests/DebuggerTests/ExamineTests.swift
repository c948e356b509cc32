import Foundation
import TestSupport
import Testing
import TraceStore

@testable import Debugger

/// `x` and `whatis` over recordings of the built-in model.
@Suite struct ExamineTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  /// Going on shows what a single command shows.
  @Test(arguments: ["xb", "dw", "uh", "og", "tb", "c", "f"])
  func goingOnLeavesNothingOut(format: String) throws {
    try Tiny.record(to: folder.file(), count: 1)
    func numbers(_ lines: [String]) throws -> [Substring] {
      try Tiny.transcript(folder.file(), lines).split(separator: "\n")
        .filter { !$0.hasPrefix("(nibble)") && !$0.contains(" from row ") }
        .flatMap { $0.split(separator: ":", maxSplits: 1)[1].split(separator: " ") }
    }
    let name = "blk.1.attn_k.weight[row=2]"
    let whole = try numbers(["x/48\(format) \(name)"])
    #expect(try numbers(["x/16\(format) \(name)", "x", "x"]) == whole)
    #expect(whole.count == (format == "c" ? 96 : 48) || format == "c")
  }

  @Test func lettersAreThoseOfGdb() throws {
    func text(_ value: UInt64, _ letter: ExamineFormat.Letter, _ size: Int) -> String {
      ExamineFormat.text(value, letter, size: size)
    }
    #expect(text(0xD3, .hexadecimal, 1) == "0xd3" && text(7, .hexadecimal, 2) == "0x0007")
    #expect(text(0xFF, .signed, 1) == "-1" && text(0xFF, .unsigned, 1) == "255")
    #expect(text(0x8000_0000, .signed, 4) == "-2147483648")
    #expect(text(5, .binary, 1) == "00000101" && text(8, .octal, 1) == "0010")
    #expect(text(65, .character, 1) == "65 'A'" && text(200, .character, 1) == "-56 '\\310'")
    #expect(text(.max, .unsigned, 8) == "18446744073709551615" && text(.max, .signed, 8) == "-1")
  }

  @Test func theEndIsSaid() throws {
    try Tiny.record(to: folder.file(), count: 1)
    let text = try Tiny.transcript(
      folder.file(), ["x/8xb blk.0.attn_norm.weight[255]", "x", "x/1block"])
    #expect(
      text.contains("<+1020>:") && text.components(separatedBy: "That was the end").count == 3)
  }

  @Test(arguments: [
    "x/0xb a", "x/xx a", "x/99999999xb a", "x/fb a", "x/4z a", "x a[", "x nothing",
    "x blk.0.attn_q.weight[999]", "x blk.0.attn_q.weight[0, 256]", "x blk.0.attn_q.weight[-1]",
    "x blk.0.attn_q.weight[head=1]", "x",
  ])
  func refusesWhatCannotBeExamined(line: String) throws {
    try Tiny.record(to: folder.file(), count: 1)
    let session = try Tiny.session(folder.file())
    try session.execute("goto start")
    #expect(throws: DebuggerError.self) { try session.execute(line) }
  }

  @Test func withoutANameItIsTheTileHere() throws {
    try Tiny.record(to: folder.file(), count: 1)
    let session = try Tiny.session(folder.file())
    var step = 0
    try session.trace.run(
      """
      SELECT max(t.id) FROM tile AS t JOIN weight_tile AS w ON w.id = t.weight_tile
      JOIN tensor AS n ON n.id = w.tensor WHERE n.name = 'blk.0.ffn_up.weight'
      """, columns: { _ in },
      row: { row in
        if case .integer(let found)? = row.first { step = found }
        return true
      })
    let tile = try #require(try session.trace.tile(step))
    try session.execute("goto \(tile.id)")
    try session.execute("x/4xb")
    #expect(session.examined?.tensor == "blk.0.ffn_up.weight")
    #expect(session.examined?.byte == tile.firstRow * 144 + 4)
  }

  /// What depends on the file and the trace alone, and not on a machine's kernels.
  @Test func weightsAndTypes() throws {
    try Tiny.record(to: folder.file(), count: 1) { $0.capture = .stats }
    try expectGolden(
      Tiny.transcript(
        folder.file(),
        [
          "goto 200", "whatis ffn_gate-1", "whatis Qcur-1[head=1, 0..8]", "whatis kq-1",
          "whatis kv_append-0", "whatis blk.0.attn_q.weight", "whatis blk.0.attn_norm.weight[3]",
          "whatis tile.bytes", "whatis token", "whatis norm(l_out-1)", "whatis 1 + 1", "whatis",
          "print blk.0.attn_q.weight[3, 0..8]", "print blk.0.attn_norm.weight[..4]",
          "print max(blk.0.attn_q.weight) - min(blk.0.attn_q.weight)", "x/20xb", "x", "x/2dw",
          "x/4tb blk.0.attn_k.weight[row=1]", "x/6cb", "x/6f blk.0.attn_k.weight[1, 253]",
          "x/1block blk.0.attn_k.weight[1]", "x/2xb blk.0.attn_norm.weight[3]",
        ], width: 80), "session-weights.txt")
  }
}
