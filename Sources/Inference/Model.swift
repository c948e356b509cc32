import CKernels
import GGUF
import Quantization

/// A model whose weights stay packed in the mapped file.
public final class Model: Sendable {
  public let file: GGUFFile
  public let config: ModelConfig
  /// Every tensor of the file, in its order; the index is the tensor's id in a trace.
  public let tensors: [WeightTensor]
  let tokenEmbedding: Weight  // token_embd  (nVocab, nEmbd)
  let layers: [Layer]
  let outputNorm: Vector  // output_norm  (nEmbd)
  let output: Linear  // output  (nVocab, nEmbd), or token_embd where they are tied
  let ropeFactors: Vector?  // rope_freqs  (ropeCount / 2)

  /// Bytes of all packed tensors in the file.
  public var packedBytes: Int { tensors.reduce(0) { $0 + $1.bytes } }
  /// Bytes of all packed tensors in memory: more than in the file where the nested scales of nf4 and
  /// fp4 are resolved.
  public var residentBytes: Int { file.tensors.reduce(0) { $0 + $1.residentBytes } }
  /// Bytes of the tensors that are where the file is mapped, or of the others.
  func packedBytes(whereMapped isMapped: Bool) -> Int {
    file.tensors.filter { $0.isMapped == isMapped }.reduce(0) { $0 + $1.byteCount }
  }
  /// Whether a matrix is where the file is mapped.
  func isMapped(_ weight: Weight) -> Bool { file.tensors[weight.index].isMapped }
  /// Bytes of all quantized matrices as f16, and of the other tensors as they are: what
  /// dequantizing the whole model would take in place of ``packedBytes``.
  public var float16Bytes: Int {
    tensors.reduce(0) { sum, tensor in
      let quantized = TensorType(name: tensor.type)?.isQuantized ?? false
      return sum + (quantized ? tensor.rows * tensor.cols * 2 : tensor.bytes)
    }
  }
  /// Bytes of the vectors that are not f32 in the file and were made so when it was opened.
  var convertedBytes: Int {
    var vectors = [outputNorm, ropeFactors, output.bias]
    for layer in layers {
      vectors += [layer.attnNorm, layer.queryNorm, layer.keyNorm, layer.ffnNorm]
      vectors += layer.linears.map(\.bias)
    }
    return vectors.reduce(0) { $0 + ($1?.ownedBytes ?? 0) }
  }
  /// The matrices that products are computed with, each once.
  var matrices: [Weight] {
    var all = [tokenEmbedding]
    for layer in layers { all += layer.linears.map(\.weight) }
    if output.weight.index != tokenEmbedding.index { all.append(output.weight) }
    return all
  }

  /// Gives the pages of some rows of a matrix, by default all, in the mapped file back to the
  /// system, until they are read again.
  func releasePages(of weight: Weight, rows: Range<Int>? = nil) {
    file.releasePages(of: file.tensors[weight.index], rows: rows)
  }

  /// Bytes of the largest tile of at most `rows` rows; 0 where no matrix is quantized.
  func largestTile(rows: Int) -> Int {
    matrices.filter(\.type.isQuantized).map { $0.tileBytes(rows: min(rows, $0.rows)) }.max() ?? 0
  }

  /// Binds the tensors of `file` to the places where the forward pass uses them.
  ///
  /// - Throws: `InferenceError` where the architecture, a type or a shape is not what the
  ///   forward pass needs; `GGUFError` for metadata that is missing.
  public init(file: GGUFFile) throws {
    let binder = TensorBinder(file: file)
    let embedding = try binder.matrix("token_embd.weight", rows: nil, cols: nil)
    let config = try ModelConfig(file: file, vocabularyCount: embedding.rows)
    let nEmbd = config.embeddingLength
    guard embedding.cols == nEmbd else {
      throw InferenceError.wrongShape(
        tensor: embedding.name, expected: [embedding.rows, nEmbd],
        found: [embedding.rows, embedding.cols], path: file.path)
    }
    self.file = file
    self.config = config
    tensors = binder.tensors
    tokenEmbedding = embedding
    layers = try (0..<config.layerCount).map { il in
      func vector(_ name: String, _ count: Int) throws -> Vector {
        try binder.vector("blk.\(il).\(name).weight", count)
      }
      func linear(_ name: String, _ rows: Int, _ cols: Int) throws -> Linear {
        try binder.linear("blk.\(il).\(name)", rows, cols)
      }
      let hasHeadNorms = config.architecture == .qwen3
      return Layer(
        attnNorm: try vector("attn_norm", nEmbd),
        query: try linear("attn_q", config.queryLength, nEmbd),
        key: try linear("attn_k", config.kvLength, nEmbd),
        value: try linear("attn_v", config.kvLength, nEmbd),
        queryNorm: hasHeadNorms ? try vector("attn_q_norm", config.headSize) : nil,
        keyNorm: hasHeadNorms ? try vector("attn_k_norm", config.headSize) : nil,
        attnOutput: try linear("attn_output", nEmbd, config.queryLength),
        ffnNorm: try vector("ffn_norm", nEmbd),
        ffnGate: try linear("ffn_gate", config.feedForwardLength, nEmbd),
        ffnUp: try linear("ffn_up", config.feedForwardLength, nEmbd),
        ffnDown: try linear("ffn_down", nEmbd, config.feedForwardLength))
    }
    outputNorm = try binder.vector("output_norm.weight", nEmbd)
    output =
      file.tensor(named: "output.weight") == nil
      ? Linear(weight: embedding, bias: nil)
      : try binder.linear("output", config.vocabularyCount, nEmbd)
    ropeFactors =
      file.tensor(named: "rope_freqs.weight") == nil
      ? nil : try binder.vector("rope_freqs.weight", config.ropeCount / 2)
    if let ropeFactors, !ropeFactors.buffer.allSatisfy({ $0.isFinite && $0 > 0 }) {
      throw InferenceError.notFinite(tensor: ropeFactors.name, path: file.path)
    }
  }
}

/// Finds tensors by name and checks that they are what the forward pass can use.
private struct TensorBinder {
  let file: GGUFFile
  let tensors: [WeightTensor]
  private let indices: [String: Int]

  init(file: GGUFFile) {
    self.file = file
    tensors = file.tensors.map {
      WeightTensor(
        name: $0.name, type: $0.typeName, rows: $0.rows, cols: $0.cols, bytes: $0.byteCount,
        fileOffset: $0.fileOffset)
    }
    indices = Dictionary(
      tensors.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  func matrix(_ name: String, rows: Int?, cols: Int?) throws -> Weight {
    let (index, tensor, type, bytes) = try find(name)
    let found = [tensor.rows, tensor.cols]
    guard tensor.shape.count <= 2, tensor.rows == rows ?? tensor.rows,
      tensor.cols == cols ?? tensor.cols, let rowBytes = type.byteCount(of: tensor.cols),
      let base = bytes.baseAddress
    else {
      throw InferenceError.wrongShape(
        tensor: name, expected: [rows ?? tensor.rows, cols ?? tensor.cols],
        found: tensor.shape.count <= 2 ? found : tensor.shape, path: file.path)
    }
    var tileType = TileDescription.ValueType.f16
    if type.isQuantized {
      let bound = nibble_magnitude_bound(type.rawValue, base, tensor.rows * tensor.cols)
      guard bound.isFinite else {
        throw InferenceError.notFinite(tensor: name, path: file.path)
      }
      if bound > 65504 { tileType = .f32 }  // the largest f16
    }
    return Weight(
      index: index, name: name, type: type, rows: tensor.rows, cols: tensor.cols,
      rowBytes: rowBytes, tileType: tileType, packed: base)
  }

  func vector(_ name: String, _ count: Int) throws -> Vector {
    let (_, tensor, type, bytes) = try find(name)
    guard tensor.rows == 1, tensor.cols == count else {
      throw InferenceError.wrongShape(
        tensor: name, expected: [count], found: tensor.shape, path: file.path)
    }
    guard let base = bytes.baseAddress,
      nibble_magnitude_bound(type.rawValue, base, count).isFinite
    else {
      throw InferenceError.notFinite(tensor: name, path: file.path)
    }
    return Vector(name: name, type: type, count: count, bytes: bytes)
  }

  func linear(_ name: String, _ rows: Int, _ cols: Int) throws -> Linear {
    Linear(
      weight: try matrix(name + ".weight", rows: rows, cols: cols),
      bias: indices[name + ".bias"] == nil ? nil : try vector(name + ".bias", rows))
  }

  private func find(
    _ name: String
  ) throws -> (Int, GGUFTensor, TensorType, UnsafeRawBufferPointer) {
    guard let index = indices[name] else {
      throw InferenceError.missingTensor(name, path: file.path)
    }
    let tensor = file.tensors[index]
    guard let type = tensor.type else {
      throw InferenceError.unusableType(tensor: name, type: tensor.typeName, path: file.path)
    }
    return (index, tensor, type, file.bytes(of: tensor))
  }
}
