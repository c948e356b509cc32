import Foundation
import Yams

/// A mapping of a YAML file whose keys are known, with the place of everything for messages.
struct YAMLMapping {
  let path: String
  let line: Int?
  /// Keys in the order of the file.
  let entries: [(key: String, node: Node)]

  /// Reads a file that is a mapping.
  ///
  /// - Throws: ``LessonError/file(path:line:problem:)``.
  static func read(_ url: URL) throws -> YAMLMapping {
    let path = url.path
    guard let data = FileManager.default.contents(atPath: path) else {
      throw LessonError.file(path: path, line: nil, problem: "there is no such file")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw LessonError.file(path: path, line: nil, problem: "is no UTF-8 text")
    }
    let node: Node?
    do {
      node = try Yams.compose(yaml: text)
    } catch let error as YamlError {
      throw LessonError.file(path: path, line: error.line, problem: "is no YAML: \(error.words)")
    }
    guard let node else {
      throw LessonError.file(path: path, line: nil, problem: "is empty")
    }
    return try YAMLMapping(node, path: path, what: "the file")
  }

  /// - Parameter what: what should be a mapping, for the message.
  init(_ node: Node, path: String, what: String) throws {
    self.path = path
    line = node.mark?.line
    guard case .mapping(let mapping) = node else {
      throw LessonError.file(
        path: path, line: node.mark?.line, problem: "\(what) has to be a mapping")
    }
    var entries: [(String, Node)] = []
    for (key, value) in mapping {
      guard let name = key.scalar?.string else {
        throw LessonError.file(path: path, line: key.mark?.line, problem: "a key has to be a name")
      }
      guard !entries.contains(where: { $0.0 == name }) else {
        throw LessonError.file(
          path: path, line: key.mark?.line, problem: "\"\(name)\" is there twice")
      }
      entries.append((name, value))
    }
    self.entries = entries
  }

  func error(_ problem: String, at node: Node? = nil) -> LessonError {
    .file(path: path, line: node?.mark?.line ?? line, problem: problem)
  }

  /// - Throws: where there is a key that is none of these.
  func allow(_ keys: [String], of what: String) throws {
    for (key, node) in entries where !keys.contains(key) {
      throw error(
        "\"\(key)\" is no key of \(what); there are \(keys.joined(separator: ", "))", at: node)
    }
  }

  subscript(key: String) -> Node? { entries.first { $0.key == key }?.node }

  /// A text, as it is written.
  func string(_ key: String) throws -> String? {
    guard let node = self[key] else { return nil }
    guard let scalar = node.scalar else { throw error("\"\(key)\" has to be a text", at: node) }
    return scalar.string
  }

  func required(_ key: String, of what: String) throws -> String {
    guard let text = try string(key), !text.isEmpty else {
      throw error("\(what) needs \"\(key)\"")
    }
    return text
  }

  /// The name of a file that the lesson makes: letters, digits, `-` and `_`.
  func fileName(_ key: String, of what: String) throws -> String {
    let name = try required(key, of: what)
    try checkFileName(name, at: self[key])
    return name
  }

  func checkFileName(_ name: String, at node: Node?) throws {
    let isName = name.allSatisfy {
      $0.isASCII && ($0.isLetter || $0.isNumber) || $0 == "-" || $0 == "_"
    }
    guard isName else {
      throw error("\"\(name)\" is no name; it takes letters, digits, - and _", at: node)
    }
  }

  func integer(_ key: String) throws -> Int? {
    guard let text = try string(key) else { return nil }
    guard let value = Int(text) else {
      throw error("\"\(key)\" has to be a whole number, not \"\(text)\"", at: self[key])
    }
    return value
  }

  func flag(_ key: String) throws -> Bool {
    switch try string(key) {
    case nil, "false": return false
    case "true": return true
    case .some(let other):
      throw error("\"\(key)\" has to be true or false, not \"\(other)\"", at: self[key])
    }
  }

  /// Texts; one alone counts as a list of it.
  func strings(_ key: String) throws -> [String] {
    guard let node = self[key] else { return [] }
    if let scalar = node.scalar { return [scalar.string] }
    guard case .sequence(let items) = node else {
      throw error("\"\(key)\" has to be a list", at: node)
    }
    return try items.map { item in
      guard let scalar = item.scalar else {
        throw error("\"\(key)\" has to be a list of texts", at: item)
      }
      return scalar.string
    }
  }

  /// Lists of texts.
  func listsOfStrings(_ key: String) throws -> [[String]] {
    guard let node = self[key] else { return [] }
    guard case .sequence(let items) = node else {
      throw error("\"\(key)\" has to be a list of lists", at: node)
    }
    return try items.map { item in
      guard case .sequence(let texts) = item else {
        throw error("\"\(key)\" has to be a list of lists", at: item)
      }
      return try texts.map { text in
        guard let scalar = text.scalar else {
          throw error("\"\(key)\" has to be a list of lists of texts", at: text)
        }
        return scalar.string
      }
    }
  }

  /// A mapping from names to texts.
  func texts(_ key: String) throws -> [(String, String)] {
    guard let mapping = try mapping(key) else { return [] }
    return try mapping.entries.map { ($0.key, try mapping.string($0.key) ?? "") }
  }

  /// A list of mappings; none where the key is not there.
  ///
  /// - Parameter what: what each is, for the message.
  func mappings(_ key: String, of what: String) throws -> [YAMLMapping] {
    guard let node = self[key] else { return [] }
    guard case .sequence(let items) = node else {
      throw error("\"\(key)\" has to be a list", at: node)
    }
    return try items.map { try YAMLMapping($0, path: path, what: what) }
  }

  func mapping(_ key: String) throws -> YAMLMapping? {
    guard let node = self[key] else { return nil }
    return try YAMLMapping(node, path: path, what: "\"\(key)\"")
  }
}

extension YamlError {
  fileprivate var line: Int? {
    switch self {
    case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _):
      mark.line
    default: nil
    }
  }

  fileprivate var words: String {
    switch self {
    case .scanner(_, let problem, _, _), .parser(_, let problem, _, _),
      .composer(_, let problem, _, _):
      problem
    default: "\(self)".split(separator: "\n").first.map(String.init) ?? "it cannot be read"
    }
  }
}
