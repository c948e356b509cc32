import CKernels
import Events
import Foundation
import ModelFiles
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
    (.wholeModel, .f16), (.wholeModel, .f32), (.perLayer, .f16), (.perTensor, .f16),
    (.scratch, .f16), (.fused, .f16), (.fused, .q8),
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

  /// Every strategy whose weights are those of the file.
  static let dequantizing = StrategyName.allCases.filter { $0 != .int4GEMM }

  @Test(arguments: dequantizing)
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

  @Test(arguments: dequantizing)
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

/// `int4-gemm` on the same model against llama.cpp, whose CPU kernels work as it does
/// (`scripts/fixtures/llama_golden.py`).
///
/// Rounding activations to int8 makes a difference in the last bit grow until the logits differ by
/// some tenths: llama.cpp differs from itself by that much, from one instruction set or one kind of
/// attention to another. So the limits are what it differs from itself, and from the exact answer.
@Suite(
  .enabled(if: Golden.isPresent || Golden.isCI, "scripts/fetch-smollm2 brings the model for it"))
struct IntegerGoldenTests {
  /// KL divergence in nats between llama.cpp with and without flash attention, at most.
  static let divergenceFromItself = 1.05e-2
  /// KL divergence in nats of the exact answer to llama.cpp's, at most.
  static let divergenceFromExact = 7.3e-3
  /// Where llama.cpp built for AVX2 has another likeliest token than built for AVX-512, its
  /// logit leads by this much at most.
  static let lead: Float = 0.35

  @Test func prompts() throws {
    let llama = try Golden.llamaLogits()
    for (golden, llama) in zip(try Golden.entries(), llama) {
      let logits = try Golden.engine(.int4GEMM, .f16).forward(golden.ids)
      let exact = try Golden.engine(.fused, .f32).forward(golden.ids)
      #expect(llama.divergence(to: logits) <= Self.divergenceFromItself, "\(golden.prompt)")
      #expect(exact.divergence(to: logits) <= Self.divergenceFromExact, "\(golden.prompt)")
    }
  }

  @Test func forcedContinuations() throws {
    for golden in try Golden.entries() {
      let engine = try Golden.engine(.int4GEMM, .f16, threads: 2)
      var logits = try engine.forward(golden.ids)
      for (step, top5) in golden.llamaTop5.enumerated() {
        // Where another token is the likeliest here, llama.cpp has it close behind its own.
        let behind = top5.first { $0.id == logits.highest(1)[0] }.map { top5[0].logit - $0.logit }
        #expect(behind ?? .infinity <= Self.lead, "\(golden.prompt), step \(step)")
        if step + 1 < golden.llamaTop5.count { logits = try engine.forward([golden.forced[step]]) }
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
  /// The same, as llama.cpp has them.
  let llamaTop5: [[Score]]

  enum CodingKeys: String, CodingKey {
    case prompt, ids, top10, sum, greedy, forced
    case forcedTop5 = "forced_top5"
    case llamaTop5 = "llama_top5"
  }

  static func entries() throws -> [Golden] {
    let file = URL(fileURLWithPath: try Fixture.path("smollm2-golden.json"))
    let entries = try JSONDecoder().decode([Golden].self, from: Data(contentsOf: file))
    try #require(entries.count == 6)
    return entries
  }

  /// llama.cpp's logits after each prompt.
  static func llamaLogits() throws -> [[Float]] {
    let path = try Fixture.path("smollm2-llama-cpp.f16")
    let halves = try Data(contentsOf: URL(fileURLWithPath: path))
    let count = halves.count / 2 / 6
    return (0..<6).map { prompt in
      var logits = [Float](repeating: 0, count: count)
      halves.withUnsafeBytes { bytes in
        guard let base = bytes.baseAddress else { return }
        nibble_dequantize_f32(UInt32(NIBBLE_TYPE_F16), base + prompt * count * 2, &logits, count)
      }
      return logits
    }
  }

  static var isCI: Bool { ProcessInfo.processInfo.environment["CI"] == "true" }
  static var isPresent: Bool { FileManager.default.fileExists(atPath: path) }

  static var path: String { modelFolder + "/SmolLM2-135M-Instruct.Q4_1.gguf" }

  static var gemmaPath: String { modelFolder + "/gemma-3-270m-Q4_K_M.gguf" }

  /// Where scripts/fetch-* put models.
  static var modelFolder: String {
    let environment = ProcessInfo.processInfo.environment
    func value(_ name: String) -> String? {
      environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
    let cache = value("XDG_CACHE_HOME") ?? NSHomeDirectory() + "/.cache"
    return value("NIBBLE_MODELS") ?? cache + "/nibble/models"
  }

  private static let model = Result { try Model(file: ModelFile(path: path)) }

  static func engine(
    _ strategy: StrategyName, _ kvType: KVType, threads: Int = 1
  ) throws -> Engine<NoObserver> {
    let options = EngineOptions(strategy, kv: kvType, threads: threads)
    return try Engine(model: try model.get(), options: options, observer: NoObserver())
  }
}

extension [Float] {
  /// KL divergence of `softmax(self)` to `softmax(other)`, in nats.
  func divergence(to other: [Float]) -> Double {
    func logProbabilities(_ logits: [Float]) -> [Double] {
      let highest = Double(logits.max() ?? 0)
      let sum = logits.reduce(0) { $0 + exp(Double($1) - highest) }
      return logits.map { Double($0) - highest - log(sum) }
    }
    return zip(logProbabilities(self), logProbabilities(other)).reduce(0) {
      $0 + exp($1.0) * ($1.0 - $1.1)
    }
  }

  /// The indices of the `count` largest elements, largest first.
  func highest(_ count: Int) -> [Int] {
    [Int](indices.sorted { self[$0] > self[$1] }.prefix(count))
  }
}
