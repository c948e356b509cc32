/// Names in SQL that stand for values: `:peak`.
enum SQLParameters {
  /// The names in a query, in the order of their first use; those in texts, quoted names and
  /// comments are none.
  static func names(in sql: String) -> [String] {
    var names: [String] = []
    var rest = Substring(sql)
    while let first = rest.first {
      let length: Int
      switch first {
      case "'", "\"", "`": length = span(of: rest, to: String(first))
      case "[": length = span(of: rest, to: "]")
      case "-" where rest.hasPrefix("--"): length = span(of: rest, to: "\n")
      case "/" where rest.hasPrefix("/*"): length = span(of: rest.dropFirst(), to: "*/") + 1
      case ":":
        let name = String(rest.dropFirst().prefix(while: isNamePart))
        if let initial = name.first, !initial.isNumber, !names.contains(name) { names.append(name) }
        length = 1 + name.count
      default: length = 1
      }
      rest = rest.dropFirst(length)
    }
    return names
  }

  private static func isNamePart(_ character: Character) -> Bool {
    character == "_" || character.isASCII && (character.isLetter || character.isNumber)
  }

  /// How many characters what begins here has, with the mark that ends it.
  private static func span(of text: Substring, to end: String) -> Int {
    let inner = text.dropFirst()
    guard let place = inner.firstRange(of: end) else { return text.count }
    return text.distance(from: text.startIndex, to: place.upperBound)
  }
}
