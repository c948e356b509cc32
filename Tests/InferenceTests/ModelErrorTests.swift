import Foundation
import ModelFiles
import Quantization
import TestSupport
import Testing

@testable import Inference

/// Files that are GGUF but no model that nibble runs: one sentence that names the thing.
@Suite struct ModelErrorTests {
  @Test func theSmallModelItselfRuns() throws {
    for type in [TensorType.q4_0, .q8_0, .f16, .f32, .bf16] {
      let logits = try SmallModel(type: type).load().logits([1, 2, 3], EngineOptions())
      #expect(logits.count == 3 && logits.joined().allSatisfy { $0.isFinite })
    }
  }

  @Test func unknownArchitecture() throws {
    var small = try SmallModel()
    small.metadata["general.architecture"] = .string("mamba")
    let text = small.loadError()
    #expect(text.contains("'mamba'") && text.contains("llama, qwen2, qwen3"))
  }

  @Test func missingTensor() throws {
    for name in try SmallModel().tensors.keys {
      var small = try SmallModel()
      small.tensors[name] = nil
      #expect(small.loadError().contains("'\(name)' is missing"))
    }
  }

  @Test func missingMetadata() throws {
    let optional: Set = ["llama.attention.head_count_kv"]
    for key in try SmallModel().metadata.keys where !optional.contains(key) {
      var small = try SmallModel()
      small.metadata[key] = nil
      let error = #expect(throws: GGUFError.self) { try small.load() }
      #expect(error?.description.contains(key) == true)
    }
  }

  @Test func wrongShape() throws {
    for name in ["blk.0.attn_k.weight", "blk.0.ffn_down.weight", "token_embd.weight"] {
      var small = try SmallModel()
      try small.set(name, .f32, [3, 17], [Float](repeating: 0, count: 51))
      let text = small.loadError()
      #expect(text.contains("'\(name)' is (3, 17) where"))
    }
    var small = try SmallModel()
    try small.set("output_norm.weight", .f32, [31], [Float](repeating: 0, count: 31))
    #expect(small.loadError().contains("'output_norm.weight' is (31) where the metadata asks"))
    small = try SmallModel()
    try small.set(
      "blk.0.attn_q.weight", .f32, [2, 16, 32], [Float](repeating: 0, count: 1024))
    #expect(small.loadError().contains("is (2, 16, 32) where the metadata asks for (32, 32)"))
    small = try SmallModel()
    try small.set("blk.0.attn_q.bias", .f32, [31], [Float](repeating: 0, count: 31))
    #expect(small.loadError().contains("'blk.0.attn_q.bias' is (31)"))
  }

  @Test func typesThatNibbleCannotComputeWith() throws {
    var small = try SmallModel()
    small.tensors["token_embd.weight"] = SmallModel.Tensor(
      typeCode: 17, shape: [20, 256], bytes: [UInt8](repeating: 0, count: 20 * 74))
    let text = small.loadError()
    #expect(text.contains("'token_embd.weight' is of type iq2_xs"))
    small = try SmallModel()
    small.tensors["blk.0.ffn_norm.weight"] = SmallModel.Tensor(
      typeCode: 26, shape: [32], bytes: [UInt8](repeating: 0, count: 128))
    #expect(small.loadError().contains("'blk.0.ffn_norm.weight' is of type i32"))
  }

  /// A tensor that no pass reads may be of any type.
  @Test func tensorsThatAreNotUsedAreNotRead() throws {
    var small = try SmallModel()
    small.tensors["blk.0.rope_cache"] = SmallModel.Tensor(
      typeCode: 17, shape: [1, 256], bytes: [UInt8](repeating: 0, count: 74))
    let model = try small.load()
    #expect(model.tensors.map(\.type).contains("iq2_xs"))
    #expect(try model.logits([1], EngineOptions(.wholeModel)).count == 1)
  }

  @Test(arguments: [UInt16(0x7c00), 0xfc00, 0x7e01])
  func scalesThatAreNoNumbers(bits: UInt16) throws {
    var small = try SmallModel()
    let name = "blk.0.ffn_up.weight"
    small.tensors[name]?.bytes[18] = UInt8(bits & 0xff)  // the second block's scale
    small.tensors[name]?.bytes[19] = UInt8(bits >> 8)
    #expect(small.loadError().contains("'\(name)' holds numbers that cannot be"))
  }

  @Test(arguments: [Float(0), -1, .infinity, .nan])
  func ropeFactorsMustBePositive(factor: Float) throws {
    var small = try SmallModel()
    var factors = [Float](repeating: 1, count: 8)
    small.tensors["rope_freqs.weight"] = SmallModel.Tensor(
      typeCode: 0, shape: [8], bytes: [UInt8](repeating: 0, count: 32))
    factors[5] = factor
    small.tensors["rope_freqs.weight"]?.bytes = factors.withUnsafeBytes(Array.init)
    #expect(small.loadError().contains("'rope_freqs.weight' holds numbers that cannot be"))
  }

  @Test(arguments: [
    ("llama.attention.head_count", GGUFValue.uint32(5), "does not divide 32"),
    ("llama.attention.head_count_kv", .uint32(3), "does not divide 2"),
    ("llama.attention.head_count", .uint32(0), "is 0"),
    ("llama.attention.head_count", .uint32(64), "does not divide 32"),
    ("llama.context_length", .uint32(0), "is 0"),
    ("llama.block_count", .int32(-1), "is -1"),
    ("llama.embedding_length", .uint32(4_000_000_000), "is 4000000000"),
    ("llama.attention.layer_norm_rms_epsilon", .float32(-1), "is -1.0"),
    ("llama.attention.layer_norm_rms_epsilon", .float32(.nan), "is nan"),
    ("llama.rope.freq_base", .float32(.infinity), "is inf"),
    ("llama.rope.dimension_count", .uint32(17), "is 17 for a head size of 16"),
    ("llama.rope.dimension_count", .uint32(18), "is 18 for a head size of 16"),
    ("llama.attention.value_length", .uint32(8), "is 8, not the key's 16"),
    ("llama.rope.scaling.type", .string("yarn"), "'yarn'"),
    ("llama.rope.scaling.factor", .float32(0), "is 0.0"),
    ("llama.expert_count", .uint32(8), "mixture of experts"),
  ])
  func metadataThatNoModelHas(key: String, value: GGUFValue, problem: String) throws {
    var small = try SmallModel()
    small.metadata[key] = value
    let text = small.loadError()
    #expect(text.contains("'\(key)'") && text.contains(problem), "\(text)")
  }

  @Test func metadataOfTheWrongType() throws {
    var small = try SmallModel()
    small.metadata["llama.block_count"] = .string("one")
    #expect(throws: GGUFError.self) { try small.load() }
  }

  /// A few hundred damaged headers: each loads and runs, or says in a typed error why not.
  @Test func damageEndsInSuccessOrATypedError() throws {
    let intact = try SmallModel().withFile { path in
      Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }
    let dataStart =
      intact.count - (try SmallModel().tensors.values.reduce(0) { $0 + $1.bytes.count })
    let folder = try ScratchFolder()
    let path = folder.file("damaged.gguf")
    var outcomes: [String: Int] = [:]
    for seed in 0..<400 {
      var random = SeededGenerator(seed: UInt64(seed))
      var bytes = intact
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let limit = Bool.random(using: &random) ? dataStart : bytes.count
        bytes[Int.random(in: 8..<limit, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      unlink(path)
      let stream = try #require(fopen(path, "w"))
      try #require(fwrite(bytes, 1, bytes.count, stream) == bytes.count)
      fclose(stream)
      do {
        let model = try Model(file: ModelFile(path: path))
        let tokens = [1, 2, 3].map { $0 % model.config.vocabularyCount }
        _ = try model.logits(tokens, EngineOptions(tileRows: 7))
        outcomes["success", default: 0] += 1
      } catch let error as InferenceError {
        #expect(!error.description.isEmpty)
        outcomes["InferenceError", default: 0] += 1
      } catch let error as GGUFError {
        #expect(error.description.contains(path))
        outcomes["GGUFError", default: 0] += 1
      }
    }
    #expect(outcomes.count == 3, "damage of each kind: \(outcomes)")
  }
}
