import Foundation
import Inference
import ModelFiles
import Recording
import TestSupport
import Testing
import TraceStore

@testable import Debugger

/// Operations of other families than the built-in model's, over its matrices: their explanations
/// come to the values that the kernels computed.
@Suite struct WhyFamiliesTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  /// Writes the built-in model as one of another family.
  ///
  /// - Parameters:
  ///   - rename: what a tensor is called then, and its shape.
  ///   - vectors: tensors of f32 to add to each layer.
  private func write(
    _ family: String, _ keys: [String: GGUFValue],
    vectors: [String: (shape: [Int], values: [Float])],
    rename: (StoredTensor) -> (name: String, shape: [Int]) = { ($0.name, $0.shape) }
  ) throws {
    let source = try ModelFile(path: ModelCatalogue.path(of: nil))
    var writer = GGUFWriter()
    for (key, value) in source.metadata {
      writer.set(key.replacing(/^llama\./, with: "\(family)."), value)
    }
    writer.set("general.architecture", .string(family))
    for (key, value) in keys { writer.set("\(family).\(key)", value) }
    for tensor in source.tensors {
      let bytes = Array(try source.bytes(of: tensor, rows: 0..<tensor.rows))
      let (name, shape) = rename(tensor)
      writer.addTensor(name, type: try source.type(of: tensor), shape: shape, bytes: bytes)
    }
    for layer in 0..<4 {
      for (name, vector) in vectors {
        writer.addTensor(
          "blk.\(layer).\(name).weight", type: .f32, shape: vector.shape,
          bytes: vector.values.withUnsafeBytes { Array($0) })
      }
    }
    try writer.write(to: folder.file("model.gguf"))
  }

  private func random(_ count: Int) -> [Float] {
    var random = SeededGenerator(seed: UInt64(count))
    return (0..<count).map { _ in Float.random(in: 0.5...1.5, using: &random) }
  }

  /// Every operation of two layers in two passes, exactly and with its text.
  private func expectExplanations(kinds: Set<String>) throws {
    try Tiny.record(to: folder.file(), count: 2) {
      $0.model = folder.file("model.gguf")
      $0.engine.strategy = .fused
      $0.engine.kvType = .f32
      $0.capture = .values
    }
    let session = try Tiny.session(folder.file())
    var generator = SeededGenerator(seed: 3)
    var seen: Set<String> = []
    for pass in 1...2 {
      try session.execute("goto pass \(pass)")
      for op in try session.trace.ops(inPass: pass) where op.layer ?? 0 <= 1 {
        if op.operation == .kvAppend || op.cols > 1000 { continue }  // logits take long
        seen.insert(op.kind)
        let values = try session.values.output(of: op).values
        let why = WhyOperation(session: session, op: op, numbers: .exact)
        let exact = try why.values(ofRows: 0..<op.rows)
        let size = max(exact.map(abs).max() ?? 0, 1)
        let error = zip(values, exact).map { abs(Double($0) - $1) }.max() ?? .infinity
        #expect(error <= 1e-5 * size, "\(op.name): \(error) of \(size)")
        for _ in 0..<3 {
          let row = Int.random(in: 0..<op.rows, using: &generator)
          let column = Int.random(in: 0..<op.cols, using: &generator)
          let explanation = try session.explain("\(op.name)[\(row), \(column)]")
          let text = try explanation.lines(count: 3, style: TextStyle(width: 1000))
            .joined(separator: "\n")
          let arithmetic = WhyArithmetic(text)
          #expect(arithmetic.wrong.isEmpty, "\(arithmetic.wrong) in \(text)")
          let exactly = exact[row * op.cols + column]
          #expect(abs(explanation.result.value - exactly) <= 1e-6 * size, "\(text)")
        }
      }
    }
    #expect(seen.isSuperset(of: kinds), "\(seen)")
    let layers = try Tiny.transcript(folder.file(), ["goto pass 1", "goto l_out-3", "top 6"])
    #expect(layers.contains("Logit lens at layer 3"), "\(layers)")
  }

  @Test func operationsOfGemma2() throws {
    try write(
      "gemma2", ["attention.sliding_window": .uint32(3)],
      vectors: [
        "post_attention_norm": ([256], random(256)), "post_ffw_norm": ([256], random(256)),
      ])
    try expectExplanations(kinds: ["geglu", "scale", "soft_cap", "soft_max", "kqv", "rms_norm"])
    let session = try Tiny.session(folder.file())
    try session.execute("goto pass 1")
    let windows = try (0..<2).map {
      try #require(try session.trace.op(named: "kq_soft_max-\($0)", inPass: 1)).attributes.window
    }
    #expect(windows.contains(3) && windows.contains(nil))
  }

  @Test func operationsOfQwen3MoE() throws {
    var router = random(3 * 256)
    for index in router.indices where index % 3 != 0 { router[index] -= 1 }
    try write(
      "qwen3moe",
      [
        "expert_count": .uint32(3), "expert_used_count": .uint32(2),
        "expert_feed_forward_length": .uint32(256),
      ],
      vectors: [
        "attn_q_norm": ([64], random(64)), "attn_k_norm": ([64], random(64)),
        "ffn_gate_inp": ([3, 256], router),
      ]
    ) { tensor in
      guard let found = tensor.name.wholeMatch(of: /(blk\.\d+\.ffn_(?:gate|up|down))\.weight/)
      else { return (tensor.name, tensor.shape) }
      return ("\(found.1)_exps.weight", [3, 256, 256])
    }
    try expectExplanations(kinds: ["route", "mul_mat_id", "expert_sum", "swiglu", "rms_norm"])
    let text = try Tiny.transcript(folder.file(), ["goto pass 1", "why 2 ffn_moe_up-1[5, 7]"])
    #expect(text.contains(/The rows of expert \d, choice 1 of row 2 of the pass, begin at \d+\./))
  }
}
