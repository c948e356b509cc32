import TraceStore

/// What Tab does in the SQL shell: commands, keywords, tables, functions and columns.
public final class SQLCompletion {
  private let session: QuerySession
  private lazy var tables = (try? session.tables()) ?? []
  private var known: [String: [String]] = [:]

  public init(_ session: QuerySession) { self.session = session }

  static let keywords = [
    "AND", "AS", "ASC", "BETWEEN", "BY", "CASE", "CAST", "COUNT(", "CROSS", "DESC", "DISTINCT",
    "ELSE", "END", "EXCEPT", "EXISTS", "EXPLAIN", "FROM", "GROUP", "HAVING", "IN", "INTERSECT",
    "IS", "JOIN", "LEFT", "LIKE", "LIMIT", "MATERIALIZED", "MAX(", "MIN(", "NOT", "NULL", "OFFSET",
    "ON",
    "OR", "ORDER", "OVER", "PARTITION", "QUERY", "RECURSIVE", "ROUND(", "SELECT", "SUM(", "THEN",
    "UNION", "USING", "VALUES", "WHEN", "WHERE", "WINDOW", "WITH",
  ]

  /// - Parameters:
  ///   - before: the line up to the cursor.
  ///   - pending: the lines of the statement before it.
  public func complete(_ before: String, pending: String, width: Int) -> Completion {
    let word = String(before.reversed().prefix { Self.isOfWord($0) }.reversed())
    let candidates: [String]
    if pending.isEmpty, before.first == "." {
      candidates = words(ofCommand: before)
    } else {
      candidates = names(for: word, in: pending + "\n" + before)
    }
    // A name that would need quotes, or act on the terminal, is typed by hand.
    let typeable = candidates.filter { $0.allSatisfy { Self.isOfWord($0) || $0 == "(" } }
    return .of(word, among: typeable, width: width)
  }

  private static func isOfWord(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || character == "_" || character == "."
  }

  private func words(ofCommand line: String) -> [String] {
    let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    if words.count == 1 { return SQLCommand.all.map(\.name) }
    guard let command = try? SQLCommand.named(words[0]) else { return [] }
    switch command.completes {
    case .nothing, .files: return []
    case .words(let known): return words.count == 2 ? known : []
    case .commands: return SQLCommand.all.map(\.name)
    case .tables: return tables.filter { !$0.isPrivate }.map(\.name)
    }
  }

  private func names(for word: String, in statement: String) -> [String] {
    let mentioned = Set(
      statement.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init))
    let used = tables.filter { mentioned.contains($0.name) }
    if let dot = word.lastIndex(of: ".") {
      let qualifier = String(word[..<dot])
      let inSchema = tables.filter { $0.schema == qualifier }.map(\.name)
      let ofTable = tables.filter { $0.name == qualifier }
      // An alias stands for one of the tables that are mentioned.
      let columns = (ofTable.isEmpty ? used : ofTable).flatMap(columns)
      return (inSchema.isEmpty ? columns : inSchema).map { "\(qualifier).\($0)" }
    }
    let isLower = word.first?.isLowercase ?? false
    let keywords = isLower ? Self.keywords.map { $0.lowercased() } : Self.keywords
    let own = tables.filter { ["main", "temp"].contains($0.schema) }
    let shown = own.filter { !$0.isPrivate || word.hasPrefix("_") }
    let columns = (used.isEmpty ? shown : used).flatMap(columns)
    return keywords + QueryFunction.all.map { $0.name + "(" } + shown.map(\.name)
      + session.attached.map { $0.name + "." } + columns
  }

  private func columns(_ table: QuerySession.Table) -> [String] {
    let key = "\(table.schema).\(table.name)"
    if let columns = known[key] { return columns }
    let columns = (try? session.columns(of: table)) ?? []
    known[key] = columns
    return columns
  }
}
