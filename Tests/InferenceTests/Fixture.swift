import Events
import Foundation
import ModelFiles
import Testing

@testable import Inference

/// A small random model that scripts/fixtures/forward.py wrote, and the logits that numpy computes
/// for it.
struct Fixture: Sendable {
  let model: Model
  let expected: Expected

  struct Expected: Decodable {
    let tokens: [Int]
    /// Where logits were kept.
    let positions: [Int]
    /// The logits there, `(positions, nVocab)`.
    let exact: [[Float]]
    /// The same with the quantized matrices rounded to f16, as tiles have them, by the type of the
    /// KV cache.
    let tiled: [String: [[Float]]]
  }

  static let names = [
    "llama", "llama-scaled", "llama-biases", "qwen2", "qwen2-partial", "qwen3",
  ]

  init(_ name: String) throws {
    model = try Model(file: ModelFile(path: Self.path("\(name).gguf")))
    let json = try Data(contentsOf: URL(fileURLWithPath: Self.path("\(name).json")))
    expected = try JSONDecoder().decode(Expected.self, from: json)
  }

  static func path(_ name: String) throws -> String {
    try #require(
      Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: nil), "fixture \(name)"
    ).path
  }

  /// Logits at `expected.positions` after running `tokens` in passes of at most `ubatch`.
  func logits(_ options: EngineOptions, ubatch: Int? = nil) throws -> [[Float]] {
    let all = try model.logits(expected.tokens, options, ubatch: ubatch)
    return expected.positions.map { all[$0] }
  }
}

extension Model {
  /// The logits after every token of a new engine, `(tokens, nVocab)`.
  func logits(_ tokens: [Int], _ options: EngineOptions, ubatch: Int? = nil) throws -> [[Float]] {
    let engine = try Engine(model: self, options: options, observer: NoObserver())
    var rows: [[Float]] = []
    let size = ubatch ?? tokens.count
    for start in stride(from: 0, to: tokens.count, by: size) {
      let pass = Array(tokens[start..<min(start + size, tokens.count)])
      let logits = try engine.forward(pass, logitsForAll: true)
      let count = logits.count / pass.count
      rows += (0..<pass.count).map { Array(logits[$0 * count..<($0 + 1) * count]) }
    }
    return rows
  }
}

extension EngineOptions {
  init(
    _ strategy: StrategyName = .tiled, tileRows: Int = 64, kv: KVType = .f16, threads: Int = 1
  ) {
    self.init()
    self.strategy = strategy
    self.tileRows = tileRows
    kvType = kv
    self.threads = threads
  }
}

/// The largest difference of two tables of the same shape.
func largestDifference(_ left: [[Float]], _ right: [[Float]]) throws -> Float {
  try #require(left.map(\.count) == right.map(\.count))
  return zip(left.joined(), right.joined()).reduce(0) { worst, pair in
    let difference = abs(pair.0 - pair.1)
    return difference.isNaN ? .infinity : max(worst, difference)
  }
}

/// Whether two tables are the same, bit for bit.
func haveSameBits(_ left: [[Float]], _ right: [[Float]]) -> Bool {
  left.map(\.count) == right.map(\.count)
    && zip(left.joined(), right.joined()).allSatisfy { $0.bitPattern == $1.bitPattern }
}
