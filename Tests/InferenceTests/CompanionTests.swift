import Events
import Foundation
import ModelFiles
import Quantization
import TestSupport
import Testing

@testable import Inference

/// Models of nf4 and fp4, whose matrices are companion tensors in the file.
@Suite struct CompanionTests {
  /// The fixture with its matrices as `type`, and that with the same values as f32.
  static func models(_ type: TensorType) throws -> (packed: Model, floats: Model) {
    let folder = try ScratchFolder()
    let source = try GGUF(path: try Fixture.path("llama.gguf"))
    try GGUFQuantizer(target: type).quantize(source, to: folder.file("packed.gguf"))
    let packed = try GGUF(path: folder.file("packed.gguf"))
    try GGUFQuantizer(target: .f32).quantize(packed, to: folder.file("floats.gguf"))
    return (
      try Model(file: packed.model), try Model(file: ModelFile(path: folder.file("floats.gguf")))
    )
  }

  @Test(arguments: [TensorType.nf4, .fp4], StrategyName.allCases)
  func logitsAreThoseOfTheSameValues(_ type: TensorType, _ strategy: StrategyName) throws {
    let (packed, floats) = try Self.models(type)
    #expect(packed.tensors.contains { $0.type == type.name })
    let tokens = Array(1...20)
    let expected = try floats.logits(tokens, EngineOptions(.fused, kv: .f32))
    let logits = try packed.logits(tokens, EngineOptions(strategy, kv: .f32))
    let limit: Float =
      switch strategy {
      case .fused: ForwardTests.f32Rounding
      case .int4GEMM: ForwardTests.int8Rounding
      default: ForwardTests.f16Rounding
      }
    #expect(try largestDifference(logits, expected) < limit)
  }

  /// Their blocks are resolved from the file, and counted as they are in memory.
  @Test(arguments: StrategyName.allCases)
  func blocksCountAsTheyAreInMemory(_ strategy: StrategyName) throws {
    let model = try Self.models(.nf4).packed
    #expect(model.residentBytes > model.packedBytes)
    let engine = try Engine(
      model: model, options: EngineOptions(strategy), observer: NoObserver())
    _ = try engine.forward([1, 2, 3])
    let plan = try MemoryPlan(
      model: model, options: engine.options, prompts: [3], decodePasses: [0])
    #expect(engine.ledger.peak == plan.peak)
    let blocks = model.matrices.filter { !model.isMapped($0) }.reduce(0) {
      $0 + $1.rows * $1.rowBytes
    }
    let copies = strategy == .int4GEMM ? blocks : 0
    #expect(engine.ledger.live.weights == model.residentBytes + model.convertedBytes + copies)
  }
}
