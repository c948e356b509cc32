import Events
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
    let cache = try KVCache(shapes: model.config.caches(), type: .f32)
    let rowBytes = cache.rowBytes(layer: 0)
    let pageBytes = 2 * KVCache.pageLength * rowBytes
    for layer in 0..<2 {
      for position in 0..<40 {
        try cache.reserve(layer: layer, end: position + 1) { bytes, name in
          try ledger.allocate(bytes, .kvCache, name())
        }
        cache.appended(layer: layer, position: position)
      }
    }
    #expect(ledger.live.kvCache == 2 * 3 * pageBytes)
    #expect(cache.usedBytes == 2 * 40 * 2 * rowBytes)
    for (count, pages) in [(33, 3), (32, 2), (1, 1), (0, 0)] {
      cache.truncate(to: count, free: ledger.free)
      #expect(ledger.live.kvCache == 2 * pages * pageBytes)
      #expect(cache.usedBytes == 2 * count * 2 * rowBytes)
    }
  }

  @Test func pagesThatNobodySeesAgainAreFreed() throws {
    let ledger = MemoryLedger(observer: NoObserver())
    let shapes = [
      KVShape(heads: 1, headSize: 32, window: 20), KVShape(heads: 1, headSize: 32, window: nil),
    ]
    let cache = try KVCache(shapes: shapes, type: .f32)
    let pageBytes = 2 * KVCache.pageLength * cache.rowBytes(layer: 0)
    for position in 0..<100 {
      for layer in 0..<2 {
        try cache.reserve(layer: layer, end: position + 1) { bytes, name in
          try ledger.allocate(bytes, .kvCache, name())
        }
        cache.appended(layer: layer, position: position)
      }
      cache.forget(before: position + 1, free: ledger.free)
      let pages = position / 16 + 1
      let gone = max(position + 1 - 20 + 1, 0) / 16
      #expect(ledger.live.kvCache == (2 * pages - gone) * pageBytes)
      #expect(
        cache.usedBytes == (2 * (position + 1) - 16 * gone) * 2 * cache.rowBytes(layer: 0))
    }
    // At 99 a token sees from 80 on, which is where a page begins.
    #expect(cache.holds(whatIsSeenFrom: 100) && !cache.holds(whatIsSeenFrom: 98))
    cache.truncate(to: 0, free: ledger.free)
    #expect(ledger.live.kvCache == 0 && cache.usedBytes == 0)
    #expect(cache.holds(whatIsSeenFrom: 0))
  }
}
