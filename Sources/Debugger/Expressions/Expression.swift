import Basics
import TraceStore

/// What `print` computes: figures, names with slices, functions over them, and arithmetic.
indirect enum Expression: Equatable {
  enum Operation: String {
    case plus = "+"
    case minus = "-"
    case times = "*"
    case divided = "/"
  }

  case number(FieldValue)
  /// `tile.bytes`, `ffn_norm-3`, `blk.0.attn_q.weight`, with or without a slice.
  case name(String, Slice?)
  case negated(Expression)
  case arithmetic(Expression, Operation, Expression)
  case call(String, [Expression])

  /// Reads an expression.
  ///
  /// - Throws: `DebuggerError.badExpression`, which says at which character.
  init(_ text: String) throws {
    var parser = ExpressionParser(text)
    self = try parser.whole()
  }
}

/// Reads from left to right; products bind tighter than sums.
private struct ExpressionParser {
  private let text: String
  private let characters: [Character]
  private var next = 0
  /// What is longer would be nested deeper than a stack is.
  private static let longest = 4096

  init(_ text: String) {
    self.text = text
    characters = Array(text)
  }

  mutating func whole() throws -> Expression {
    guard characters.count <= Self.longest else {
      throw bad("it is longer than \(Self.longest) characters")
    }
    let expression = try sum(depth: 0)
    skipSpaces()
    if next < characters.count { throw bad("\"\(characters[next])\" is not expected here") }
    return expression
  }

  private mutating func sum(depth: Int) throws -> Expression {
    guard depth < 100 else { throw bad("it is nested too deep") }
    var left = try product(depth: depth)
    while let operation = operation(of: "+-") {
      left = .arithmetic(left, operation, try product(depth: depth))
    }
    return left
  }

  private mutating func product(depth: Int) throws -> Expression {
    var left = try factor(depth: depth)
    while let operation = operation(of: "*/") {
      left = .arithmetic(left, operation, try factor(depth: depth))
    }
    return left
  }

  private mutating func factor(depth: Int) throws -> Expression {
    skipSpaces()
    guard next < characters.count else { throw bad("a number or a name is missing") }
    let character = characters[next]
    if character == "-" {
      next += 1
      guard depth < 100 else { throw bad("it is nested too deep") }
      return .negated(try factor(depth: depth + 1))
    }
    if character == "(" {
      next += 1
      let inner = try sum(depth: depth + 1)
      try expect(")")
      return inner
    }
    if character.isNumber || character == "." { return try number() }
    if character.isLetter || character == "_" { return try named(depth: depth) }
    throw bad("\"\(character)\" begins no number and no name")
  }

  private mutating func number() throws -> Expression {
    let start = next
    while next < characters.count {
      let character = characters[next]
      let isSign = "+-".contains(character) && "eE".contains(characters[next - 1]) && next > start
      guard character.isLetter || character.isNumber || character == "." || isSign else { break }
      next += 1
    }
    let word = String(characters[start..<next])
    if let integer = Int(word) { return .number(.integer(integer)) }
    if let bytes = parseBytes(word) { return .number(.bytes(bytes)) }
    guard let real = Double(word), real.isFinite else {
      next = start
      throw bad("\"\(word)\" is no number")
    }
    return .number(.real(real))
  }

  private mutating func named(depth: Int) throws -> Expression {
    let start = next
    while next < characters.count, isPartOfName(from: start) { next += 1 }
    let name = String(characters[start..<next])
    skipSpaces()
    guard next < characters.count else { return .name(name, nil) }
    if characters[next] == "(" { return .call(name, try arguments(depth: depth)) }
    guard characters[next] == "[" else { return .name(name, nil) }
    let open = next
    while next < characters.count, characters[next] != "]" { next += 1 }
    next = min(next + 1, characters.count)
    if next < characters.count, characters[next] == "@" {
      next += 1
      while next < characters.count, characters[next].isNumber { next += 1 }
    }
    let slice = String(characters[open..<next])
    guard let slice = Slice(slice) else {
      next = open
      throw bad("\"\(slice)\" is no slice such as [5], [0..8], [2, 0..8], [head=2] or [5]@4")
    }
    return .name(name, slice)
  }

  /// `ffn_norm-3` is one name; `tile.rows-3` is a difference.
  private func isPartOfName(from start: Int) -> Bool {
    let character = characters[next]
    if character.isLetter || character.isNumber || character == "_" || character == "." {
      return true
    }
    guard character == "-", next + 1 < characters.count, characters[next + 1].isNumber else {
      return false
    }
    let name = String(characters[start..<next])
    let object = name.prefix { $0 != "." }
    return !TraceObject.names.contains(String(object)) && !name.contains("-")
  }

  private mutating func arguments(depth: Int) throws -> [Expression] {
    try expect("(")
    var arguments = [try sum(depth: depth + 1)]
    skipSpaces()
    while next < characters.count, characters[next] == "," {
      next += 1
      arguments.append(try sum(depth: depth + 1))
      skipSpaces()
    }
    try expect(")")
    return arguments
  }

  private mutating func operation(of symbols: String) -> Expression.Operation? {
    skipSpaces()
    guard next < characters.count, symbols.contains(characters[next]),
      let operation = Expression.Operation(rawValue: String(characters[next]))
    else { return nil }
    next += 1
    return operation
  }

  private mutating func expect(_ character: Character) throws {
    skipSpaces()
    guard next < characters.count, characters[next] == character else {
      throw bad("\"\(character)\" is missing")
    }
    next += 1
  }

  private mutating func skipSpaces() {
    while next < characters.count, characters[next].isWhitespace { next += 1 }
  }

  private func bad(_ reason: String) -> DebuggerError {
    .badExpression(expression: text, character: next + 1, reason: reason)
  }
}
