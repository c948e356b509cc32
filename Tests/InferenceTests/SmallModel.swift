import Foundation
import ModelFiles
import Quantization
import TestSupport
import Testing

@testable import Inference

/// A llama of one layer that a test changes before it is written: what no converter would write.
struct SmallModel {
  struct Tensor {
    var typeCode: UInt32
    var shape: [Int]
    var bytes: [UInt8]
  }

  var metadata: [String: GGUFValue] = [
    "general.architecture": .string("llama"),
    "llama.context_length": .uint32(24),
    "llama.embedding_length": .uint32(32),
    "llama.block_count": .uint32(1),
    "llama.feed_forward_length": .uint32(64),
    "llama.attention.head_count": .uint32(2),
    "llama.attention.head_count_kv": .uint32(1),
    "llama.attention.layer_norm_rms_epsilon": .float32(1e-5),
  ]
  var tensors: [String: Tensor] = [:]

  /// - Parameter type: of the matrices.
  init(type: TensorType = .q4_0) throws {
    var random = SeededGenerator(seed: 1)
    let matrices = [
      ("token_embd", 20, 32), ("blk.0.attn_q", 32, 32), ("blk.0.attn_k", 16, 32),
      ("blk.0.attn_v", 16, 32), ("blk.0.attn_output", 32, 32), ("blk.0.ffn_gate", 64, 32),
      ("blk.0.ffn_up", 64, 32), ("blk.0.ffn_down", 32, 64),
    ]
    for (name, rows, cols) in matrices {
      let values = (0..<rows * cols).map { _ in Float.random(in: -0.3...0.3, using: &random) }
      try set("\(name).weight", type, [rows, cols], values)
    }
    for name in ["blk.0.attn_norm", "blk.0.ffn_norm", "output_norm"] {
      try set("\(name).weight", .f32, [32], [Float](repeating: 1, count: 32))
    }
  }

  mutating func set(_ name: String, _ type: TensorType, _ shape: [Int], _ values: [Float]) throws {
    tensors[name] = Tensor(
      typeCode: type.rawValue, shape: shape, bytes: try type.encode(values))
  }

  /// Writes the file and does `body` with its path, where it is no longer after that.
  func withFile<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = try ScratchFolder()
    let path = folder.file("small.gguf")
    var writer = GGUFWriter()
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) { writer.set(key, value) }
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      writer.addTensor(
        name, typeCode: tensor.typeCode, shape: tensor.shape, byteCount: tensor.bytes.count
      ) { try $0.write(tensor.bytes) }
    }
    try writer.write(to: path)
    return try body(path)
  }

  func load() throws -> Model {
    try withFile { try Model(file: ModelFile(path: $0)) }
  }

  /// The sentence of the `InferenceError` that loading it throws.
  func loadError(_ location: SourceLocation = #_sourceLocation) -> String {
    let error = #expect(throws: InferenceError.self, sourceLocation: location) { try load() }
    return error?.description ?? ""
  }
}
