import Basics
import Inference
import ModelFiles
import Tokenization
import TraceStore

/// A model file with its tokenizer, ready to run.
public struct LoadedModel: Sendable {
  public let path: String
  public let model: Model
  public let tokenizer: Tokenizer

  /// Opens the model that `-m` means; no name means the built-in one.
  ///
  /// - Throws: `RecordingError`, `GGUFError`, `InferenceError`, `TokenizerError`.
  public init(_ name: String?) throws {
    path = try ModelCatalogue.path(of: name)
    let file = try ModelFile(path: path)
    // Each of the two takes some ten milliseconds.
    let tokenizer = Concurrently { try Tokenizer(metadata: file.metadata) }
    model = try Model(file: file)
    self.tokenizer = try tokenizer.value()
  }

  /// The ids of a prompt.
  ///
  /// - Throws: `InferenceError.emptyPrompt`, `InferenceError.contextFull`.
  public func encode(_ prompt: String) throws -> [Int] {
    let ids = tokenizer.encode(prompt)
    if ids.isEmpty { throw InferenceError.emptyPrompt }
    guard ids.count <= model.config.contextLength else {
      throw InferenceError.contextFull(needed: ids.count, context: model.config.contextLength)
    }
    return ids
  }

  /// The texts of tokens as they follow each other, so that they join to the whole: a character
  /// that is spread over several tokens goes to the last of them. Control tokens go by name.
  func texts(of ids: [Int], _ decoder: inout StreamDecoder) -> [String] {
    ids.map { id in
      let isControl = tokenizer.piece(id, special: false).isEmpty
      let text = decoder.append(id)
      return isControl ? self.text(of: id) : text
    }
  }

  /// A token's own text, for tables: control tokens by name, half characters as U+FFFD.
  public func text(of id: Int) -> String {
    String(decoding: tokenizer.piece(id), as: UTF8.self)
  }
}
