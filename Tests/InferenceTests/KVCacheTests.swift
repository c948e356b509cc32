import Testing

@testable import Inference

@Suite struct KVCacheTests {
  /// How far logits may be from numpy's with the same rounding of keys and values: a value that
  /// lies at the edge of a rounding step may fall to either side.
  static let roundingEdge: [KVType: Float] = [.f32: 5e-5, .f16: 1e-3, .q8: 0.01, .q4: 0.1]

  @Test(arguments: Fixture.names, KVType.allCases)
  func keysAndValuesAreRoundedAsTheirTypeSays(name: String, kvType: KVType) throws {
    let fixture = try Fixture(name)
    guard let expected = fixture.expected.tiled[kvType.rawValue] else {
      #expect(fixture.model.config.headSize % 32 != 0, "only such heads have no answer")
      return
    }
    let logits = try fixture.logits(EngineOptions(.tiled, kv: kvType))
    let tolerance = try #require(Self.roundingEdge[kvType])
    #expect(try largestDifference(logits, expected) < tolerance)
  }

  /// Each coarser type is further from the exact answer.
  @Test func finerTypesAreNearerToTheExactAnswer() throws {
    let fixture = try Fixture("qwen3")
    let distances = try [KVType.f32, .f16, .q8, .q4].map { kvType in
      // Without tiles' rounding, which is as large as that of an f16 cache.
      let logits = try fixture.logits(EngineOptions(.tiled, kv: kvType))
      return try largestDifference(logits, try #require(fixture.expected.tiled["f32"]))
    }
    #expect(distances == distances.sorted())
    #expect(distances[3] > 10 * distances[2] && distances[2] > 10 * distances[1])
  }

  @Test(arguments: ["llama", "llama-biases"], [KVType.q8, .q4])
  func aHeadThatIsNoWholeBlockIsRefused(name: String, kvType: KVType) throws {
    let model = try Fixture(name).model
    let error = #expect(throws: InferenceError.self) {
      try Engine(model: model, options: EngineOptions(kv: kvType), observer: NoObserver())
    }
    let text = error?.description ?? ""
    #expect(text.contains(kvType.rawValue) && text.contains("\(model.config.headSize)"))
  }

  @Test func truncatingFreesThePagesBehind() throws {
    let model = try Fixture("llama").model
    let ledger = MemoryLedger(observer: NoObserver())
    let cache = try KVCache(config: model.config, type: .f32)
    let row = [Float](repeating: 1, count: model.config.kvLength)
    for layer in 0..<2 {
      for position in 0..<40 {
        try cache.reserve(layer: layer, end: position + 1) { bytes, name in
          try ledger.allocate(bytes, .kvCache, name())
        }
        try cache.store(layer: layer, position: position, key: row, value: row)
      }
    }
    #expect(ledger.live.kvCache == 2 * 3 * cache.pageBytes)
    #expect(cache.usedBytes == 2 * 40 * 2 * cache.rowBytes)
    for (count, pages) in [(33, 3), (32, 2), (1, 1), (0, 0)] {
      cache.truncate(to: count, free: ledger.free)
      #expect(ledger.live.kvCache == 2 * pages * cache.pageBytes)
      #expect(cache.usedBytes == 2 * count * 2 * cache.rowBytes)
    }
  }
}
