import Events
import ModelFiles
import Testing

@testable import Inference

/// What the shapes say against what the ledger counted.
@Suite struct MemoryPlanTests {
  /// Runs a prompt of 20 tokens and 18 passes of one.
  static func peak(
    _ model: Model, _ options: EngineOptions, _ tokens: [Int], ubatch: Int?
  ) throws -> MemoryUse {
    let engine = try Engine(model: model, options: options, observer: NoObserver())
    let size = ubatch ?? 20
    for start in stride(from: 0, to: 20, by: size) {
      _ = try engine.forward(Array(tokens[start..<min(start + size, 20)]))
    }
    for token in tokens[20...].prefix(17) { _ = try engine.forward([token]) }
    return engine.ledger.peak
  }

  @Test(arguments: Fixture.names, StrategyName.allCases)
  func isTheRecordedPeakToTheByte(name: String, strategy: StrategyName) throws {
    let fixture = try Fixture(name)
    for kvType in KVType.allCases {
      guard fixture.model.config.headSize % 32 == 0 || kvType == .f16 || kvType == .f32 else {
        continue
      }
      for (tileRows, ubatch) in [(7, nil), (64, 3), (4096, 16)] as [(Int, Int?)] {
        let options = EngineOptions(strategy, tileRows: tileRows, kv: kvType)
        let plan = try MemoryPlan(
          model: fixture.model, options: options, prompts: [20], ubatch: ubatch,
          decodePasses: [17])
        let peak = try Self.peak(
          fixture.model, options, fixture.expected.tokens, ubatch: ubatch)
        #expect(plan.peak == peak, "\(kvType), \(tileRows) rows, \(ubatch ?? 20) tokens a pass")
      }
    }
  }

  /// A dry run takes and returns the same buffers in the same order, and does the same steps.
  @Test(arguments: StrategyName.allCases, ["llama", "qwen3", "gemma2", "gemma3"])
  func aDryRunHasTheStepsOfARun(strategy: StrategyName, name: String) throws {
    let model =
      name.hasPrefix("gemma")
      ? try Model(file: ModelFile(path: Fixture.path("arch/\(name)-q4_0.gguf")))
      : try Fixture(name).model
    let options = EngineOptions(strategy, tileRows: 24)
    func steps(_ backend: any Backend) throws -> [(event: Watcher.Event, live: MemoryUse)] {
      let watcher = Watcher()
      let engine = try Engine(
        model: model, options: options, observer: watcher, backend: backend)
      for tokens in [[1, 2, 3, 4, 5], [6], [7]] + Array(repeating: [8], count: 20) {
        _ = try engine.forward(tokens)
      }
      return watcher.steps
    }
    let (run, dry) = (try steps(CPU(threads: 1)), try steps(Ghost(threads: 1)))
    #expect(run.map(\.event) == dry.map(\.event))
    #expect(run.map(\.live) == dry.map(\.live))
  }

  /// Passes that the plan leaves out take no more than those that it runs.
  @Test(arguments: ["gemma2-q4_0.gguf", "gemma3-q4_0.gguf"])
  func aWindowMovesAsItDoesInARun(name: String) throws {
    let model = try Model(file: ModelFile(path: Fixture.path("arch/\(name)")))
    for (prompt, decoded) in [(20, 90), (3, 17), (40, 50), (1, 64)] {
      for strategy in [StrategyName.fused, .perLayer] {
        let options = EngineOptions(strategy)
        let engine = try Engine(model: model, options: options, observer: NoObserver())
        _ = try engine.forward((0..<prompt).map { $0 % 500 })
        for _ in 0..<decoded { _ = try engine.forward([7]) }
        let plan = try MemoryPlan(
          model: model, options: options, prompts: [prompt], decodePasses: [decoded])
        #expect(plan.peak == engine.ledger.peak, "\(prompt) + \(decoded) tokens, \(strategy)")
      }
    }
  }

  /// Several threads may or may not have their largest tiles at the same moment.
  @Test(arguments: StrategyName.allCases)
  func threadsTakeNoMoreThanItSays(strategy: StrategyName) throws {
    let fixture = try Fixture("qwen3")
    let options = EngineOptions(strategy, tileRows: 4, kv: .q8, threads: 3)
    let plan = try MemoryPlan(
      model: fixture.model, options: options, prompts: [20], decodePasses: [17])
    let peak = try Self.peak(fixture.model, options, fixture.expected.tokens, ubatch: nil)
    #expect(peak.total <= plan.peak.total)
    #expect(peak.weights == plan.peak.weights && peak.activations == plan.peak.activations)
    // What does not depend on which threads have a tile at the same time.
    let exact: Set<StrategyName> = [
      .wholeModel, .perLayer, .perTensor, .scratch, .fused, .int4GEMM,
    ]
    if exact.contains(strategy) { #expect(peak == plan.peak) }
  }

  /// Matrices of floats, of which no strategy makes tiles, and of values that take f32 tiles.
  @Test(arguments: StrategyName.allCases)
  func knowsWhatTilesAreMadeOf(strategy: StrategyName) throws {
    let tokens = [Int](repeating: 1, count: 40)
    for small in [try SmallModel(type: .f16), try TileTests.largeModel()] {
      var small = small
      small.metadata["llama.context_length"] = .uint32(64)
      try small.set(
        "output_norm.weight", .f16, [32], [Float](repeating: 1, count: 32))  // made f32 at load
      let model = try small.load()
      let options = EngineOptions(strategy, tileRows: 7)
      let plan = try MemoryPlan(
        model: model, options: options, prompts: [20], decodePasses: [17])
      #expect(try plan.peak == Self.peak(model, options, tokens, ubatch: nil))
    }
  }

  /// Tiles of more rows than a matrix has are whole matrices, however many threads there are.
  @Test func tilesOfMoreRowsThanThereAreAreWholeMatrices() throws {
    let model = try Fixture("qwen3").model
    func peak(_ options: EngineOptions) throws -> MemoryUse {
      try MemoryPlan(model: model, options: options, prompts: [20], decodePasses: [17]).peak
    }
    let most = EngineOptions.tileRowsAllowed.upperBound
    let whole = try peak(EngineOptions(.perTensor))
    #expect(try peak(EngineOptions(.tiled, tileRows: most, threads: 1024)) == whole)
    #expect(try peak(EngineOptions(.tiled, tileRows: most)) == whole)
    #expect(throws: InferenceError.self) { try peak(EngineOptions(.tiled, tileRows: .max)) }
  }

  @Test func refusesOptionsThatTheEngineRefuses() throws {
    let model = try SmallModel().load()
    #expect(throws: InferenceError.self) {
      try MemoryPlan(
        model: model, options: EngineOptions(kv: .q8), prompts: [1], decodePasses: [0])
    }
  }
}
