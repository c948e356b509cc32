/// What an engine buffer is for; the trace and every plot use these six names.
public enum MemoryCategory: Int, CaseIterable, Sendable {
  /// Packed weights, as they lie in the model file.
  case weights = 0
  /// Weights turned into float16 (or float32) values: a tile, a matrix or a whole model.
  case weightsDequantized
  /// Keys and values of the positions seen so far.
  case kvCache
  /// Values that flow between operations.
  case activations
  /// Scratch that no operation's result lives in.
  case workspace
  /// The scores of the next token, one for each entry of the vocabulary.
  case logits

  /// The name in the trace and on screen: `weights_dequantized`, `kv_cache`, …
  public var name: String {
    switch self {
    case .weights: "weights"
    case .weightsDequantized: "weights_dequantized"
    case .kvCache: "kv_cache"
    case .activations: "activations"
    case .workspace: "workspace"
    case .logits: "logits"
    }
  }
}

/// Bytes alive in each category at one moment.
public struct MemoryUse: Hashable, Sendable {
  public var weights = 0
  public var weightsDequantized = 0
  public var kvCache = 0
  public var activations = 0
  public var workspace = 0
  public var logits = 0

  public init() {}

  /// Bytes alive in all categories together.
  public var total: Int {
    weights + weightsDequantized + kvCache + activations + workspace + logits
  }

  public subscript(category: MemoryCategory) -> Int {
    get {
      switch category {
      case .weights: weights
      case .weightsDequantized: weightsDequantized
      case .kvCache: kvCache
      case .activations: activations
      case .workspace: workspace
      case .logits: logits
      }
    }
    set {
      switch category {
      case .weights: weights = newValue
      case .weightsDequantized: weightsDequantized = newValue
      case .kvCache: kvCache = newValue
      case .activations: activations = newValue
      case .workspace: workspace = newValue
      case .logits: logits = newValue
      }
    }
  }
}
