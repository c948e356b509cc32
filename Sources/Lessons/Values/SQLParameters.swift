import TraceStore

/// Names in SQL that stand for values: `:peak`.
enum SQLParameters {
  /// The names in a query, in the order of their first use; those in texts, quoted names and
  /// comments are none.
  static func names(in sql: String) -> [String] {
    var names: [String] = []
    _ = rewrite(sql) { name in
      if !names.contains(name) { names.append(name) }
      return ":" + name
    }
    return names
  }

  /// The query with values in the place of names.
  static func fill(_ sql: String, _ value: (String) throws -> SQLValue) rethrows -> String {
    try rewrite(sql) { try literal(value($0)) }
  }

  /// A value as SQL writes it.
  static func literal(_ value: SQLValue) -> String {
    switch value {
    case .null: return "NULL"
    case .integer(let value): return String(value)
    case .real(let value):
      if value.isNaN { return "NULL" }
      return value.isInfinite ? (value < 0 ? "-9e999" : "9e999") : "\(value)"
    case .text(let text): return "'" + text.replacing("'", with: "''") + "'"
    case .blob(let bytes):
      let digits = Array("0123456789abcdef")
      return "x'" + String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }) + "'"
    }
  }

  private static func rewrite(
    _ sql: String, _ replace: (String) throws -> String
  ) rethrows -> String {
    var result = ""
    var rest = Substring(sql)
    func isNamePart(_ character: Character) -> Bool {
      character == "_" || character.isASCII && (character.isLetter || character.isNumber)
    }
    while let first = rest.first {
      let length: Int
      switch first {
      case "'", "\"", "`": length = span(of: rest, to: String(first))
      case "[": length = span(of: rest, to: "]")
      case "-" where rest.hasPrefix("--"): length = span(of: rest, to: "\n")
      case "/" where rest.hasPrefix("/*"): length = span(of: rest.dropFirst(), to: "*/") + 1
      case ":":
        let name = rest.dropFirst().prefix(while: isNamePart)
        if let initial = name.first, !initial.isNumber {
          result += try replace(String(name))
          rest = rest.dropFirst(1 + name.count)
          continue
        }
        length = 1
      default: length = 1
      }
      result += rest.prefix(length)
      rest = rest.dropFirst(length)
    }
    return result
  }

  /// How many characters what begins here has, with the mark that ends it.
  private static func span(of text: Substring, to end: String) -> Int {
    let inner = text.dropFirst()
    guard let place = inner.firstRange(of: end) else { return text.count }
    return text.distance(from: text.startIndex, to: place.upperBound)
  }
}
