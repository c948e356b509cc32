import Foundation
import GGUF
import Testing

@testable import Inference

/// SmolLM2-135M-Instruct in Q4_1 against numpy's exact answers
/// (`scripts/fixtures/forward.py --golden`).
///
/// The file is fetched by scripts/fetch-smollm2. Where it is missing the suite is skipped, except
/// in CI.
@Suite(
  .enabled(if: Golden.isPresent || Golden.isCI, "scripts/fetch-smollm2 brings the model for it"))
struct GoldenTests {
  /// f16 weights and an f16 KV cache against f32 ones.
  static let tolerance: Float = 0.05

  /// What coarser caches may change; measured 0.21 and 3.9 (with four bits for each key and value,
  /// this model answers differently).
  static let coarseTolerance: [KVType: Float] = [.q8: 0.4, .q4: 6]

  @Test(arguments: [
    (StrategyName.tiled, KVType.f16), (.tiled, .f32), (.tiled, .q8), (.tiled, .q4),
    (.wholeModel, .f16), (.wholeModel, .f32),
  ])
  func prompts(strategy: StrategyName, kvType: KVType) throws {
    let tolerance = Self.coarseTolerance[kvType] ?? Self.tolerance
    for golden in try Golden.entries() {
      let engine = try Golden.engine(strategy, kvType)
      let logits = try engine.forward(golden.ids)
      let distance = golden.top10.map { abs($0.logit - logits[$0.id]) }.max() ?? .infinity
      #expect(distance <= tolerance, "\(golden.prompt)")
      if kvType == .q4 { continue }
      #expect(logits.highest(1) == [golden.top10[0].id], "\(golden.prompt)")
      let mean = logits.reduce(0.0) { $0 + Double($1) } / Double(logits.count)
      #expect(abs(mean - golden.sum / Double(logits.count)) < Double(tolerance))
    }
  }

  @Test(arguments: StrategyName.allCases)
  func greedyContinuations(strategy: StrategyName) throws {
    for golden in try Golden.entries() {
      let engine = try Golden.engine(strategy, .f16)
      var logits = try engine.forward(golden.ids)
      for (step, expected) in golden.greedy.enumerated() {
        let found = logits.highest(1)[0]
        if found != expected {  // a near tie: the paths part, and both are right
          #expect(
            logits[found] - logits[expected] < Self.tolerance, "\(golden.prompt), step \(step)")
          break
        }
        if step + 1 < golden.greedy.count { logits = try engine.forward([expected]) }
      }
    }
  }

  @Test(arguments: StrategyName.allCases)
  func forcedContinuations(strategy: StrategyName) throws {
    for golden in try Golden.entries() {
      let engine = try Golden.engine(strategy, .f16, threads: 2)
      var logits = try engine.forward(golden.ids)
      for (step, top5) in golden.forcedTop5.enumerated() {
        let distance = top5.map { abs($0.logit - logits[$0.id]) }.max() ?? .infinity
        #expect(distance <= Self.tolerance, "\(golden.prompt), step \(step)")
        if step + 1 < golden.forcedTop5.count { logits = try engine.forward([golden.forced[step]]) }
      }
    }
  }
}

/// One prompt of Fixtures/smollm2-golden.json.
struct Golden: Decodable {
  /// `[id, logit]`
  struct Score: Decodable {
    let id: Int
    let logit: Float

    init(from decoder: any Decoder) throws {
      var pair = try decoder.unkeyedContainer()
      id = try pair.decode(Int.self)
      logit = try pair.decode(Float.self)
    }
  }

  let prompt: String
  let ids: [Int]
  /// The highest logits after the prompt, and the sum of all.
  let top10: [Score]
  let sum: Double
  /// The likeliest continuation.
  let greedy: [Int]
  /// A continuation, and the highest logits at each of its steps; the first follow the prompt.
  let forced: [Int]
  let forcedTop5: [[Score]]

  enum CodingKeys: String, CodingKey {
    case prompt, ids, top10, sum, greedy, forced
    case forcedTop5 = "forced_top5"
  }

  static func entries() throws -> [Golden] {
    let file = URL(fileURLWithPath: try Fixture.path("smollm2-golden.json"))
    let entries = try JSONDecoder().decode([Golden].self, from: Data(contentsOf: file))
    try #require(entries.count == 6)
    return entries
  }

  static var isCI: Bool { ProcessInfo.processInfo.environment["CI"] == "true" }
  static var isPresent: Bool { FileManager.default.fileExists(atPath: path) }

  /// Where scripts/fetch-smollm2 puts it.
  static var path: String {
    let environment = ProcessInfo.processInfo.environment
    func value(_ name: String) -> String? {
      environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
    let cache = value("XDG_CACHE_HOME") ?? NSHomeDirectory() + "/.cache"
    let folder = value("NIBBLE_MODELS") ?? cache + "/nibble/models"
    return folder + "/SmolLM2-135M-Instruct.Q4_1.gguf"
  }

  private static let model = Result { try Model(file: GGUFFile(path: path)) }

  static func engine(
    _ strategy: StrategyName, _ kvType: KVType, threads: Int = 1
  ) throws -> Engine<NoObserver> {
    let options = EngineOptions(strategy, kv: kvType, threads: threads)
    return try Engine(model: try model.get(), options: options, observer: NoObserver())
  }
}

extension [Float] {
  /// The indices of the `count` largest elements, largest first.
  func highest(_ count: Int) -> [Int] {
    [Int](indices.sorted { self[$0] > self[$1] }.prefix(count))
  }
}
