/// A question that people ask of a trace, and a query that answers it.
public struct QueryExample: Equatable, Sendable {
  public let question: String
  public let sql: String

  /// Whether it is about two traces, and names the other `b` or asks a view that compares.
  public var needsOther: Bool {
    ["op_differences", "first_difference", "peak_differences", "token_differences"].contains {
      sql.contains($0)
    }
  }

  /// All of them, from examples.sql, in its order.
  public static let all = parse(String(decoding: PackageResources.examples_sql, as: UTF8.self))

  /// Each is a comment, its question, and the statement under it.
  static func parse(_ text: String) -> [QueryExample] {
    text.split(separator: "\n\n").compactMap { part in
      let lines = part.split(separator: "\n")
      let question = lines.prefix { $0.hasPrefix("-- ") }
      let sql = lines.dropFirst(question.count)
      if sql.isEmpty { return nil }
      return QueryExample(
        question: question.map { $0.dropFirst(3) }.joined(separator: " "),
        sql: sql.joined(separator: "\n"))
    }
  }
}
