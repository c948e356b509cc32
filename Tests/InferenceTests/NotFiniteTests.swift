import Events
import ModelFiles
import Quantization
import TestSupport
import Testing

@testable import Inference

/// The first operation whose result holds an infinity or a NaN ends its pass.
@Suite struct NotFiniteTests {
  /// A model of float32 weights with some of them changed.
  static func small(_ changes: [(tensor: String, shape: [Int], value: Float)]) throws -> Model {
    var small = try SmallModel(type: .f32)
    for (name, shape, value) in changes {
      let count = shape.reduce(1, *)
      try small.set(
        "\(name).weight", .f32, shape, [Float](repeating: value, count: count))
    }
    return try small.load()
  }

  /// The sentence of a pass that fails, which is the same whether somebody watches or not.
  static func failure(
    of model: Model, _ options: EngineOptions, _ tokens: [Int] = [1, 2, 3],
    _ location: SourceLocation = #_sourceLocation
  ) throws -> String {
    let engine = try Engine(model: model, options: options, observer: NoObserver())
    let text = EngineErrorTests.failure(of: engine, tokens, location)
    let watched = try Engine(model: model, options: options, observer: Watcher())
    #expect(
      EngineErrorTests.failure(of: watched, tokens, location) == text, sourceLocation: location)
    return text
  }

  @Test(arguments: StrategyName.allCases, [1, 3])
  func namesTheOperation(strategy: StrategyName, threads: Int) throws {
    let options = EngineOptions(strategy, threads: threads)
    let norm = try Self.small([("blk.0.ffn_norm", [32], 3e38)])
    let text = try Self.failure(of: norm, options)
    #expect(text.hasPrefix("The result of 'ffn_norm-0' is not finite ("))
    #expect(text.contains("infinity in row 0, column ") && text.count < 200)
    let last = try Self.small([("output_norm", [32], 3e38)])
    #expect(try Self.failure(of: last, options).contains("'result_norm'"))
    let product = try Self.small([("blk.0.ffn_down", [32, 64], 3e38)])
    #expect(try Self.failure(of: product, options).contains("'ffn_out-0'"))
  }

  /// Scores are looked at where a token sees a position. Softmax makes a number of an infinity.
  @Test(arguments: [KVType.f16, .f32], [Float(1), -1])
  func namesTheScores(kvType: KVType, sign: Float) throws {
    let model = try Self.small([
      ("blk.0.attn_norm", [32], 1), ("token_embd", [20, 32], 1),
      ("blk.0.attn_q", [32, 32], 3e35), ("blk.0.attn_k", [16, 32], sign * 1000),
    ])
    let text = try Self.failure(of: model, EngineOptions(.tiled, kv: kvType), [1])
    #expect(text.contains("'kq-0' is not finite (\(sign < 0 ? "-" : "")infinity in row 0"))
  }

  @Test func saysWhereTheFirstIs() throws {
    var weights = [Float](repeating: 1, count: 32)
    weights[17] = 3e38
    var small = try SmallModel(type: .f32)
    try small.set("blk.0.attn_norm.weight", .f32, [32], weights)
    var embedding = [Float](repeating: 0.1, count: 20 * 32)
    embedding[7 * 32 + 17] = 10  // of token 7 alone is column 17 more than 1.2 when normalized
    try small.set("token_embd.weight", .f32, [20, 32], embedding)
    for name in ["attn_q", "attn_k", "attn_v"] {
      let rows = name == "attn_q" ? 32 : 16
      try small.set(
        "blk.0.\(name).weight", .f32, [rows, 32], [Float](repeating: 0, count: rows * 32))
    }
    let model = try small.load()
    let text = try Self.failure(of: model, EngineOptions(.exact), [1, 2, 7, 7])
    #expect(text.contains("'attn_norm-0' is not finite (infinity in row 2, column 17)"))

    // A pass that fails is as if it had not been.
    let engine = try Engine(model: model, options: EngineOptions(.exact), observer: NoObserver())
    let other = try Engine(model: model, options: EngineOptions(.exact), observer: NoObserver())
    #expect(try engine.forward([1, 2]) == other.forward([1, 2]))
    #expect(EngineErrorTests.failure(of: engine, [7]).contains("row 0, column 17"))
    #expect(try engine.forward([3]) == other.forward([3]))
  }

  @Test func namesTheRouterOfAMixtureOfExperts() throws {
    let path = try Fixture.path("arch/qwen3moe-q4_0.gguf")
    let tensor = try #require(
      try ModelFile(path: path).tensor(named: "blk.1.ffn_gate_inp.weight"))
    #expect(tensor.typeName == "f32")
    let folder = try ScratchFolder()
    let values = [Float](repeating: 3e38, count: tensor.byteCount / 4)
    let damaged = try folder.copy(of: path, with: values, at: tensor.fileOffset)
    let model = try Model(file: ModelFile(path: damaged))
    for strategy in [StrategyName.tiled, .perLayer, .int4GEMM] {
      let text = try Self.failure(of: model, EngineOptions(strategy))
      #expect(text.contains("'ffn_moe_logits-1' is not finite"), "\(text)")
    }
  }
}
