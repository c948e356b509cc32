import Foundation
import ModelFiles
import Quantization
import TestSupport
import Testing

@testable import Inference

/// Experts' matrices, one tensor of three dimensions each, packed as other types.
@Suite struct ExpertTypesTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func quantize(
    _ source: String, _ type: TensorType, _ name: String
  ) throws -> (path: String, reports: [GGUFQuantizer.Report]) {
    final class Log {
      var reports: [GGUFQuantizer.Report] = []
    }
    let log = Log()
    let path = folder.file(name)
    try GGUFQuantizer(target: type).quantize(GGUF(path: source), to: path) {
      log.reports.append($0)
    }
    return (path, log.reports)
  }

  /// Rows of 64 and of 32 values: what they become in place of types with larger blocks.
  @Test(arguments: [
    (TensorType.q4_0, TensorType.q4_0, TensorType.q4_0), (.q4_K, .q5_0, .q5_0),
    (.nf4, .nf4, .q4_0), (.fp4, .fp4, .q4_0),
  ])
  func arePackedRowByRow(_ target: TensorType, _ gate: TensorType, _ down: TensorType) throws {
    let source = try quantize(randomModel("qwen3moe"), .f32, "floats.gguf").path
    let floats = try ModelFile(path: source)
    let (path, reports) = try quantize(source, target, "packed.gguf")
    let packed = try ModelFile(path: path)
    for (role, type) in [("ffn_gate_exps", gate), ("ffn_up_exps", gate), ("ffn_down_exps", down)] {
      let name = "blk.1.\(role).weight"
      let tensor = try packed.requiredTensor(named: name)
      let original = try floats.requiredTensor(named: name)
      #expect(tensor.type == type && tensor.shape == original.shape && tensor.shape.count == 3)
      let report = try #require(reports.first { $0.name == name })
      #expect(
        report.outcome == (type == target ? .converted : .fellBack(blockSize: target.blockSize)))
      guard type != .nf4, type != .fp4 else { continue }  // scales of the whole tensor have scales
      let values = try floats.values(of: original)
      for row in [0, 33, tensor.rows - 1] {
        let own = Array(values[row * tensor.cols..<(row + 1) * tensor.cols])
        #expect(try Array(packed.bytes(of: tensor, rows: row..<row + 1)) == type.encode(own))
      }
    }
    // The router decides where a token goes, and stays as it is.
    #expect(packed.tensor(named: "blk.1.ffn_gate_inp.weight")?.type == .f32)

    // What it computes is what the same values compute that are not packed.
    let again = try Model(file: ModelFile(path: quantize(path, .f32, "again.gguf").path))
    let model = try Model(file: packed)
    #expect(model.unusedTensors.isEmpty)
    let tokens = Array(1...12)
    let expected = try again.logits(tokens, EngineOptions(.fused, kv: .f32))
    for strategy in StrategyName.allCases where !strategy.roundsActivations {
      let logits = try model.logits(tokens, EngineOptions(strategy, tileRows: 7, kv: .f32))
      let limit =
        strategy == .fused ? ForwardTests.f32Rounding : ForwardTests.f16Rounding
      #expect(try largestDifference(logits, expected) < limit, "\(strategy)")
    }
  }

  @Test func tensorsThatNobodyUsesAreNamed() throws {
    var small = try SmallModel()
    #expect(try small.load().unusedTensors.isEmpty)
    try small.set("blk.0.extra.weight", .q4_0, [2, 32], [Float](repeating: 1, count: 64))
    try small.set("extra", .f32, [3], [1, 2, 3])
    #expect(try small.load().unusedTensors == ["blk.0.extra.weight", "extra"])
    // The same without a look at the values, which may be what no pass could use.
    try small.set("output_norm.weight", .f32, [32], [Float](repeating: .nan, count: 32))
    #expect(throws: InferenceError.self) { try small.load() }
    let unused = try small.withFile { try Model.unusedTensors(of: ModelFile(path: $0)) }
    #expect(unused == ["blk.0.extra.weight", "extra"])
    small.metadata["general.architecture"] = .string("unheard-of")
    #expect(throws: InferenceError.self) {
      try small.withFile { try Model.unusedTensors(of: ModelFile(path: $0)) }
    }
  }
}
