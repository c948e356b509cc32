import GGUF

/// The dimensions of a model, from the metadata of its GGUF file.
public struct ModelConfig: Sendable {
  /// The architectures that ``Engine`` runs: one transformer with small differences.
  public enum Architecture: String, CaseIterable, Sendable {
    case llama, qwen2, qwen3
  }

  /// Which two values of a head RoPE rotates together; in traces by ggml's names of it.
  public enum RopeLayout: String, Sendable {
    /// (0, 1), (2, 3), …: `llama`, whose converters permute Q and K for it.
    case interleaved = "normal"
    /// (0, n/2), (1, n/2 + 1), …: `qwen2` and `qwen3`.
    case halves = "neox"
  }

  public let architecture: Architecture
  public let name: String
  public let vocabularyCount: Int
  /// The most positions that the model was trained for.
  public let contextLength: Int
  public let embeddingLength: Int
  public let layerCount: Int
  public let feedForwardLength: Int
  public let headCount: Int
  /// Fewer than ``headCount`` under grouped-query attention.
  public let kvHeadCount: Int
  public let headSize: Int
  /// How many values of each head are rotated.
  public let ropeCount: Int
  public let ropeLayout: RopeLayout
  public let ropeBase: Double
  /// Positions are divided by it (linear scaling); 1 for most models.
  public let ropeScale: Double
  public let normEpsilon: Float

  /// Columns of the query: `headCount * headSize`.
  public var queryLength: Int { headCount * headSize }
  /// Columns of a key or a value: `kvHeadCount * headSize`.
  public var kvLength: Int { kvHeadCount * headSize }

  /// - Throws: `InferenceError`, `GGUFError`.
  init(file: GGUFFile, vocabularyCount: Int) throws {
    let metadata = file.metadata
    let path = file.path
    let architectureName = try metadata.string("general.architecture")
    guard let architecture = Architecture(rawValue: architectureName) else {
      throw InferenceError.unknownArchitecture(architectureName, path: path)
    }
    func key(_ suffix: String) -> String { "\(architectureName).\(suffix)" }
    func count(_ suffix: String, default fallback: Int? = nil) throws -> Int {
      if let fallback, metadata[key(suffix)] == nil { return fallback }
      let value = try metadata.int(key(suffix))
      guard (1...(1 << 24)).contains(value) else {
        throw InferenceError.badMetadata(key: key(suffix), problem: "is \(value)", path: path)
      }
      return value
    }
    func number(_ suffix: String, default fallback: Double? = nil) throws -> Double {
      if let fallback, metadata[key(suffix)] == nil { return fallback }
      let value = Double(try metadata.float(key(suffix)))
      guard value.isFinite, value > 0 else {
        throw InferenceError.badMetadata(key: key(suffix), problem: "is \(value)", path: path)
      }
      return value
    }
    func refuse(_ suffix: String, _ problem: String) -> InferenceError {
      .badMetadata(key: key(suffix), problem: problem, path: path)
    }

    self.architecture = architecture
    let title = (try? metadata.string("general.name")) ?? architectureName
    // What a file says cannot steer the terminal that shows it.
    self.name = String(
      String.UnicodeScalarView(
        title.unicodeScalars.filter { $0.properties.generalCategory != .control }))
    self.vocabularyCount = vocabularyCount
    contextLength = try count("context_length")
    embeddingLength = try count("embedding_length")
    layerCount = try count("block_count")
    feedForwardLength = try count("feed_forward_length")
    headCount = try count("attention.head_count")
    kvHeadCount = try count("attention.head_count_kv", default: headCount)
    guard headCount % kvHeadCount == 0 else {
      throw refuse("attention.head_count_kv", "is \(kvHeadCount), no divisor of \(headCount) heads")
    }
    guard metadata[key("attention.key_length")] != nil || embeddingLength % headCount == 0 else {
      throw refuse("attention.head_count", "is \(headCount), no divisor of \(embeddingLength)")
    }
    headSize = try count("attention.key_length", default: embeddingLength / headCount)
    let valueSize = try count("attention.value_length", default: headSize)
    guard valueSize == headSize else {
      throw refuse("attention.value_length", "is \(valueSize), not the key's \(headSize)")
    }
    ropeCount = try count("rope.dimension_count", default: headSize)
    guard ropeCount <= headSize, ropeCount % 2 == 0 else {
      throw refuse("rope.dimension_count", "is \(ropeCount) for a head size of \(headSize)")
    }
    ropeLayout = architecture == .llama ? .interleaved : .halves
    ropeBase = try number("rope.freq_base", default: 10000)
    normEpsilon = Float(try number("attention.layer_norm_rms_epsilon"))
    if metadata[key("expert_count")] != nil, try metadata.int(key("expert_count")) > 0 {
      throw refuse("expert_count", "says mixture of experts, which nibble does not run")
    }
    switch metadata[key("rope.scaling.type")] == nil
      ? "linear" : try metadata.string(key("rope.scaling.type"))
    {
    case "none": ropeScale = 1
    case "linear":  // older files have the factor under an older name
      ropeScale = try number(
        "rope.scaling.factor", default: try number("rope.scale_linear", default: 1))
    case let other:
      throw refuse("rope.scaling.type", "is '\(other)', which nibble does not run")
    }
  }
}
