import Events
import ModelFiles
import Quantization

/// Reads the sizes of a model and hands out its tensors, each checked for what the forward pass can
/// use. It remembers every tensor that it handed out.
final class ModelReader {
  let metadata: ArchitectureMetadata
  let config: ModelConfig
  /// Matrices in the order in which they were first handed out.
  private(set) var matrices: [Weight] = []
  /// Vectors in that order.
  private(set) var vectors: [Vector] = []
  /// Indices of the tensors that were handed out.
  private var used: Set<Int> = []

  /// Names of the tensors that nobody asked for, in the order of the file.
  var unusedTensors: [String] {
    file.tensors.indices.filter { !used.contains($0) }.map { file.tensors[$0].name }
  }

  /// Rotations that were read.
  private var rotaries = 0
  private let file: ModelFile
  private let indices: [String: Int]
  private let checksValues: Bool

  /// - Parameter checksValues: `false` reads no weights, and does not tell what tiles are made of.
  /// - Throws: `InferenceError` for metadata out of range; `GGUFError` for metadata that is
  ///   missing.
  init(_ file: ModelFile, checksValues: Bool = true) throws {
    self.file = file
    self.checksValues = checksValues
    indices = Dictionary(
      file.tensors.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    guard let embedding = file.tensor(named: "token_embd.weight") else {
      throw InferenceError.missingTensor("token_embd.weight", path: file.path)
    }
    metadata = try ArchitectureMetadata(file)
    config = try ModelConfig(metadata, vocabulary: embedding.rows)
  }

  // MARK: - Tensors

  /// The rows of every entry of the vocabulary, `(nVocab, nEmbd)`.
  func tokenEmbedding() throws -> Weight {
    try matrix("token_embd.weight", [config.vocabularyCount, config.embeddingLength])
  }

  /// The output matrix, `(nVocab, nEmbd)`: the embeddings where the file has no other.
  func output() throws -> Linear {
    guard has("output") else { return Linear(weight: try tokenEmbedding()) }
    return try linear("output", config.vocabularyCount, config.embeddingLength)
  }

  /// Reads each layer; names of tensors within `body` have `blk.N.` before them.
  func layers<Layer>(_ body: (LayerReader) throws -> Layer) throws -> [Layer] {
    try (0..<config.layerCount).map { try body(LayerReader(reader: self, prefix: "blk.\($0).")) }
  }

  /// Whether the file has the tensor `name.weight`.
  func has(_ name: String) -> Bool { indices["\(name).weight"] != nil }

  /// `name.weight` as f32, `(count)`.
  func vector(_ name: String, _ count: Int) throws -> Vector {
    try vector(named: "\(name).weight", count)
  }

  /// `name.weight`, `(rows, cols)`, and `name.bias`, `(rows)`, where the file has one.
  ///
  /// - Parameter heads: how many lie side by side in its output; `nil` if they are not told apart.
  func linear(_ name: String, _ rows: Int, _ cols: Int, heads: Int? = nil) throws -> Linear {
    Linear(
      weight: try matrix("\(name).weight", [rows, cols]),
      bias: indices["\(name).bias"] == nil ? nil : try vector(named: "\(name).bias", rows),
      heads: heads)
  }

  /// `name.weight`, `(count, rows, cols)`: a matrix an expert.
  func experts(_ name: String, _ count: Int, _ rows: Int, _ cols: Int) throws -> Experts {
    Experts(weight: try matrix("\(name).weight", [count, rows, cols]), count: count)
  }

  private func matrix(_ name: String, _ shape: [Int]) throws -> Weight {
    let (index, tensor, type, bytes) = try find(name)
    guard tensor.shape == shape, let rowBytes = type.byteCount(of: tensor.cols),
      let base = bytes.baseAddress
    else {
      throw InferenceError.wrongShape(
        tensor: name, expected: shape, found: tensor.shape, path: file.path)
    }
    if let known = matrices.first(where: { $0.index == index }) { return known }
    var tileType = TileDescription.ValueType.f16
    if type.isQuantized, checksValues {
      let bound = try type.magnitudeBound(bytes)
      guard bound.isFinite else {
        throw InferenceError.notFinite(tensor: name, path: file.path)
      }
      if bound > 65504 { tileType = .f32 }  // the largest f16
    }
    let weight = Weight(
      index: index, name: name, layer: WeightTensor.layer(of: name), type: type,
      rows: tensor.rows, cols: tensor.cols, experts: shape.count == 3 ? shape[0] : nil,
      rowBytes: rowBytes, tileType: tileType, packed: base)
    matrices.append(weight)
    return weight
  }

  private func vector(named name: String, _ count: Int) throws -> Vector {
    let (_, tensor, type, bytes) = try find(name)
    guard tensor.rows == 1, tensor.cols == count else {
      throw InferenceError.wrongShape(
        tensor: name, expected: [count], found: tensor.shape, path: file.path)
    }
    guard try !checksValues || type.magnitudeBound(bytes).isFinite else {
      throw InferenceError.notFinite(tensor: name, path: file.path)
    }
    if let known = vectors.first(where: { $0.name == name }) { return known }
    let vector = try Vector(name: name, type: type, count: count, bytes: bytes)
    vectors.append(vector)
    return vector
  }

  private func find(
    _ name: String
  ) throws -> (Int, StoredTensor, TensorType, UnsafeRawBufferPointer) {
    guard let index = indices[name] else {
      throw InferenceError.missingTensor(name, path: file.path)
    }
    let tensor = file.tensors[index]
    guard let type = tensor.type else {
      throw InferenceError.unusableType(tensor: name, type: tensor.typeName, path: file.path)
    }
    used.insert(index)
    return (index, tensor, type, file.bytes(of: tensor))
  }

  // MARK: - Metadata

  /// The rotation that the file describes, scaled linearly where it says so.
  func rotary(_ layout: RopeLayout) throws -> Rotary {
    var factor = 1.0
    switch try metadata.text("rope.scaling.type") ?? "linear" {
    case "none": break
    case "linear":  // older files have the factor under an older name
      factor = try metadata.number(
        "rope.scaling.factor", default: try metadata.number("rope.scale_linear", default: 1))
    case let other:
      throw metadata.refusal("rope.scaling.type", "is '\(other)', which nibble does not run")
    }
    return try rotary(
      layout, base: try metadata.number("rope.freq_base", default: 10000), factor: factor,
      factors: try ropeFactors())
  }

  /// The rotation of layers with a window, where they have their own.
  func localRotary(_ layout: RopeLayout, base: Double) throws -> Rotary {
    try rotary(
      layout, base: try metadata.number("rope.freq_base_swa", default: base), factor: 1,
      factors: nil)
  }

  private func rotary(
    _ layout: RopeLayout, base: Double, factor: Double, factors: Vector?
  ) throws -> Rotary {
    rotaries += 1
    return Rotary(
      layout: layout, base: base, factor: factor, dimensions: try ropeDimensions(),
      headSize: config.headSize, factors: factors,
      table: Slot(rotaries == 1 ? "rope table" : "rope table \(rotaries)", .workspace))
  }

  private func ropeDimensions() throws -> Int {
    let dimensions = try metadata.count("rope.dimension_count", default: config.headSize)
    guard dimensions <= config.headSize, dimensions % 2 == 0 else {
      throw metadata.refusal(
        "rope.dimension_count", "is \(dimensions) for a head size of \(config.headSize)")
    }
    return dimensions
  }

  private func ropeFactors() throws -> Vector? {
    guard has("rope_freqs") else { return nil }
    let factors = try vector("rope_freqs", try ropeDimensions() / 2)
    guard !checksValues || factors.buffer.allSatisfy({ $0 > 0 }) else {
      throw InferenceError.notFinite(tensor: factors.name, path: file.path)
    }
    return factors
  }
}

/// Hands out the tensors of one layer.
struct LayerReader {
  fileprivate let reader: ModelReader
  fileprivate let prefix: String

  func vector(_ name: String, _ count: Int) throws -> Vector {
    try reader.vector(prefix + name, count)
  }

  func linear(_ name: String, _ rows: Int, _ cols: Int, heads: Int? = nil) throws -> Linear {
    try reader.linear(prefix + name, rows, cols, heads: heads)
  }

  func experts(_ name: String, _ count: Int, _ rows: Int, _ cols: Int) throws -> Experts {
    try reader.experts(prefix + name, count, rows, cols)
  }
}
