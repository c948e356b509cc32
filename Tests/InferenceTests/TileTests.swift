import CKernels
import Events
import Quantization
import TestSupport
import Testing

@testable import Inference

/// What tiles are made of.
@Suite struct TileTests {
  /// A small model with a matrix that f16 cannot hold, its effect taken back by the next one.
  static func largeModel() throws -> SmallModel {
    var small = try SmallModel(type: .q8_0)
    var random = SeededGenerator(seed: 7)
    let up = (0..<64 * 32).map { _ in Float.random(in: -200_000...200_000, using: &random) }
    let down = (0..<32 * 64).map { _ in Float.random(in: -2e-6...2e-6, using: &random) }
    try small.set("blk.0.ffn_up.weight", .q8_0, [64, 32], up)
    try small.set("blk.0.ffn_down.weight", .f32, [32, 64], down)
    return small
  }

  @Test(arguments: StrategyName.allCases.filter { ![.fused, .int4GEMM].contains($0) })
  func valuesBeyondFloat16MakeFloat32Tiles(strategy: StrategyName) throws {
    let small = try Self.largeModel()
    let model = try small.load()
    let watcher = Watcher()
    let options = EngineOptions(strategy, tileRows: 7, kv: .f32)
    let engine = try Engine(model: model, options: options, observer: watcher)
    let logits = try engine.forward([1, 2, 3], logitsForAll: true)
    var wide: Set<String> = []
    for case .dequantized(let tile) in watcher.events.map(\.event) {
      let tensor = model.tensors[tile.tensor]
      #expect(tile.bytes == tile.rows.count * tensor.cols * (tile.type == .f32 ? 4 : 2))
      if tile.type == .f32 { wide.insert(tensor.name) }
    }
    #expect(wide == ["blk.0.ffn_up.weight"])

    // The same weights as F32 in the file: no tiles, and nothing but f16's rounding between them.
    var floats = small
    for weight in model.matrices {
      var values = [Float](repeating: 0, count: weight.rows * weight.cols)
      values.withUnsafeMutableBufferPointer { buffer in
        if let base = buffer.baseAddress { weight.decodeAll(into: base) }
      }
      try floats.set(weight.name, .f32, [weight.rows, weight.cols], values)
    }
    let exact = try floats.load().logits([1, 2, 3], EngineOptions(kv: .f32))
    #expect(try largestDifference([logits], [Array(exact.joined())]) < 0.002)
  }

  /// The limit itself is a float16, and what lies just above it is none.
  @Test(arguments: [(Float(65504), TileDescription.ValueType.f16), (65_536, .f32)])
  func theLimitIsTheLargestFloat16(value: Float, type: TileDescription.ValueType) throws {
    var small = try SmallModel()
    // q4_0: the largest magnitude is 8 times the scale.
    var values = [Float](repeating: 0, count: 64 * 32)
    values[0] = -value
    try small.set("blk.0.ffn_up.weight", .q4_0, [64, 32], values)
    let model = try small.load()
    let weight = try #require(model.matrices.first { $0.name == "blk.0.ffn_up.weight" })
    #expect(weight.tileType == type)
    #expect(model.matrices.filter { $0.tileType == .f32 }.count == (type == .f32 ? 1 : 0))
  }

  /// Vectors that are not f32 in the file are made so once, and counted.
  @Test func vectorsAsFloat32AreCounted() throws {
    var small = try SmallModel()
    let ones = [Float](repeating: 1, count: 32)
    try small.set("output_norm.weight", .f16, [32], ones)
    try small.set("blk.0.attn_norm.weight", .bf16, [32], ones)
    let model = try small.load()
    let engine = try Engine(model: model, observer: NoObserver())
    #expect(engine.ledger.live.weights == model.packedBytes + 2 * 32 * 4)
    let converted = try model.logits([1, 2], EngineOptions())
    let plain = try SmallModel().load().logits([1, 2], EngineOptions())
    #expect(haveSameBits(converted, plain))
  }
}

extension Weight {
  func decodeAll(into values: UnsafeMutablePointer<Float>) {
    nibble_dequantize_f32(type.rawValue, packed(row: 0), values, rows * cols)
  }
}
