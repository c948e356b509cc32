/// A table, view or index as the `.sql` files define it, with the comments above it and above its
/// columns: what the manual of SQL is made from.
public struct SchemaDefinition: Equatable, Sendable {
  public enum Kind: String, Sendable { case table, view, index }

  public let kind: Kind
  public let name: String
  /// What stands above it; empty where nothing does.
  public let comment: String
  /// Columns that have a comment, in order.
  public let columns: [Column]
  /// From CREATE on, without the semicolon: as SQLite keeps it.
  public let sql: String

  public struct Column: Equatable, Sendable {
    public let name: String
    public let comment: String
  }

  /// Whether it is how rows lie in the file, and nothing to ask.
  public var isPrivate: Bool { name.hasPrefix("_") }

  /// The definitions of a `.sql` file, in order. A definition begins a line with CREATE and ends
  /// with a semicolon at a line's end.
  public static func all(in text: String) -> [SchemaDefinition] {
    var found: [SchemaDefinition] = []
    var comment: [Substring] = []
    var body: [Substring] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if body.isEmpty {
        if line.hasPrefix("-- ") {
          comment.append(line.dropFirst(3))
        } else if line.hasPrefix("CREATE ") {
          body = [line]
        } else {
          comment = []
        }
      } else {
        body.append(line)
      }
      if let last = body.last, last.hasSuffix(";"), !isComment(last) {
        body[body.count - 1] = last.dropLast()
        if let definition = SchemaDefinition(body, comment: comment) { found.append(definition) }
        body = []
        comment = []
      }
    }
    return found
  }

  private init?(_ lines: [Substring], comment: [Substring]) {
    // CREATE [UNIQUE] TABLE name …
    let words = lines[0].split(separator: " ").dropFirst().drop { $0 == "UNIQUE" }
    guard let first = words.first, let kind = Kind(rawValue: first.lowercased()),
      let name = words.dropFirst().first
    else { return nil }
    self.kind = kind
    self.name = String(name)
    self.comment = comment.joined(separator: " ")
    columns = kind == .index ? [] : Self.columns(lines, isView: kind == .view)
    sql = lines.joined(separator: "\n")
  }

  private static func isComment(_ line: Substring) -> Bool {
    line.drop { $0 == " " }.hasPrefix("--")
  }

  private static func columns(_ lines: [Substring], isView: Bool) -> [Column] {
    // A view's own columns come after the SELECT that is not indented.
    let first = isView ? lines.firstIndex(of: "SELECT") ?? 0 : 0
    var columns: [Column] = []
    var comment: [Substring] = []
    var depth = 0
    for line in lines[(first + 1)...] {
      if line.hasPrefix("FROM ") { break }
      if line.hasPrefix("  -- ") {
        comment.append(line.dropFirst(5))
        continue
      }
      depth += line.count { $0 == "(" } - line.count { $0 == ")" }
      let words = line.split { !($0.isLetter || $0.isNumber || $0 == "_") }
      // A column of a view may take several lines; its name ends the last.
      let name =
        isView ? (words.dropLast().last == "AS" && depth == 0 ? words.last : nil) : words.first
      guard let name else { continue }
      if !comment.isEmpty {
        columns.append(Column(name: String(name), comment: comment.joined(separator: " ")))
      }
      comment = []
    }
    return columns
  }
}
