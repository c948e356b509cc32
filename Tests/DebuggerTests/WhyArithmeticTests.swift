import Foundation
import Inference
import ModelFiles
import Quantization
import Recording
import TestSupport
import Testing
import TraceStore

@testable import Debugger

/// Every figure that `why` prints comes out again of those that it prints.
struct WhyArithmeticTests {
  private let folder: ScratchFolder
  init() throws { folder = try ScratchFolder() }

  private func check(
    _ path: String, passes: ClosedRange<Int>, kinds: Set<String>? = nil, original: String? = nil
  ) throws -> [String: Int] {
    let session = try DebuggerSession(
      trace: Trace(path: path), output: CollectedOutput(), style: TextStyle(),
      originalPath: original)
    var random = SeededGenerator(seed: 7)
    var checked: [String: Int] = [:]
    for pass in passes {
      try session.execute("goto pass \(pass)")
      for op in try session.trace.ops(inPass: pass) where op.layer ?? 1 == 1 {
        if op.kind == "kv_append" || kinds?.contains(op.kind) == false { continue }
        let row = Int.random(in: 0..<op.rows, using: &random)
        let column = Int.random(in: 0..<op.cols, using: &random)
        let why = try session.explain("\(op.name)[\(row), \(column)]")
        let text = try why.lines(count: 3, style: TextStyle(width: 1000)).joined(separator: "\n")
        let arithmetic = WhyArithmetic(text)
        #expect(arithmetic.wrong.isEmpty, "\(arithmetic.wrong) in \(text)")
        #expect((arithmetic.checked["run"] ?? 0) > 0, "\(text)")
        checked.merge(arithmetic.checked, uniquingKeysWith: +)
      }
    }
    return checked
  }

  @Test(arguments: StrategyName.allCases)
  func everyFigureComesOutAgain(strategy: StrategyName) throws {
    try Tiny.record(to: folder.file(), count: 2) {
      $0.capture = .values
      $0.engine.strategy = strategy
    }
    let checked = try check(folder.file(), passes: strategy == .tiled ? 1...2 : 1...1)
    for kind in ["term", "total", "formula", "weight", "rounding", "bits", "place", "f32", "run"] {
      #expect((checked[kind] ?? 0) > 1, "\(kind): \(checked)")
    }
    #expect((checked["int8"] ?? 0 > 10) == (strategy == .int4GEMM))
  }

  @Test(arguments: [TensorType.q4_0, .q4_1, .q5_1, .q8_0, .q6_K, .nf4])
  func everyFigureOfAFormatComesOutAgain(type: TensorType) throws {
    let (original, model) = (folder.file("f32.gguf"), folder.file("quantized.gguf"))
    let source = try GGUF(path: ModelCatalogue.path(of: nil))
    _ = try GGUFQuantizer(target: .f32).quantize(source, to: original)
    _ = try GGUFQuantizer(target: type).quantize(GGUF(path: original), to: model)
    try Tiny.record(to: folder.file(), count: 2) {
      $0.capture = .values
      $0.model = model
    }
    let checked = try check(
      folder.file(), passes: 1...1, kinds: ["mul_mat", "get_rows"], original: original)
    #expect((checked["unquantized"] ?? 0) > 20, "\(checked)")
    #expect((checked["weight"] ?? 0) > 20, "\(checked)")
  }

  /// Where terms are left out, the command that is printed there shows them, and the sums come out.
  @Test(arguments: [
    "ffn_gate-0[37]", "kqv_out-2[5]", "attn_norm-1[2, 9]", "kq-1[head=1, token=2, 0]", "logit 7",
  ])
  func whatIsLeftOutIsShownByTheCommandThatIsNamed(value: String) throws {
    try Tiny.record(to: folder.file(), count: 1) { $0.capture = .values }
    let short = try Tiny.transcript(folder.file(), ["goto pass 1", "why 2 \(value)"])
    let command = try #require(short.firstMatch(of: /"(why \d+ [^"]+)" shows the others/)).1
    let whole = try Tiny.transcript(folder.file(), ["goto pass 1", String(command)])
    let arithmetic = WhyArithmetic(whole)
    #expect(arithmetic.wrong.isEmpty, "\(arithmetic.wrong.prefix(3))")
    func sum(_ text: String) -> String? {
      text.split(separator: "\n").first { $0.contains("sum of all") }?.split(separator: " ").last
        .map(String.init)
    }
    #expect(sum(whole) != nil && sum(whole) == sum(short))
    #expect(!whole.contains("others") && (arithmetic.checked["term"] ?? 0) > 2)
  }

  /// With all terms shown, the sum is that of the terms.
  @Test func allTermsComeToTheSum() throws {
    try Tiny.record(to: folder.file(), count: 1) { $0.capture = .values }
    for value in ["ffn_gate-0[37]", "kqv_out-2[5]", "attn_norm-1[9]", "kq_soft_max-1[head=1, 2]"] {
      let text = try Tiny.transcript(folder.file(), ["goto pass 1", "why 1000 \(value)"])
      let arithmetic = WhyArithmetic(text)
      #expect(arithmetic.wrong.isEmpty, "\(arithmetic.wrong.prefix(3))")
      #expect(text.contains("sum of all") && !text.contains(" others "))
    }
  }

  /// A value is called as it was asked for.
  @Test(arguments: [
    ("kq-2[head=1, token=0, 3]", "kq-2[head=1, token=0, 3]"), ("kq-2[4, 3]", "kq-2[4, 3]"),
    ("Qcur-0[head=2,token=1,7]", "Qcur-0[head=2, token=1, 7]"), ("l_out-1[2, 9]", "l_out-1[2, 9]"),
    ("logit 42", "result_output[42]"),
  ])
  func theHeadingIsWhatWasAskedFor(asked: String, heading: String) throws {
    try Tiny.record(to: folder.file(), count: 1) { $0.capture = .values }
    let text = try Tiny.transcript(folder.file(), ["goto pass 1", "why 1 \(asked)"])
    #expect(text.contains("\n\(heading) = "), "\(text)")
  }

  /// A figure that is off in its last digit is found, whichever it is.
  @Test func whatIsOffIsFound() throws {
    try Tiny.record(to: folder.file(), count: 1) { $0.capture = .values }
    let text = try Tiny.transcript(folder.file(), ["goto pass 1", "why 3 ffn_gate-0[37]"])
    #expect(WhyArithmetic(text).wrong.isEmpty)
    var found = 0
    // Each number that is computed: after "=" or "→", in totals, and the places.
    for match in text.matches(of: /(?:= |f16 |at byte |difference of )(-?[\d.]+)(?=\s|\.$)/) {
      var number = String(match.1)
      let last = number.removeLast()
      let other = last == "5" ? "6" : "5"
      var changed = text
      changed.replaceSubrange(match.range, with: match.0.dropLast() + other)
      if !WhyArithmetic(changed).wrong.isEmpty { found += 1 }
    }
    #expect(found > 12)
  }
}
