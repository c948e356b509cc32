import Basics
import TraceStore

/// The reference of SQL over traces, made from the `.sql` files and the declarations of functions
/// and commands.
public enum SQLManual {
  /// All of it as Markdown: what `nibble sql --reference` prints, and docs/sql.md.
  public static func markdown() -> String {
    var lines = ["# SQL over a trace", ""]
    lines += wrapped(
      """
      A trace is an SQLite file. Its tables and views are in the file itself, for any SQLite client; \
      what compares two traces, and the functions, are in `nibble sql` and in the debugger alone. \
      `nibble sql --reference` prints this page.
      """, to: width)
    for (topic, title) in topics {
      let definitions = definitions(topic).filter { !$0.isPrivate && $0.kind != .index }
      lines += ["", "## \(title)", ""] + introduction(topic)
      for definition in definitions {
        lines += ["", "### \(definition.name)", ""] + wrapped(definition.comment, to: width)
        lines += [""] + table("column", "meaning", definition.columns.map { ($0.name, $0.comment) })
      }
    }
    lines += ["", "## Functions", ""]
    lines += wrapped(
      """
      Blobs are vectors of little-endian f32 values, as `value.data` has them; a last argument 'f16' \
      reads float16. NULL gives NULL; a wrong argument is an error of the query.
      """, to: width)
    lines += [""]
    lines += table(
      "function", "gives", QueryFunction.all.map { ("\($0.name)(\($0.arguments))", $0.help) })
    lines += ["", "## Commands of the shell", ""]
    lines += table(
      "command", "does",
      SQLCommand.all.map { command in
        let more = command.help.isEmpty ? "" : " " + command.help
        return (command.usage, command.summary + "." + more)
      })
    lines += ["", "## Questions", ""]
    return lines.map { $0 + "\n" }.joined() + questions()
  }

  /// The questions of `.examples` with their queries.
  public static func examples() -> String {
    QueryExample.all.map { "-- \($0.question)\n\($0.sql)\n" }.joined(separator: "\n")
  }

  private static let width = 96

  private static let topics = [
    ("memory", "Memory"), ("tiles", "Tiles"), ("kv", "KV cache"), ("ops", "Operations"),
    ("tokens", "Tokens and passes"), ("experts", "Experts"), ("compare", "Two traces"),
    ("schema", "Tables"),
  ]

  private static func definitions(_ topic: String) -> [SchemaDefinition] {
    SchemaDefinition.all(in: TraceSchema.text(of: topic))
  }

  /// What stands on top of a topic's file.
  private static func introduction(_ topic: String) -> [String] {
    let lines = TraceSchema.text(of: topic).split(
      separator: "\n", omittingEmptySubsequences: false
    ).prefix { $0.hasPrefix("-- ") }
    return wrapped(lines.map { $0.dropFirst(3) }.joined(separator: " "), to: width)
  }

  private static func questions() -> String {
    QueryExample.all.map { "\($0.question)\n\n```sql\n\($0.sql)\n```\n" }.joined(separator: "\n")
  }

  /// A table of two columns, the first of which is code.
  private static func table(
    _ first: String, _ second: String, _ rows: [(String, String)]
  ) -> [String] {
    Table.markdown([(first, .left), (second, .left)], rows.map { ["`\($0)`", $1] })
  }
}
