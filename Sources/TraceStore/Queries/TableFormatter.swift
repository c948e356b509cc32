import Basics

/// How a query's result is written.
public enum TableFormat: String, CaseIterable, Sendable {
  case box, csv, json, markdown
  /// A line a value, with the column's name before it.
  case line
  /// A line a row, with bars between the values.
  case list
  /// A table with a bar for each value of the last column of numbers.
  case bars
  /// A curve for each column of numbers.
  case sparkline
}

/// Writes the results of queries as sqlite3's shell does with `-box`, `-csv -header`, `-json`,
/// `-markdown`, `-line` and `-list`: a result without rows writes nothing.
///
/// What would act on a terminal is written so that it can be seen, but for CSV and lists, which are
/// what the values are. JSON is valid whatever they are, a blob being a string with a character for
/// each byte; a bar or a line break in a Markdown cell stays in it.
///
/// CSV, JSON, lines and lists are written row by row; a box or a Markdown table needs rows before
/// its first line, to know how wide its columns are, but not all of a long one. Where sqlite3
/// counts characters to align them, this counts the columns that they take on a terminal, which
/// differs for wide and combining ones.
public final class TableFormatter {
  private let format: TableFormat
  private let output: (String) throws -> Void
  /// Does what writes, which takes as long as whoever reads it lets it.
  var whileWriting: (() throws -> Void) throws -> Void = { try $0() }
  private let hasHeaders: Bool
  private let width: Int
  private let boxLimit: Int
  private var columns: [String] = []
  private var rows = 0
  private var table = Table([])
  private var bars = BarTable(columns: [], width: 0)
  private var curves = Sparklines(columns: [], width: 0)

  /// - Parameters:
  ///   - hasHeaders: whether CSV and lists begin with the names of their columns.
  ///   - width: columns of the terminal, for bars and curves.
  ///   - boxLimit: the most columns of a box; a wider one is written as with `line`.
  ///   - write: called with a piece of the output at a time, each a whole number of rows.
  public init(
    _ format: TableFormat, hasHeaders: Bool = true, width: Int = 80, boxLimit: Int = .max,
    write: @escaping (String) throws -> Void
  ) {
    self.format = format
    self.hasHeaders = hasHeaders
    self.width = width
    self.boxLimit = boxLimit
    output = write
  }

  /// Begins a result with these columns, and ends the one before.
  public func begin(columns: [String]) throws {
    try end()
    self.columns = columns
  }

  /// Adds a row, with a value for each column.
  public func add(_ row: [SQLValue]) throws {
    rows += 1
    switch format {
    case .csv:
      let header = rows == 1 && hasHeaders ? Self.csv(columns.map { .text($0) }) : ""
      try write(header + Self.csv(row))
    case .list:
      let header = rows == 1 && hasHeaders ? columns.joined(separator: "|") + "\n" : ""
      try write(header + row.map { $0.text ?? "" }.joined(separator: "|") + "\n")
    case .line:
      try write((rows == 1 ? "" : "\n") + Table.vertical(columns, row.map { $0.text ?? "" }) + "\n")
    case .json:
      try write((rows == 1 ? "[" : ",\n") + Self.json(columns, row))
    case .box, .markdown:
      if rows == 1 {
        table = Table(
          columns.map { ($0, .left) }, style: format == .box ? .box : .markdown, limit: boxLimit)
      }
      table.add(row.map { $0.text ?? "" })
      if table.isFull { try write(lines: table.take()) }
    case .bars:
      if rows == 1 { bars = BarTable(columns: columns, width: width) }
      try bars.add(row, to: write)
    case .sparkline:
      if rows == 1 { curves = Sparklines(columns: columns, width: width) }
      curves.add(row)
    }
  }

  /// Ends the result.
  public func end() throws {
    defer {
      rows = 0
      table = Table([])
    }
    guard rows > 0 else { return }
    switch format {
    case .csv, .list, .line: break
    case .json: try write("]\n")
    case .box, .markdown: try write(lines: table.finish())
    case .bars: try bars.end(to: write)
    case .sparkline: try write(curves.text)
    }
  }

  private func write(lines: [String]) throws {
    for line in lines { try write(line + "\n") }
  }

  private func write(_ text: String) throws { try whileWriting { try output(text) } }
}

// MARK: - Rows as text

extension TableFormatter {
  private static func csv(_ row: [SQLValue]) -> String {
    row.map { $0.text.map(csv) ?? "" }.joined(separator: ",") + "\n"
  }

  /// Quoted where it is empty or holds anything but printable ASCII without space, quotes and
  /// commas.
  private static func csv(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
      byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "'")
        && byte != UInt8(ascii: ",")
    }
    if isPlain && !text.isEmpty { return text }
    return "\""
      + text.split(separator: "\"", omittingEmptySubsequences: false)
      .joined(separator: "\"\"") + "\""
  }

  private static func json(_ columns: [String], _ row: [SQLValue]) -> String {
    let members = zip(columns, row).map { jsonString($0) + ":" + json($1) }
    return "{" + members.joined(separator: ",") + "}"
  }

  private static func json(_ value: SQLValue) -> String {
    switch value {
    case .null: "null"
    case .integer(let value): String(value)
    case .real(let value):
      value.isInfinite ? (value < 0 ? "-1e999" : "1e999") : SQLValue.format(value, digits: 20)
    case .text: jsonString(value.text ?? "")
    case .blob(let bytes): jsonString(bytes)
    }
  }
}
