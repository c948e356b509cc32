import ModelFiles

/// A family of models: which tensors its files have, and what its forward pass computes.
///
/// A new family is one file and one entry in ``architectures``.
protocol Architecture: Sendable {
  /// The values of `general.architecture` that it runs.
  static var names: [String] { get }
  /// Reads its sizes and binds its tensors.
  ///
  /// - Throws: `InferenceError` where a type or a shape is not what the forward pass needs;
  ///   `GGUFError` for metadata that is missing.
  init(_ reader: ModelReader) throws
  /// Keys and values that the cache keeps of a position, layer by layer.
  var caches: [KVShape] { get }
  /// From the tokens of a pass to logits, `(rows, nVocab)`: a row for each token of
  /// ``Pass/lastRows(of:)``.
  ///
  /// - Throws: `InferenceError`.
  func forward<Observer>(_ pass: Pass<Observer>) throws -> Activation
}

/// Every family, in the order in which people are shown them.
let architectures: [any Architecture.Type] = [
  Llama.self, Qwen3.self, Qwen3MoE.self, Gemma2.self, Gemma3.self,
]

/// The values of `general.architecture` that nibble runs.
public let architectureNames = architectures.flatMap { $0.names }
