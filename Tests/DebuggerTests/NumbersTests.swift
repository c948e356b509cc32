import Foundation
import GGUF
import Inference
import Recording
import Testing
import TraceStore

@testable import Debugger

/// `print`, `x`, `why`, `top` and `info error` over recordings of the built-in model.
@Suite struct NumbersTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func session(_ path: String, originalPath: String? = nil) throws -> DebuggerSession {
    try DebuggerSession(
      trace: Trace(path: path), output: CollectedOutput(), style: TextStyle(width: 200),
      originalPath: originalPath)
  }

  // MARK: - print

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

  // MARK: - why

  /// Every kind of operation, under every strategy: the terms come to the value.
  @Test(arguments: StrategyName.allCases)
  func termsComeToTheValue(strategy: StrategyName) throws {
    try Tiny.record(to: folder.file()) {
      $0.capture = .values
      $0.engine.strategy = strategy
      $0.engine.kvType = strategy == .fused ? .q8 : .f16
    }
    try expectTerms(kinds: 10)
  }

  @Test func termsOfSeveralSequences() throws {
    try Tiny.record(to: folder.file()) {
      $0.capture = .stats
      $0.engine.sequences = 2
      $0.prompts = ["Once upon a time", "The dog"]
    }
    try expectTerms(kinds: 10)
  }

  private func expectTerms(kinds: Int) throws {
    let session = try session(folder.file())
    var random = SeededGenerator(seed: 1)
    var seen: Set<String> = []
    for pass in 1...2 {
      try session.execute("goto pass \(pass)")
      for op in try session.trace.ops(inPass: pass) where op.layer ?? 1 == 1 {
        if op.kind == "kv_append" { continue }
        seen.insert(op.kind)
        for _ in 0..<3 {
          let row = Int.random(in: 0..<op.rows, using: &random)
          let column = Int.random(in: 0..<op.cols, using: &random)
          let why = try session.explain("\(op.name)[\(row), \(column)]")
          // float32 has 24 bits; sums of some hundred terms round as often.
          let size = (why.sum?.terms ?? []).reduce(abs(why.result.value)) { $0 + abs($1.value) }
          let error = abs(why.value.value - why.result.value)
          #expect(error <= 4e-6 * max(size, 1e-3), "\(why.name): \(why.value), \(why.result)")
        }
      }
    }
    #expect(seen.count == kinds - 1, "\(seen)")
  }

  @Test func logitsGoByNumberAndByText() throws {
    try Tiny.record(to: folder.file())
    let session = try session(folder.file())
    let first = try session.explain("logit 42")
    let text = try LoadedModel(nil).text(of: 42)
    #expect(try session.explain("logit \(quoted(text))").name == first.name)
    #expect(first.name == "result_output[42]" && first.sum?.terms.count == 256)
    for bad in ["logit", "logit x", "logit 999999", "logit \"no such token\"", "logit -1"] {
      #expect(throws: DebuggerError.self) { try session.explain(bad) }
    }
  }

  @Test(arguments: [
    "", "ffn_gate-1", "ffn_gate-1[0..2]", "nothing[1]", "blk.0.attn_q.weight[1, 2]", "1 + 1",
    "ffn_gate-1[99999]", "0 ffn_gate-1[1]", "kv_append-0[0]", "ffn_gate-1[head=0, 1]",
  ])
  func whatCannotBeExplained(target: String) throws {
    try Tiny.record(to: folder.file(), count: 1)
    let session = try session(folder.file())
    #expect(throws: DebuggerError.self) { try session.why(target) }
  }

  // MARK: - The original

  /// With the dequantized weights as the original, all that int4 changed is the tile's rounding.
  @Test func theOriginalShowsWhatInt4Cost() throws {
    let original = folder.file("f32.gguf")
    let source = try GGUFFile(path: ModelCatalogue.path(of: nil))
    _ = try GGUFQuantizer(target: .f32).quantize(source, to: original)
    try Tiny.record(to: folder.file()) { $0.engine.strategy = .fused }
    let session = try session(folder.file(), originalPath: original)
    try session.values.checkOriginal()
    let why = try session.explain("ffn_gate-1[3]")
    let terms = try #require(why.sum?.terms)
    #expect(terms.allSatisfy { $0.unquantized?.value == $0.value })
    let text = why.lines(count: 2, style: TextStyle(width: 200)).joined(separator: "\n")
    #expect(text.contains(/int4 changed it by 0\.0+\n/))
    #expect(text.contains(/what int4 changed in the sum +\ = 0\.0+\n/))

    try Tiny.record(to: folder.file("tiled")) { $0.engine.strategy = .tiled }
    let tiled = try self.session(folder.file("tiled"), originalPath: original)
    let rounded = try tiled.explain("ffn_gate-1[3]")
    let changed = (rounded.sum?.terms ?? []).filter { $0.unquantized?.value != $0.value }
    #expect(changed.count > 100)
  }

  @Test func otherFilesAreNoOriginal() throws {
    try Tiny.record(to: folder.file(), count: 1)
    let quantized = try session(folder.file(), originalPath: ModelCatalogue.path(of: nil))
    #expect { try quantized.values.checkOriginal() } throws: {
      "\($0)".contains("is of type") && "\($0)".contains("and not of F32, F16 or BF16")
    }
    try Rehearsal.writeModel(to: folder.file("other.gguf"))
    let other = try session(folder.file(), originalPath: folder.file("other.gguf"))
    #expect(throws: RecordingError.self) { try other.values.checkOriginal() }
  }

  // MARK: - x

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
    let session = try session(folder.file())
    try session.execute("goto start")
    #expect(throws: DebuggerError.self) { try session.execute(line) }
  }

  @Test func withoutANameItIsTheTileHere() throws {
    try Tiny.record(to: folder.file(), count: 1)
    let session = try session(folder.file())
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

  // MARK: - top and info error

  /// After the last layer the logit lens is the distribution itself.
  @Test func theLensOfTheLastLayerIsTheResult() throws {
    try Tiny.record(to: folder.file(), count: 2) { $0.engine.strategy = .fused }
    let layers = try #require(try Trace(path: folder.file()).meta()["layers"].flatMap { Int($0) })
    let text = try Tiny.transcript(
      folder.file(), ["goto pass 2", "goto l_out-\(layers - 1)", "top 12"])
    let after = text.components(separatedBy: "After position")[1]
    let (result, lens) = (
      after.components(separatedBy: "Logit lens")[0], after.components(separatedBy: "Logit lens")[1]
    )
    func ids(_ part: String) -> [String] {
      part.split(separator: "\n").dropFirst().compactMap { line in
        line.split(separator: " ").first { Int($0) != nil }.map(String.init)
      }
    }
    #expect(ids(result).count == 12 && ids(result).prefix(6) == ids(lens).prefix(6))
  }

  /// Exact to float32 rounding where nothing else is rounded; f16 rounding of weights otherwise.
  @Test func theErrorIsThatOfTheStrategy() throws {
    func relative(_ strategy: StrategyName) throws -> Double {
      try Tiny.record(to: folder.file(strategy.rawValue), count: 1) {
        $0.engine.strategy = strategy
        $0.capture = .values
      }
      let text = try Tiny.transcript(
        folder.file(strategy.rawValue), ["goto pass 1", "info error ffn_gate-2"])
      let line = try #require(text.split(separator: "\n").first { $0.contains("relative") })
      return try #require(Double(line.split(separator: " ")[1]))
    }
    let (fused, tiled) = (try relative(.fused), try relative(.tiled))
    let integers = try relative(.int4GEMM)
    #expect(fused < 1e-6 && tiled > 1e-5 && tiled < 1e-3 && integers > 1e-3 && integers < 1e-1)
  }

  @Test func everyOperationHasAnError() throws {
    try Tiny.record(to: folder.file(), count: 2) { $0.engine.strategy = .fused }
    let session = try session(folder.file())
    try session.execute("goto pass 2")
    for op in try session.trace.ops(inPass: 2) where op.kind != "kv_append" && op.layer ?? 0 == 0 {
      let reference = try ReferenceOperation(session: session, op: op)
      let exact = try reference.values()
      let size = exact.map(abs).max() ?? 0
      let error = zip(reference.output.values, exact).map { abs(Double($0) - $1) }.max() ?? 1
      #expect(error <= 1e-5 * max(size, 1), "\(op.name)")
    }
    #expect(throws: DebuggerError.self) { try session.execute("info error kv_append-0") }
  }
}
