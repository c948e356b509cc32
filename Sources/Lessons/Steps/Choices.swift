import Foundation
import TraceStore

/// Several choices, one of which is right: written down, or computed from a recording.
struct Choices {
  let keys: [String]
  private let answer: Answer

  private enum Answer {
    case key(String)
    case query(ValueQuery)
  }

  init(_ step: YAMLMapping, id: String) throws {
    keys = try step.strings("choices")
    guard keys.count > 1, Set(keys).count == keys.count else {
      throw step.error("the step \"\(id)\" needs at least two \"choices\"", at: step["choices"])
    }
    for (index, key) in keys.enumerated() where key.count == 1 && key != Self.letter(index) {
      throw step.error("choices of one letter have to be a, b, c…", at: step["choices"])
    }
    guard let node = step["answer"] else {
      throw step.error("the step \"\(id)\" needs an \"answer\"")
    }
    if let key = node.scalar?.string {
      guard keys.contains(key) else {
        throw step.error("the answer \"\(key)\" is none of the choices", at: node)
      }
      answer = .key(key)
    } else {
      answer = .query(
        try ValueQuery(
          YAMLMapping(node, path: step.path, what: "the answer"), what: "the answer of \"\(id)\""))
    }
  }

  var queries: [ValueQuery] {
    if case .query(let query) = answer { [query] } else { [] }
  }

  /// The key of the right choice.
  ///
  /// - Throws: as ``Values/single(_:of:more:)``.
  func right(_ values: Values) throws -> String {
    switch answer {
    case .key(let key): return key
    case .query(let query): return try values.single(query, of: "the answer").text ?? ""
    }
  }

  /// `a`, `b`…: what is typed for the choice.
  func letter(of key: String) -> String {
    guard let index = keys.firstIndex(of: key) else { return key }
    return Self.letter(index)
  }

  static func letter(_ index: Int) -> String {
    String(UnicodeScalar(UInt8(ascii: "a") + UInt8(min(index, 25))))
  }

  /// `a, b, c`
  var letters: String { keys.indices.map(Self.letter).joined(separator: ", ") }

  /// The choice that an answer means: by its letter, or by its key.
  func key(of answer: String) -> String? {
    var word = answer.trimmingCharacters(in: .whitespaces).lowercased()
    if let last = word.last, ").".contains(last) { word.removeLast() }
    if let index = keys.indices.first(where: { Self.letter($0) == word }) { return keys[index] }
    return keys.first { $0.lowercased() == word }
  }
}
