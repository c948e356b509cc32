import Inference

/// A condition over what stands at a step: an SQL expression over `event`, `op`, `tile`, `tensor`,
/// `matmul`, `token`, `pass`, `mem` and `kv` and their columns, or over `peak`, the most bytes
/// alive so far.
///
/// Sizes and times can carry a unit: `mem.live > 64MiB`, `op.duration_ns > 5 ms`. Names and units are
/// the same in capitals.
public struct SearchExpression: Sendable, Equatable {
  /// As it was typed.
  public let text: String
  /// What it speaks of.
  public let objects: Set<SearchObject>
  /// Whether it speaks of the peak so far, and of nothing else.
  public let isPeak: Bool
  /// Whether it speaks of nothing finer than a pass, and so is the same throughout one.
  public var isOfPass: Bool { !isPeak && objects.isSubset(of: [.pass, .token]) }
  /// The expression over the aliases of ``SearchQuery``.
  let sql: String
  /// Where pieces of `sql` come from: byte offsets in it and in ``text``, both rising.
  private let pieces: [(sql: Int, text: Int)]

  public static func == (left: Self, right: Self) -> Bool { left.text == right.text }

  /// Reads an expression; ``Trace/check(_:)`` says whether SQLite can make sense of it.
  ///
  /// - Throws: ``TraceError/sql(message:query:offset:)`` with the place of the error.
  public init(_ text: String) throws(TraceError) {
    var reader = ExpressionReader(text)
    try reader.read()
    self.text = text
    objects = reader.objects
    isPeak = reader.speaksOfPeak
    sql = reader.sql
    pieces = reader.pieces
    if isPeak && !objects.isEmpty {
      throw .sql(
        message: "peak can be compared with numbers alone", query: text, offset: nil)
    }
    if !isPeak && objects.isEmpty {
      throw .sql(
        message: "it speaks of nothing that changes, such as mem.live or tile.rows", query: text,
        offset: 0)
    }
  }

  /// The byte of ``text`` that a byte of ``sql`` comes from.
  func textOffset(ofSQL offset: Int) -> Int {
    guard let piece = pieces.last(where: { $0.sql <= offset }) else { return 0 }
    return min(piece.text + offset - piece.sql, text.utf8.count)
  }

  /// The SQL between `object.` and the first character that is no part of a name, rewritten piece
  /// by piece.
  private struct ExpressionReader {
    let text: String
    private var rest: Substring
    private var depth = 0
    private(set) var sql = ""
    private(set) var objects: Set<SearchObject> = []
    private(set) var speaksOfPeak = false
    private(set) var pieces: [(sql: Int, text: Int)] = []

    init(_ text: String) {
      self.text = text
      rest = text[...]
    }

    private var offset: Int { text.utf8.count - rest.utf8.count }

    private func error(_ message: String, at offset: Int) -> TraceError {
      .sql(message: message, query: text, offset: offset)
    }

    mutating func read() throws(TraceError) {
      guard text.contains(where: { !$0.isWhitespace }) else {
        throw error("there is no expression", at: 0)
      }
      while let character = rest.first {
        pieces.append((sql.utf8.count, offset))
        if character == "'" || character == "\"" {
          try readQuoted(character)
        } else if character.isASCII, character.isNumber || isPointOfNumber {
          try readNumber()
        } else if isNameStart(character) {
          try readName()
        } else {
          try readMark(character)
        }
      }
      guard depth == 0 else { throw error("a parenthesis is not closed", at: text.utf8.count) }
    }

    private var isPointOfNumber: Bool {
      rest.first == "." && rest.dropFirst().first.map { $0.isASCII && $0.isNumber } == true
    }

    private func isNameStart(_ character: Character) -> Bool {
      character == "_" || character.isLetter
    }

    private mutating func readQuoted(_ quote: Character) throws(TraceError) {
      let start = offset
      var quoted = String(rest.removeFirst())
      while let character = rest.popFirst() {
        quoted.append(character)
        if character == quote {
          // A doubled quote stands for itself.
          guard rest.first == quote else {
            // In double quotes it would name a column.
            let text = quoted.dropFirst().dropLast().replacing("\"\"", with: "\"")
            sql += quote == "'" ? quoted : "'\(text.replacing("'", with: "''"))'"
            return
          }
          quoted.append(rest.removeFirst())
        }
      }
      throw error("a quote is not closed", at: start)
    }

    private mutating func readNumber() throws(TraceError) {
      let start = offset
      var number = take { $0.isASCII && ($0.isHexDigit || ".xX".contains($0)) }
      if number.last.map({ "eE".contains($0) }) == true, "+-".contains(rest.first ?? " ") {
        number += String(rest.removeFirst()) + take { $0.isASCII && $0.isNumber }
      }
      // What is read as hexadecimal digits may be the beginning of a unit: 8B.
      var unit = take { $0.isLetter }
      if unit.isEmpty { unit = takeUnitAfterSpaces(of: number) }
      let isWhole = rest.first.map { $0 != "_" && $0 != "." && !$0.isNumber } ?? true
      if isWhole, let value = Self.value(of: number, unit: unit) {
        sql += value
      } else {
        throw error("\(number)\(unit) is no number, size or time", at: start)
      }
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

    private mutating func readName() throws(TraceError) {
      let start = offset
      let name = take { $0 == "_" || $0.isLetter || $0.isNumber }
      if rest.first == ".", let object = SearchObject(rawValue: name.lowercased()) {
        rest.removeFirst()
        let place = offset
        let column = take { $0 == "_" || $0.isLetter || $0.isNumber }
        guard let expression = object.sql(of: column.lowercased()) else {
          throw error(
            "\(name) has no \"\(column)\"; it has \(object.columns.joined(separator: ", "))",
            at: place)
        }
        objects.insert(object)
        sql += "(\(expression))"
      } else if name.lowercased() == "peak" {
        speaksOfPeak = true
        sql += "q.peak"
      } else {
        try check(name, at: start)
        sql += name
      }
    }

    /// Lets words of SQL and functions through, and what a subquery may name.
    private func check(_ name: String, at start: Int) throws(TraceError) {
      if Self.words.contains(name.uppercased()) { return }
      if rest.first(where: { $0 != " " }) == "(" { return }
      throw error("there is no \"\(name)\"; \(Self.advice(for: name))", at: start)
    }

    private static func advice(for word: String) -> String {
      let name = word.lowercased()
      if let object = SearchObject(rawValue: name) {
        return "say which of its columns: \(object.columns.joined(separator: ", "))"
      }
      if let object = SearchObject.allCases.first(where: { $0.sql(of: name) != nil }) {
        return "is \(object.rawValue).\(name) meant?"
      }
      let objects = SearchObject.allCases.map(\.rawValue).joined(separator: ", ")
      return "a condition speaks of \(objects) and peak"
    }

    private static let words: Set<String> = [
      "AND", "OR", "NOT", "NULL", "IS", "IN", "LIKE", "GLOB", "BETWEEN", "CASE", "WHEN", "THEN",
      "ELSE", "END", "ISNULL", "NOTNULL", "ESCAPE", "CAST", "AS", "TRUE", "FALSE", "INTEGER",
      "REAL", "TEXT", "COLLATE", "NOCASE",
    ]

    private mutating func readMark(_ character: Character) throws(TraceError) {
      let start = offset
      if character == "(" { depth += 1 }
      if character == ")" { depth -= 1 }
      if depth < 0 { throw error("there is nothing that this parenthesis closes", at: start) }
      if rest.hasPrefix("--") || rest.hasPrefix("/*") || ";?@:$[`".contains(character) {
        throw error("\(character) has no place in a condition", at: start)
      }
      sql.append(rest.removeFirst())
    }

    private mutating func take(while isPart: (Character) -> Bool) -> String {
      let part = rest.prefix(while: isPart)
      rest = rest.dropFirst(part.count)
      return String(part)
    }
  }
}
