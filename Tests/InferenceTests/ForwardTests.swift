import Events
import Testing

@testable import Inference

/// The forward pass against numpy, and against itself however it is split.
@Suite struct ForwardTests {
  /// Differences that f32 arithmetic leaves in logits whose rms is 3.
  static let f32Rounding: Float = 5e-5
  /// What rounding the weights (and keys and values) to f16 may change.
  static let f16Rounding: Float = 0.03
  /// Activations as int8, in models whose logits are up to some units.
  static let int8Rounding: Float = 0.6

  @Test(arguments: Fixture.names)
  func tiledIsNumpyWithTheSameWeights(name: String) throws {
    let fixture = try Fixture(name)
    let logits = try fixture.logits(EngineOptions(.tiled, kv: .f32))
    let expected = try #require(fixture.expected.tiled["f32"])
    #expect(try largestDifference(logits, expected) < Self.f32Rounding)
  }

  @Test(arguments: Fixture.names, StrategyName.allCases)
  func everyStrategyIsNearTheExactAnswer(name: String, strategy: StrategyName) throws {
    let fixture = try Fixture(name)
    let logits = try fixture.logits(EngineOptions(strategy))
    let limit = strategy == .int4GEMM ? Self.int8Rounding : Self.f16Rounding
    #expect(try largestDifference(logits, fixture.expected.exact) < limit)
  }

  /// Weights as f32 in registers and an f32 cache: nothing is rounded below f32.
  @Test(arguments: Fixture.names)
  func fusedIsExact(name: String) throws {
    let fixture = try Fixture(name)
    let logits = try fixture.logits(EngineOptions(.fused, kv: .f32))
    #expect(try largestDifference(logits, fixture.expected.exact) < Self.f32Rounding)
  }

  @Test func everyTypeIsInSomeFixture() throws {
    let types = Set(try Fixture.names.flatMap { try Fixture($0).model.tensors.map(\.type) })
    #expect(
      types == [
        "f32", "f16", "bf16", "q8_0", "q4_0", "q4_1", "q5_0", "q5_1", "q4_k", "q5_k", "q6_k",
      ])
  }

  @Test(arguments: Fixture.names)
  func tilesAndThreadsChangeNoBit(name: String) throws {
    let fixture = try Fixture(name)
    let reference = try fixture.logits(EngineOptions(.tiled))
    for tileRows in [1, 7, 64, 4096] {
      for threads in [1, 3] {
        let options = EngineOptions(.tiled, tileRows: tileRows, threads: threads)
        #expect(
          haveSameBits(try fixture.logits(options), reference),
          "\(tileRows) rows, \(threads) threads")
      }
    }
    for strategy in [StrategyName.perLayer, .perTensor, .scratch] {
      for threads in [1, 3] {
        let options = EngineOptions(strategy, tileRows: 7, threads: threads)
        #expect(
          haveSameBits(try fixture.logits(options), reference), "\(strategy), \(threads) threads")
      }
    }
    for strategy in [StrategyName.wholeModel, .fused, .int4GEMM] {
      let one = try fixture.logits(EngineOptions(strategy))
      #expect(
        haveSameBits(try fixture.logits(EngineOptions(strategy, threads: 3)), one), "\(strategy)")
    }
  }

  @Test(arguments: Fixture.names, KVType.allCases)
  func splittingThePromptChangesNoBit(name: String, kvType: KVType) throws {
    let fixture = try Fixture(name)
    guard fixture.model.config.headSize % 32 == 0 || kvType == .f16 || kvType == .f32 else {
      return  // KVCacheTests has what happens then
    }
    for strategy in StrategyName.allCases {
      let options = EngineOptions(strategy, kv: kvType)
      let reference = try fixture.logits(options)
      for ubatch in [1, 3, 16] {
        let split = try fixture.logits(options, ubatch: ubatch)
        #expect(haveSameBits(split, reference), "\(strategy), \(ubatch) tokens a pass")
      }
    }
  }

  @Test func theLastTokensLogitsAreTheLastRow() throws {
    let fixture = try Fixture("qwen3")
    let tokens = fixture.expected.tokens
    let all = try fixture.model.logits(tokens, EngineOptions())
    let engine = try Engine(model: fixture.model, observer: NoObserver())
    let last = try engine.forward(tokens)
    #expect(haveSameBits([last], [all[all.count - 1]]))
    #expect(engine.position == tokens.count)
  }

  /// Later tokens cannot be seen by earlier ones.
  @Test func attentionIsCausal() throws {
    let fixture = try Fixture("llama")
    var tokens = fixture.expected.tokens
    let before = try fixture.model.logits(tokens, EngineOptions())
    tokens[20] = (tokens[20] + 1) % fixture.model.config.vocabularyCount
    let after = try fixture.model.logits(tokens, EngineOptions())
    #expect(haveSameBits(Array(before[..<20]), Array(after[..<20])))
    #expect(!haveSameBits([before[20]], [after[20]]))
    #expect(!haveSameBits([before[36]], [after[36]]))
  }
}
