import Events
import Foundation
import ModelFiles
import Testing

@testable import Inference

/// Small random models against llama.cpp's logits for them.
///
/// The fixtures are the smallest file of each family; `make check-architectures DIRECTORY=…` runs a
/// whole folder of such files.
@Suite struct ArchitectureTests {
  struct Golden: Decodable {
    let type: String
    let ids: [Int]
    let last: [Float]
    /// Of the same weights dequantized, where the file is quantized.
    let exact: [Float]?
    let noise: Float?
    let greedy: [Int]
    let gaps: [Float]

    enum CodingKeys: String, CodingKey {
      case type, ids, noise, greedy
      case last = "llama_cpp_last"
      case exact = "llama_cpp_exact_last"
      case gaps = "greedy_gap"
    }
  }

  static let folder = ProcessInfo.processInfo.environment["NIBBLE_ARCHITECTURES"]

  static let goldens: [String: Golden] = {
    guard
      let path = try? folder.map({ $0 + "/logits.json" }) ?? Fixture.path("arch/logits.json"),
      let data = FileManager.default.contents(atPath: path),
      let all = try? JSONDecoder().decode([String: Golden].self, from: data)
    else { return [:] }
    return all
  }()

  /// The files whose architecture nibble runs.
  static let names = goldens.keys.filter { name in
    guard let path = try? path(name), let file = try? ModelFile(path: path),
      let architecture = try? file.metadata.string("general.architecture")
    else { return false }
    return architectureNames.contains(architecture)
  }.sorted()

  static func path(_ name: String) throws -> String {
    try folder.map { "\($0)/\(name)" } ?? Fixture.path("arch/\(name)")
  }

  static func model(_ name: String) throws -> Model {
    try Model(file: ModelFile(path: path(name)))
  }

  @Test func theFixturesAreThere() { #expect(Self.names.count >= 3) }

  @Test(arguments: names, StrategyName.allCases)
  func logitsAreThoseOfLlamaCpp(name: String, strategy: StrategyName) throws {
    let golden = try #require(Self.goldens[name])
    let model = try Self.model(name)
    let logits = try model.logits(golden.ids, EngineOptions(strategy, tileRows: 7, kv: .f32))
    let last = try #require(logits.last)
    // llama.cpp takes gelu from a table of float16.
    let exact: Float = model.config.architecture.hasPrefix("gemma") ? 0.01 : 1e-3
    let (expected, tolerance): ([Float], Float) =
      switch (golden.exact, strategy.roundsActivations) {
      case (nil, _): (golden.last, exact)
      case (let expected?, false): (expected, 0.06)
      case (_, true): (golden.last, 2 * (golden.noise ?? 0))
      }
    let difference = try largestDifference([last], [expected])
    #expect(difference <= tolerance, "\(name), \(strategy): \(difference)")

    // The same bits however the prompt is split and however many threads there are.
    let split = try model.logits(
      golden.ids, EngineOptions(strategy, tileRows: 64, kv: .f32, threads: 2), ubatch: 5)
    #expect(haveSameBits(split, logits))
  }

  @Test(arguments: names) func greedyIdsAreThoseOfLlamaCpp(name: String) throws {
    let golden = try #require(Self.goldens[name])
    let engine = try Engine(
      model: try Self.model(name), options: EngineOptions(.fused, kv: .f32), observer: NoObserver())
    var logits = try engine.forward(golden.ids)
    for (expected, gap) in zip(golden.greedy, golden.gaps) {
      guard gap > 0.1 + 2 * (golden.noise ?? 0) else { break }
      #expect(logits.highest(1) == [expected])
      logits = try engine.forward([expected])
    }
  }
}
