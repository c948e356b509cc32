import Events
import Testing

@testable import Inference

/// Passes that fail: a typed error, and nothing left behind.
@Suite struct EngineErrorTests {
  /// Runs `tokens` and expects it to fail; what is alive afterwards is what was alive before.
  static func failure<Observer>(
    of engine: Engine<Observer>, _ tokens: [Int],
    _ location: SourceLocation = #_sourceLocation
  ) -> String {
    let before = engine.ledger.live
    let position = engine.position
    let error = #expect(throws: InferenceError.self, sourceLocation: location) {
      try engine.forward(tokens)
    }
    #expect(engine.ledger.live == before, sourceLocation: location)
    #expect(engine.position == position, sourceLocation: location)
    return error?.description ?? ""
  }

  @Test func noTokens() throws {
    let engine = try Engine(model: SmallModel().load(), observer: NoObserver())
    #expect(Self.failure(of: engine, []).contains("no tokens"))
  }

  @Test func tokensThatAreNotInTheVocabulary() throws {
    let engine = try Engine(model: SmallModel().load(), observer: NoObserver())
    for id in [-1, 20, Int.max, Int.min] {
      let text = Self.failure(of: engine, [1, id])
      #expect(text.contains("Token \(id) ") && text.contains("0 to 19"))
    }
  }

  @Test func aPromptLongerThanTheContext() throws {
    let model = try SmallModel().load()
    var engine = try Engine(model: model, observer: NoObserver())
    let text = Self.failure(of: engine, [Int](repeating: 1, count: 25))
    #expect(text.contains("25") && text.contains("24"))
    _ = try engine.forward([Int](repeating: 1, count: 24))
    #expect(Self.failure(of: engine, [1]).contains("25"))

    engine = try Engine(model: model, observer: NoObserver())
    _ = try engine.forward([Int](repeating: 1, count: 20))
    #expect(Self.failure(of: engine, [1, 2, 3, 4, 5]).contains("25"))
    _ = try engine.forward([1, 2, 3, 4])
  }

  @Test(arguments: [
    (0, 1), (-5, 1), ((1 << 24) + 1, 1), (Int.max, 1), (64, 0), (64, -1), (64, 1025),
  ])
  func optionsThatCannotBe(tileRows: Int, threads: Int) throws {
    let model = try SmallModel().load()
    let error = #expect(throws: InferenceError.self) {
      let options = EngineOptions(tileRows: tileRows, threads: threads)
      return try Engine(model: model, options: options, observer: NoObserver())
    }
    let option = tileRows != 64 ? "--tile-rows" : "--threads"
    #expect(error?.description.contains(option) == true)
  }

  /// Interrupted at every operation in turn, the pass leaves nothing behind, and the next one is as
  /// if nothing had happened.
  @Test(arguments: StrategyName.allCases, [1, 3])
  func interruptedAnywhere(strategy: StrategyName, threads: Int) throws {
    let model = try SmallModel().load()
    let options = EngineOptions(strategy, tileRows: 5, threads: threads)
    let undisturbed = try Engine(model: model, options: options, observer: NoObserver())
    let first = [Int](1...15)
    let second = [Int](3...6)
    let expected = [try undisturbed.forward(first), try undisturbed.forward(second)]

    let watcher = Watcher()
    let engine = try Engine(model: model, options: options, observer: watcher)
    var operations = 0
    var limit = 0
    engine.isCancelled = {
      operations += 1
      return operations > limit
    }
    for (pass, tokens) in [first, second].enumerated() {
      limit = 0
      while true {
        operations = 0
        let before = engine.ledger.live
        do {
          let logits = try engine.forward(tokens)
          #expect(haveSameBits([logits], [expected[pass]]))
          break
        } catch InferenceError.interrupted {
          #expect(engine.ledger.live == before, "after \(limit) operations")
          limit += 1
        }
      }
      #expect(limit == 21, "a pass of one layer has that many operations")
    }
    #expect(engine.usedCacheBytes == undisturbed.usedCacheBytes)
    #expect(engine.ledger.live == undisturbed.ledger.live)
    let loaded = watcher.steps.drop { $0.live.activations == 0 }
    #expect(loaded.allSatisfy { $0.live.weights == model.packedBytes })
  }

  /// Attention scores of two million tokens at once are 256 TiB, which no system has.
  @Test func aPassThatNoMemoryHolds() throws {
    var small = try SmallModel()
    small.metadata["llama.context_length"] = .uint32(1 << 22)
    small.metadata["llama.attention.head_count"] = .uint32(16)
    small.metadata["llama.attention.key_length"] = .uint32(2)
    small.metadata["llama.attention.value_length"] = .uint32(2)
    for name in ["blk.0.attn_k", "blk.0.attn_v"] {
      try small.set("\(name).weight", .q4_0, [2, 32], [Float](repeating: 0.1, count: 64))
    }
    let watcher = Watcher()
    let engine = try Engine(model: small.load(), observer: watcher)
    let text = Self.failure(of: engine, [Int](repeating: 1, count: 1 << 21))
    #expect(text.contains("'kq'") && text.contains("256 TiB") && text.contains("--ubatch"))
    #expect(watcher.steps.last?.live == engine.ledger.live)
    _ = try engine.forward([1, 2, 3])
  }

  /// Keys that the cache's type cannot hold end the pass, not the numbers.
  @Test(arguments: [KVType.f16, .q8, .q4])
  func keysThatTheCacheCannotHold(kvType: KVType) throws {
    var small = try SmallModel(type: .f32)
    small.metadata["llama.attention.head_count"] = .uint32(1)
    small.metadata["llama.attention.key_length"] = .uint32(32)
    small.metadata["llama.attention.value_length"] = .uint32(32)
    for name in ["blk.0.attn_k", "blk.0.attn_v"] {
      try small.set("\(name).weight", .f32, [32, 32], [Float](repeating: 0.01, count: 1024))
    }
    try small.set("blk.0.attn_v.bias", .f32, [32], [Float](repeating: 1e9, count: 32))
    let model = try small.load()
    let engine = try Engine(
      model: model, options: EngineOptions(kv: kvType), observer: NoObserver())
    let text = Self.failure(of: engine, [1, 2])
    #expect(text.contains(kvType.rawValue) && text.contains("layer 0"))
    #expect(engine.ledger.live.total == model.packedBytes)
    let f32 = try model.logits([1, 2], EngineOptions(kv: .f32))
    #expect(f32.joined().allSatisfy { $0.isFinite })
  }
}
