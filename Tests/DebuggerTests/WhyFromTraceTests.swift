import Foundation
import ModelFiles
import Recording
import TestSupport
import Testing
import TraceStore

@testable import Debugger

/// `why` and `info error` take what an operation was computed with from the trace, and not from the
/// model's configuration or the operation's name: traces changed by hand, against plain arithmetic.
@Suite struct WhyFromTraceTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    try Tiny.record(to: folder.file(), count: 1) { $0.capture = .values }
  }

  private func session(after changes: String...) throws -> DebuggerSession {
    for change in changes { try #require(Process.run("sqlite3", folder.file(), change) == 0) }
    let session = try Tiny.session(folder.file())
    try session.execute("goto pass 1")
    return session
  }

  /// SQL that gives operations of some kinds another attribute.
  private func setting(_ key: String, to value: String, of kinds: String...) -> String {
    "UPDATE _node SET attributes = json_set(attributes, '$.\(key)', \(value)) WHERE kind IN ("
      + kinds.map { "'\($0)'" }.joined(separator: ", ") + ")"
  }

  /// The output of an operation of pass 1, and of the first that it reads.
  private func values(
    of name: String, in session: DebuggerSession
  ) throws -> (output: OpOutput, input: OpOutput) {
    let op = try #require(try session.trace.op(named: name, inPass: 1))
    return try (
      session.values.output(of: op), session.values.output(named: op.inputs[0], beside: op)
    )
  }

  /// Explains a value, and does the printed arithmetic again.
  private func explain(
    _ target: String, in session: DebuggerSession
  ) throws -> (result: Double, text: String, sum: TermSum?) {
    let why = try session.explain(target)
    let text = try why.lines(count: 100, style: TextStyle(width: 1000)).joined(separator: "\n")
    let arithmetic = WhyArithmetic(text)
    #expect(arithmetic.wrong.isEmpty, "\(arithmetic.wrong) in \(text)")
    return (why.result.value, text, why.sum)
  }

  /// The output of an operation without text.
  private func exact(_ name: String, in session: DebuggerSession) throws -> [Double] {
    let op = try #require(try session.trace.op(named: name, inPass: 1))
    return try WhyOperation(session: session, op: op, numbers: .exact).values(ofRows: 0..<op.rows)
  }

  @Test(arguments: [
    ("0.3", "scale = 0.300000012, max"), ("0.14433757", "scale = 1 / √48 → f32 0.144337565"),
  ])
  func theScaleOfASoftmax(scale: String, text: String) throws {
    let session = try session(after: setting("scale", to: scale, of: "soft_max"))
    let (output, scores) = try values(of: "kq_soft_max-1", in: session)
    let row = output.op.rows / 4 + 2  // head 1 of 4, the third token
    let x = scores.row(row)[0...2].map(Double.init)
    let powers = x.map { exp(($0 - (x.max() ?? 0)) * (Double(scale) ?? 0)) }
    let expected = powers.map { $0 / powers.reduce(0, +) }
    let why = try explain("kq_soft_max-1[head=1, token=2, 1]", in: session)
    #expect(abs(why.result - expected[1]) < 1e-7 && why.text.contains(text), "\(why.text)")
    let exact = try exact("kq_soft_max-1", in: session)[(row * output.op.cols)...].prefix(4)
    #expect(zip(exact, expected + [0]).allSatisfy { abs($0 - $1) < 1e-7 })
  }

  @Test func theEpsilonOfANorm() throws {
    let session = try session(after: setting("epsilon", to: "0.5", of: "rms_norm"))
    let (output, input) = try values(of: "attn_norm-1", in: session)
    let weights = try session.values.weights(named: "blk.1.attn_norm.weight").row(0)
    let x = input.row(2).map(Double.init)
    let mean = x.reduce(0) { $0 + $1 * $1 } / Double(x.count)
    let expected = zip(x, weights).map { $0 / (mean + 0.5).squareRoot() * Double($1) }
    let why = try explain("attn_norm-1[2, 9]", in: session)
    #expect(abs(why.result - expected[9]) < 1e-7 && why.text.contains("ε = 0.5,"), "\(why.text)")
    let exact = try exact("attn_norm-1", in: session)[(2 * output.op.cols)...]
    #expect(zip(exact, expected).allSatisfy { abs($0 - $1) < 1e-12 })
  }

  @Test func theBaseOfRoPE() throws {
    let session = try session(after: setting("base", to: "100", of: "rope"))
    let (output, input) = try values(of: "Qcur_rope-1", in: session)
    let x = input.row(2).map(Double.init)
    let angle = 2 * pow(100, -6.0 / 64)  // pair 3 of 32, in columns 6 and 7
    let expected = x[6] * cos(angle) - x[7] * sin(angle)
    let why = try explain("Qcur_rope-1[head=0, token=2, 6]", in: session)
    #expect(abs(why.result - expected) < 1e-6 && why.text.contains("f = 100^(-2 × 3 / 64)"))
    #expect(abs(try exact("Qcur_rope-1", in: session)[2 * output.op.cols + 6] - expected) < 1e-6)
  }

  /// Of each head only some values are rotated, in another order.
  @Test func theDimensionsAndTheLayoutOfRoPE() throws {
    let session = try session(
      after: setting("dimensions", to: "32", of: "rope"),
      setting("layout", to: "'neox'", of: "rope"))
    let (output, input) = try values(of: "Qcur_rope-1", in: session)
    let x = input.row(2).map(Double.init)
    let angle = 2 * pow(10000, -6.0 / 32)
    let expected = x[64 + 3] * sin(angle) + x[64 + 19] * cos(angle)
    #expect(
      abs(try explain("Qcur_rope-1[head=1, token=2, 19]", in: session).result - expected) < 1e-6)
    let exact = try exact("Qcur_rope-1", in: session)[(2 * output.op.cols)...]
    #expect(Array(exact.dropFirst(64 + 32).prefix(32)) == Array(x[96..<128]))
  }

  /// Of the positions up to its own, a token sees its last two.
  @Test func theWindowOfAttention() throws {
    let session = try session(after: setting("window", to: "2", of: "kq", "soft_max", "kqv"))
    let (weights, scores) = try values(of: "kq_soft_max-1", in: session)
    let row = weights.op.rows / 4 + 2
    let x = scores.row(row)[1...2].map { exp(Double($0) * 0.125) }
    let why = try explain("kq_soft_max-1[head=1, token=2, 1]", in: session)
    #expect(why.sum?.count == 2 && abs(why.result - x[0] / (x[0] + x[1])) < 1e-7)
    #expect(why.text.contains("the highest of 2 that it sees"))
    let hidden = try session.explain("kq_soft_max-1[head=1, token=2, 0]")
    #expect(hidden.result.value == 0)
    #expect(hidden.formula == ["= 0: position 2 sees no position before 1"])
    let exact = try exact("kq_soft_max-1", in: session)[(row * weights.op.cols)...].prefix(4)
    #expect(exact.first == 0 && exact.last == 0 && abs(exact.reduce(0, +) - 1) < 1e-12)

    let score = try explain("kq-1[head=1, token=2, 0]", in: session)
    #expect(score.text.contains("Position 2 sees no position before 1: soft_max makes this 0."))

    let sum = try explain("kqv_out-1[head=1, token=2, 5]", in: session)
    #expect(sum.text.contains(", p = 1..<3: head 1"), "\(sum.text)")
    let w = weights.row(row)
    let append = try #require(try session.trace.op(named: "kv_append-1", inPass: 1))
    let v = try session.values.cached(.values, by: append, sequence: 0, count: 3)
    let expected = (1...2).reduce(0) { $0 + Double(w[$1]) * Double(Float(Float16(v[$1][5]))) }
    #expect(sum.sum?.count == 2 && abs(sum.result - expected) < 1e-8)
  }

  /// The last of four heads of the query reads the last of the heads of keys.
  @Test func theHeadsOfKeys() throws {
    for kvHeads in [1, 2] {
      let session = try session(after: setting("kv_heads", to: "\(kvHeads)", of: "kq"))
      let why = try explain("kq-1[head=3, token=2, 0]", in: session)
      #expect(why.text.contains("key head \(kvHeads - 1)\n"))
    }
    let session = try session(after: setting("kv_heads", to: "4", of: "kq"))
    #expect(throws: TraceError.self) { try session.explain("kq-1[head=3, token=2, 0]") }
  }

  /// Nothing depends on the name of an operation.
  @Test func namesMeanNothing() throws {
    let targets = [
      "Qcur-1[head=1, token=2, 5]", "Qcur_rope-1[head=1, token=2, 5]", "kq-1[head=1, token=2, 1]",
      "kq_soft_max-1[head=1, token=2, 1]", "kqv_out-1[head=1, token=2, 5]", "attn_norm-1[2, 7]",
      "ffn_swiglu-1[2, 7]",
    ]
    let original = try session()
    let expected = try targets.map { try explain($0, in: original).result }
    let names = ["Qcur", "Kcur", "Vcur", "kqv_out", "kv_append", "kq", "attn_norm", "ffn_swiglu"]
    let renamed = try names.enumerated().reduce(try session()) { _, change in
      let (index, name) = change
      return try session(
        after: "UPDATE _node SET name = replace(name, '\(name)', 'op\(index)'), "
          + "inputs = replace(inputs, '\"\(name)', '\"op\(index)')")
    }
    for (target, value) in zip(targets, expected) {
      let index = try #require(names.firstIndex { target.hasPrefix($0) })
      let name = "op\(index)" + target.dropFirst(names[index].count)
      #expect(try explain(name, in: renamed).result == value, "\(name)")
    }
    let lens = try Tiny.transcript(folder.file(), ["goto pass 1", "goto l_out-1", "top 3"])
    #expect(lens.contains("Logit lens at layer 1, of l_out-1"))
  }

  /// An operation without heads among its attributes has none, whatever it is called.
  @Test func headsAreAttributes() throws {
    let session = try session(after: "UPDATE _node SET attributes = NULL WHERE name = 'Qcur-1'")
    #expect { try session.explain("Qcur-1[head=1, token=2, 5]") } throws: {
      "\($0)".contains("it has no heads")
    }
  }

  /// The vector that slows RoPE down is an input like others.
  @Test func theFactorsOfRoPE() throws {
    let source = try ModelFile(path: ModelCatalogue.path(of: nil))
    var writer = GGUFWriter()
    for (key, value) in source.metadata { writer.set(key, value) }
    for tensor in source.tensors {
      let bytes = Array(try source.bytes(of: tensor, rows: 0..<tensor.rows))
      writer.addTensor(
        tensor.name, type: try source.type(of: tensor), shape: tensor.shape, bytes: bytes)
    }
    let factors = (0..<32).map { 1 + Float($0) / 2 }
    writer.addTensor(
      "rope_freqs.weight", type: .f32, shape: [32],
      bytes: factors.withUnsafeBytes { Array($0) })
    try writer.write(to: folder.file("slow.gguf"))
    try Tiny.record(to: folder.file(), count: 1) {
      $0.capture = .values
      $0.model = folder.file("slow.gguf")
    }
    let session = try session()
    let output = try values(of: "Qcur_rope-1", in: session).output
    #expect(output.op.inputs == ["Qcur-1", "rope_freqs.weight"])
    let why = try explain("Qcur_rope-1[head=0, token=2, 6]", in: session)
    #expect(why.text.contains("f = 10000^(-2 × 3 / 64) / 2.5, of pair 3 of a head"))
    let exact = try exact("Qcur_rope-1", in: session)
    #expect(zip(output.values, exact).allSatisfy { abs(Double($0) - $1) < 1e-5 })
  }
}
