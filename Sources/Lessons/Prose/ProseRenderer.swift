import Basics
import Debugger
import Foundation
import TraceStore

/// Draws the prose of a lesson on a terminal.
struct ProseRenderer {
  var style: TextStyle
  /// Fills the templates of a text.
  let fill: (String) throws -> String
  /// The lines of a block that is filled from a recording, or `nil` for a plain one.
  let block: (_ info: String, _ lines: [String], TextStyle) throws -> [String]?

  /// Longer lines are hard to read.
  private var width: Int { min(style.width, 84) }

  /// - Throws: what `fill` and `block` throw.
  func lines(_ text: String) throws -> [String] {
    var lines: [String] = []
    for block in Markdown(text).blocks {
      if !lines.isEmpty { lines.append("") }
      lines += try self.lines(of: block)
    }
    return lines
  }

  private func lines(of block: Markdown.Block) throws -> [String] {
    switch block {
    case .paragraph(let text): return try wrapped(text)
    case .heading(let text): return try wrapped("**\(text)**")
    case .rule: return [String(repeating: style.unicode ? "─" : "-", count: width)]
    case .quotation(let text):
      let mark = style.unicode ? "│ " : "| "
      return try wrapped(text, first: mark, others: mark)
    case .list(let items):
      return try items.flatMap { item in
        let indent = String(repeating: "  ", count: item.depth)
        let bullet = item.marker.count > 1 ? item.marker : style.unicode ? "•" : "-"
        let first = "  " + indent + bullet + " "
        return try wrapped(
          item.text, first: first,
          others: String(repeating: " ", count: displayWidth(first)))
      }
    case .table(let rows): return try table(rows)
    case .code(let info, let code):
      if let lines = try self.block(info, code, style) { return lines }
      return code.map { "    " + style.paint($0, .code) }
    }
  }

  private func wrapped(
    _ text: String, first: String = "", others: String = ""
  ) throws -> [String] {
    let line = StyledLine(try spans(text))
    let indent = displayWidth(first)
    return line.broken(to: max(width - indent, 10)).map { style.paint($0) }
      .prefixed(first: first, others: others)
  }

  private func spans(_ text: String) throws -> [Span] {
    let spans = try Span.parse(text).filled(fill)
    // Where there is nothing but plain text, the marks tell code from words.
    guard style.palette == .none else { return spans }
    return spans.map { span in
      span.style == .code ? Span(text: "`\(span.text)`", style: .code) : span
    }
  }

  /// Columns as wide as their cells; where they do not fit, the widest are wrapped.
  private func table(_ rows: [[String]]) throws -> [String] {
    let columns = rows.map(\.count).max() ?? 0
    let cells = try rows.map { row in
      try (0..<columns).map { StyledLine(try spans($0 < row.count ? row[$0] : "")) }
    }
    var widths = (0..<columns).map { column in cells.map { $0[column].width }.max() ?? 0 }
    while widths.reduce(0, +) + 2 * max(columns - 1, 0) > width, let widest = widths.max(),
      widest > 8, let column = widths.firstIndex(of: widest)
    {
      widths[column] -= 1
    }
    var lines: [String] = []
    for (index, row) in cells.enumerated() {
      let broken = zip(row, widths).map { $0.broken(to: max($1, 1)) }
      for line in 0..<(broken.map(\.count).max() ?? 0) {
        let parts = broken.enumerated().map { column, cell in
          let text = line < cell.count ? cell[line] : StyledLine()
          let fill = String(repeating: " ", count: max(0, widths[column] - text.width))
          return (index == 0 ? style.paint(text, heading: true) : style.paint(text)) + fill
        }
        lines.append(parts.joined(separator: "  ").trimmingTrailingSpaces())
      }
      if index == 0 {
        lines.append(
          widths.map { String(repeating: style.unicode ? "─" : "-", count: $0) }
            .joined(separator: "  "))
      }
    }
    return lines
  }
}

extension TextStyle {
  /// A piece of prose as the terminal shows it.
  func paint(_ text: String, _ style: Span.Style, heading: Bool = false) -> String {
    guard palette != .none, !text.isEmpty else { return text }
    let hasColours = palette != .attributes
    var codes: [String] = heading ? ["1"] : []
    switch style {
    case .plain: break
    case .bold: if !heading { codes.append("1") }
    case .emphasis: codes.append("3")
    case .code: if hasColours { codes.append("36") }
    case .link: codes.append("4")
    case .address: codes.append("2")
    }
    guard !codes.isEmpty else { return text }
    return "\u{1B}[\(codes.joined(separator: ";"))m\(text)\u{1B}[0m"
  }

  func paint(_ line: StyledLine, heading: Bool = false) -> String {
    var result = ""
    var piece = ""
    var last = Span.Style.plain
    for (character, style) in line.characters {
      if style != last {
        result += paint(piece, last, heading: heading)
        piece = ""
        last = style
      }
      piece.append(character)
    }
    return result + paint(piece, last, heading: heading)
  }
}
