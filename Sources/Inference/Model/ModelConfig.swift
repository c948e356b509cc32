/// The dimensions of a model, from the metadata of its GGUF file.
public struct ModelConfig: Sendable {
  /// `general.architecture`.
  public let architecture: String
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
  public let normEpsilon: Float

  /// Columns of the query: `headCount * headSize`.
  public var queryLength: Int { headCount * headSize }
  /// Columns of a key or a value: `kvHeadCount * headSize`.
  public var kvLength: Int { kvHeadCount * headSize }

  /// - Throws: `InferenceError`, `GGUFError`.
  init(_ values: ArchitectureMetadata, vocabulary: Int) throws {
    architecture = values.architecture
    // What a file says cannot steer the terminal that shows it.
    name = String(
      String.UnicodeScalarView(
        values.title.unicodeScalars.filter { $0.properties.generalCategory != .control }))
    vocabularyCount = vocabulary
    contextLength = try values.count("context_length")
    embeddingLength = try values.count("embedding_length")
    layerCount = try values.count("block_count")
    feedForwardLength = try values.count("feed_forward_length")
    headCount = try values.count("attention.head_count")
    kvHeadCount = try values.count("attention.head_count_kv", default: headCount)
    guard headCount % kvHeadCount == 0 else {
      throw values.refusal(
        "attention.head_count_kv", "is \(kvHeadCount), which does not divide \(headCount) heads")
    }
    guard values.has("attention.key_length") || embeddingLength % headCount == 0 else {
      throw values.refusal(
        "attention.head_count", "is \(headCount), which does not divide \(embeddingLength)")
    }
    headSize = try values.count("attention.key_length", default: embeddingLength / headCount)
    let valueSize = try values.count("attention.value_length", default: headSize)
    guard valueSize == headSize else {
      throw values.refusal("attention.value_length", "is \(valueSize), not the key's \(headSize)")
    }
    normEpsilon = Float(try values.number("attention.layer_norm_rms_epsilon"))
  }

  /// The scale of attention scores in Gemma: 1 / √``headSize``, but in the 27B model, which is
  /// known by its number of layers, that of heads as wide as the embedding divided among them.
  func gemmaScale(_ metadata: ArchitectureMetadata, layersOf27B: Int) throws -> Float {
    let size = layerCount == layersOf27B ? embeddingLength / headCount : headSize
    guard size > 0 else {
      throw metadata.refusal(
        "attention.head_count", "is \(headCount), more than the embedding's \(embeddingLength)")
    }
    return 1 / Float(size).squareRoot()
  }

  /// Caches of the keys and values of every position, in all layers.
  func caches() -> [KVShape] { caches(window: nil, every: 1) }

  /// Caches of layers that see `window` positions, but for the last of every `period`.
  func caches(window: Int?, every period: Int) -> [KVShape] {
    (0..<layerCount).map { il in
      KVShape(
        heads: kvHeadCount, headSize: headSize, window: il % period < period - 1 ? window : nil)
    }
  }
}
