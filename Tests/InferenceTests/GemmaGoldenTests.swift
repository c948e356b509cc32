import Events
import Foundation
import ModelFiles
import Testing

@testable import Inference

/// Gemma 3 270M in Q4_K_M against llama.cpp's logits, from the file as it is and from its weights
/// dequantized. One prompt is longer than the window of 512.
///
/// The file is fetched by scripts/fetch-gemma3-270m. Where it is missing the suite is skipped, except
/// in CI.
@Suite(
  .enabled(
    if: FileManager.default.fileExists(atPath: Golden.gemmaPath) || Golden.isCI,
    "scripts/fetch-gemma3-270m brings the model for it"))
struct GemmaGoldenTests {
  private static let model = Result { try Model(file: ModelFile(path: Golden.gemmaPath)) }

  struct Prompt: Decodable {
    struct Answer: Decodable {
      let top10: [Golden.Score]
      let greedy: [Int]
      let gaps: [Float]
      enum CodingKeys: String, CodingKey {
        case top10, greedy
        case gaps = "greedy_gap"
      }
    }
    let name: String
    let ids: [Int]
    let llama: Answer
    let exact: Answer
    /// The largest difference of the two.
    let noise: Float
    enum CodingKeys: String, CodingKey {
      case name, ids, exact, noise
      case llama = "llama_cpp"
    }
  }

  static func prompts() throws -> [Prompt] {
    struct File: Decodable { let prompts: [Prompt] }
    let path = try Fixture.path("gemma3-golden.json")
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    return try JSONDecoder().decode(File.self, from: data).prompts
  }

  static func engine(_ strategy: StrategyName, threads: Int = 2) throws -> Engine<NoObserver> {
    try Engine(
      model: try model.get(), options: EngineOptions(strategy, threads: threads),
      observer: NoObserver())
  }

  /// f16 weights and an f16 KV cache against f32 ones.
  static let tolerance: Float = 0.08

  @Test(arguments: StrategyName.allCases)
  func prompts(strategy: StrategyName) throws {
    for prompt in try Self.prompts() {
      let isLong = prompt.ids.count > 512
      // One of each kind of product for the long prompt.
      if isLong, ![.tiled, .fused, .int4GEMM].contains(strategy) { continue }
      let engine = try Self.engine(strategy)
      var logits = try engine.forward(prompt.ids)
      let (answer, tolerance) =
        strategy.roundsActivations ? (prompt.llama, prompt.noise) : (prompt.exact, Self.tolerance)
      let distance = answer.top10.map { abs($0.logit - logits[$0.id]) }.max() ?? .infinity
      #expect(distance <= tolerance, "\(prompt.name)")
      for (expected, gap) in zip(answer.greedy, answer.gaps) {
        guard gap > 2 * tolerance else { break }
        #expect(logits.highest(1) == [expected], "\(prompt.name)")
        logits = try engine.forward([expected])
      }
    }
  }

  /// Layers with a window keep its 512 positions, in pages of 16.
  @Test func theCacheHoldsTheWindow() throws {
    let prompt = try #require(try Self.prompts().first { $0.ids.count > 512 })
    let engine = try Self.engine(.int4GEMM)
    _ = try engine.forward(prompt.ids)
    _ = try engine.forward([prompt.exact.greedy[0]])
    let pageBytes = 2 * 16 * 256 * 2  // keys and values of one head of 256, f16
    let position = prompt.ids.count
    let all = position / 16 + 1
    let gone = (position + 1 - 512 + 1) / 16
    #expect(engine.ledger.live.kvCache == (18 * all - 15 * gone) * pageBytes)
    #expect(engine.keepable(position + 1) == position + 1 && engine.keepable(100) == 0)
  }
}
