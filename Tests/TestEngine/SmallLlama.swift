import Inference
import ModelFiles
import Quantization
import Synchronization
import TestSupport
import TraceStore

/// A llama with random weights, packed as q4_1.
public struct SmallLlama: Hashable, Sendable {
  public var layers = 2
  public var width: Int
  /// Width of keys and values.
  public var kv: Int
  public var headSize: Int
  public var feedForward: Int
  public var vocabulary: Int
  /// Rows of the tiles that it is run with.
  public var tileRows: Int

  public init(
    layers: Int = 2, width: Int, kv: Int, headSize: Int, feedForward: Int, vocabulary: Int,
    tileRows: Int
  ) {
    self.layers = layers
    self.width = width
    self.kv = kv
    self.headSize = headSize
    self.feedForward = feedForward
    self.vocabulary = vocabulary
    self.tileRows = tileRows
  }

  /// Values from -0.3 to 0.3, which tensors repeat, each from another block on.
  private static let blocks = Result {
    var random = SeededGenerator(seed: 1)
    return try TensorType.q4_1.encode(
      (0..<1 << 16).map { _ in Float.random(in: -0.3...0.3, using: &random) })
  }

  /// Writes the model file.
  public func write(to path: String) throws {
    let blocks = try Self.blocks.get()
    var random = SeededGenerator(seed: 2)
    var writer = GGUFWriter()
    for (key, value) in [
      ("general.architecture", GGUFValue.string("llama")),
      ("llama.context_length", .uint32(4096)), ("llama.block_count", .uint32(UInt32(layers))),
      ("llama.embedding_length", .uint32(UInt32(width))),
      ("llama.feed_forward_length", .uint32(UInt32(feedForward))),
      ("llama.attention.head_count", .uint32(UInt32(width / headSize))),
      ("llama.attention.head_count_kv", .uint32(UInt32(kv / headSize))),
      ("llama.attention.layer_norm_rms_epsilon", .float32(1e-5)),
    ] { writer.set(key, value) }

    func add(_ name: String, _ rows: Int, _ cols: Int) {
      let bytes = rows * cols / 32 * 20
      let start = 20 * Int.random(in: 0..<blocks.count / 20, using: &random)
      writer.addTensor(
        "\(name).weight", typeCode: TensorType.q4_1.rawValue, shape: [rows, cols], byteCount: bytes
      ) { sink in
        var written = 0
        while written < bytes {
          let part = blocks[(written == 0 ? start : 0)...].prefix(bytes - written)
          try sink.write(Array(part))
          written += part.count
        }
      }
    }
    func addNorm(_ name: String) throws {
      let ones = try TensorType.f32.encode([Float](repeating: 1, count: width))
      writer.addTensor("\(name).weight", type: .f32, shape: [1, width], bytes: ones)
    }
    add("token_embd", vocabulary, width)
    for layer in 0..<layers {
      try addNorm("blk.\(layer).attn_norm")
      add("blk.\(layer).attn_q", width, width)
      add("blk.\(layer).attn_k", kv, width)
      add("blk.\(layer).attn_v", kv, width)
      add("blk.\(layer).attn_output", width, width)
      try addNorm("blk.\(layer).ffn_norm")
      add("blk.\(layer).ffn_gate", feedForward, width)
      add("blk.\(layer).ffn_up", feedForward, width)
      add("blk.\(layer).ffn_down", width, feedForward)
    }
    try addNorm("output_norm")
    try writer.write(to: path)
  }

  private static let loaded = Mutex<[SmallLlama: Model]>([:])

  /// The model, which is written once a process, to a file that has no name any more.
  public func load() throws -> Model {
    try Self.loaded.withLock { loaded in
      if let known = loaded[self] { return known }
      let folder = try ScratchFolder()
      try write(to: folder.file("model.gguf"))
      let model = try Model(file: ModelFile(path: folder.file("model.gguf")))
      loaded[self] = model
      return model
    }
  }
}

extension Model {
  /// Its tensors, as a trace has them.
  public var traceTensors: [TraceTensor] {
    tensors.enumerated().map { index, tensor in
      TraceTensor(
        id: index, name: tensor.name, layer: tensor.layer, role: tensor.role, type: tensor.type,
        rows: tensor.rows, cols: tensor.cols, bytes: tensor.bytes, fileOffset: tensor.fileOffset,
        bpw: tensor.bitsPerWeight)
    }
  }
}
