import Basics

/// Reads a condition token by token, and says each over the aliases of ``SearchTable``.
struct ExpressionReader {
  let text: String
  private var rest: Substring
  private var depth = 0
  private var tokens: [SearchToken] = []

  init(_ text: String) {
    self.text = text
    rest = text[...]
  }

  private var offset: Int { text.utf8.count - rest.utf8.count }

  private func error(_ message: String, at offset: Int) -> TraceError {
    .sql(message: message, query: text, offset: offset)
  }

  mutating func read() throws(TraceError) -> [SearchToken] {
    guard text.contains(where: { !$0.isWhitespace }) else {
      throw error("there is no expression", at: 0)
    }
    while let character = rest.first {
      let start = offset
      let (kind, sql) = try next(character)
      tokens.append(SearchToken(kind: kind, sql: sql, place: start..<offset))
    }
    guard depth == 0 else { throw error("a parenthesis is not closed", at: text.utf8.count) }
    return tokens
  }

  private typealias Read = (kind: SearchToken.Kind, sql: String)

  private mutating func next(_ character: Character) throws(TraceError) -> Read {
    if character.isWhitespace { return (.space, take(while: \.isWhitespace)) }
    if character == "'" || character == "\"" { return try readQuoted(character) }
    if character.isASCII, character.isNumber || isPointOfNumber { return try readNumber() }
    if isNameStart(character) { return try readName() }
    return try readMark(character)
  }

  private var isPointOfNumber: Bool {
    rest.first == "." && rest.dropFirst().first.map { $0.isASCII && $0.isNumber } == true
  }

  private func isNameStart(_ character: Character) -> Bool {
    character == "_" || character.isLetter
  }

  private mutating func readQuoted(_ quote: Character) throws(TraceError) -> Read {
    let start = offset
    rest.removeFirst()
    var text = ""
    while let character = rest.popFirst() {
      if character == quote {
        // In double quotes it would name a column.
        guard rest.first == quote else {
          return (.text(text), "'\(text.replacing("'", with: "''"))'")
        }
        // A doubled quote stands for itself.
        rest.removeFirst()
      }
      text.append(character)
    }
    throw error("a quote is not closed", at: start)
  }

  private mutating func readNumber() throws(TraceError) -> Read {
    let start = offset
    var number = take { $0.isASCII && ($0.isHexDigit || ".xX".contains($0)) }
    if number.last.map({ "eE".contains($0) }) == true, "+-".contains(rest.first ?? " ") {
      number += String(rest.removeFirst()) + take { $0.isASCII && $0.isNumber }
    }
    // What is read as hexadecimal digits may be the beginning of a unit: 8B.
    var unit = take { $0.isLetter }
    if unit.isEmpty { unit = takeUnitAfterSpaces(of: number) }
    let isWhole = rest.first.map { $0 != "_" && $0 != "." && !$0.isNumber } ?? true
    guard isWhole, let value = Self.value(of: number, unit: unit) else {
      throw error("\(number)\(unit) is no number, size or time", at: start)
    }
    return (.number(value), value)
  }

  /// The unit of `64 MiB`; nothing where the next word is none.
  private mutating func takeUnitAfterSpaces(of number: String) -> String {
    let spaces = rest.prefix { $0 == " " }
    let word = rest.dropFirst(spaces.count).prefix(while: \.isLetter)
    guard !word.isEmpty, Self.value(of: number, unit: String(word)) != nil else { return "" }
    rest = rest.dropFirst(spaces.count + word.count)
    return String(word)
  }

  private static func value(of number: String, unit: String) -> String? {
    let isPlain = unit.isEmpty && !number.hasSuffix("B") && !number.hasSuffix("b")
    if isPlain || number.lowercased().hasPrefix("0x") {
      return unit.isEmpty && Double(number) != nil ? number : nil
    }
    if let bytes = parseBytes(number + unit) { return String(bytes) }
    if parseBytes("1" + number + unit) != nil, Double(number.prefix { $0.isNumber }) == 0 {
      return "0"
    }
    let ofTime = unit.lowercased().replacing("µ", with: "u")
    guard let power = ["ns", "us", "ms", "s"].firstIndex(of: ofTime), let count = Double(number)
    else { return nil }
    let nanoseconds = (0..<power).reduce(count) { product, _ in product * 1000 }
    return Int(exactly: nanoseconds.rounded()).map(String.init)
  }

  private mutating func readName() throws(TraceError) -> Read {
    let start = offset
    let name = take { $0 == "_" || $0.isLetter || $0.isNumber }
    if rest.first == ".", let object = TraceObject(rawValue: name.lowercased()) {
      rest.removeFirst()
      let place = offset
      let word = take { $0 == "_" || $0.isLetter || $0.isNumber }.lowercased()
      guard let field = object.field(word) else {
        throw error("\(name) has no \"\(word)\"; it has \(Self.fields(of: object))", at: place)
      }
      return (.field(object, field), "(\(field.sql))")
    }
    if let (object, field) = TraceObject.word(name.lowercased()) {
      return (.field(object, field), field.sql)
    }
    try check(name, at: start)
    return (.word(name.uppercased()), name)
  }

  private static func fields(of object: TraceObject) -> String {
    object.fields.map(\.name).joined(separator: ", ")
  }

  /// Lets words of SQL and functions through.
  private func check(_ name: String, at start: Int) throws(TraceError) {
    if Self.words.contains(name.uppercased()) { return }
    if rest.first(where: { $0 != " " }) == "(" { return }
    throw error("there is no \"\(name)\"; \(Self.advice(for: name))", at: start)
  }

  private static func advice(for word: String) -> String {
    let name = word.lowercased()
    if let object = TraceObject(rawValue: name) {
      return "say which of its columns: \(fields(of: object))"
    }
    if let object = TraceObject.allCases.first(where: { $0.field(name) != nil }) {
      return "is \(object.rawValue).\(name) meant?"
    }
    return "a condition speaks of \(TraceObject.names.joined(separator: ", "))"
  }

  private static let words: Set<String> = [
    "AND", "OR", "NOT", "NULL", "IS", "IN", "LIKE", "GLOB", "BETWEEN", "CASE", "WHEN", "THEN",
    "ELSE", "END", "ISNULL", "NOTNULL", "ESCAPE", "CAST", "AS", "TRUE", "FALSE", "INTEGER",
    "REAL", "TEXT", "COLLATE", "NOCASE",
  ]

  private mutating func readMark(_ character: Character) throws(TraceError) -> Read {
    let start = offset
    if character == "(" { depth += 1 }
    if character == ")" { depth -= 1 }
    if depth < 0 { throw error("there is nothing that this parenthesis closes", at: start) }
    if rest.hasPrefix("--") || rest.hasPrefix("/*") || ";?@:$[`".contains(character) {
      throw error("\(character) has no place in a condition", at: start)
    }
    rest.removeFirst()
    return (.mark(character), String(character))
  }

  private mutating func take(while isPart: (Character) -> Bool) -> String {
    let part = rest.prefix(while: isPart)
    rest = rest.dropFirst(part.count)
    return String(part)
  }
}
