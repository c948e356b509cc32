import Basics
import Foundation
import TraceStore

/// The blocks of a Markdown text, as far as lessons use it.
struct Markdown {
  enum Block: Equatable {
    case paragraph(String)
    case heading(String)
    /// Items with their depth, from 0, and what they begin with: `-` or `1.`
    case list([Item])
    case quotation(String)
    /// Rows of cells; the first is the heading.
    case table([[String]])
    /// The words after the fence, and the lines between.
    case code(info: String, lines: [String])
    case rule
  }

  struct Item: Equatable {
    let depth: Int
    let marker: String
    var text: String
  }

  private(set) var blocks: [Block] = []

  init(_ text: String) {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)[...]
    while let line = lines.popFirst() {
      let words = line.trimmingCharacters(in: .whitespaces)
      if words.isEmpty {
        endParagraph()
      } else if words.hasPrefix("```") {
        endParagraph()
        let end = lines.firstIndex { $0.trimmingCharacters(in: .whitespaces) == "```" }
        let inner = lines[lines.startIndex..<(end ?? lines.endIndex)]
        blocks.append(
          .code(
            info: words.dropFirst(3).trimmingCharacters(in: .whitespaces), lines: Array(inner)))
        lines = lines[(end.map { $0 + 1 } ?? lines.endIndex)...]
      } else {
        add(line, words)
      }
    }
    endParagraph()
  }

  /// Whether the block at the end goes on with the next line.
  private var isOpen = false

  private mutating func endParagraph() { isOpen = false }

  private mutating func add(_ line: String, _ words: String) {
    let depth = line.prefix { $0 == " " }.count / 2
    if words.hasPrefix("####") {
      blocks.append(.heading(words.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces)))
      isOpen = false
    } else if words == "---" {
      blocks.append(.rule)
      isOpen = false
    } else if words.hasPrefix("|") {
      addRow(words)
    } else if words.hasPrefix(">") {
      let text = words.dropFirst().trimmingCharacters(in: .whitespaces)
      if isOpen, case .quotation(let before) = blocks.last {
        blocks[blocks.count - 1] = .quotation(Self.join(before, text))
      } else {
        blocks.append(.quotation(text))
      }
      isOpen = true
    } else if let marker = Self.marker(of: words) {
      let text = words.dropFirst(marker.count).trimmingCharacters(in: .whitespaces)
      let item = Item(depth: depth, marker: marker, text: text)
      if case .list(let items) = blocks.last {
        blocks[blocks.count - 1] = .list(items + [item])
      } else {
        blocks.append(.list([item]))
      }
      isOpen = true
    } else if isOpen {
      goOn(words)
    } else {
      blocks.append(.paragraph(words))
      isOpen = true
    }
  }

  private mutating func goOn(_ words: String) {
    switch blocks.last {
    case .paragraph(let before): blocks[blocks.count - 1] = .paragraph(Self.join(before, words))
    case .quotation(let before): blocks[blocks.count - 1] = .quotation(Self.join(before, words))
    case .list(var items) where !items.isEmpty:
      items[items.count - 1].text = Self.join(items[items.count - 1].text, words)
      blocks[blocks.count - 1] = .list(items)
    default: blocks.append(.paragraph(words))
    }
  }

  private mutating func addRow(_ words: String) {
    let cells = Self.cells(of: words)
    let isRule = cells.allSatisfy { !$0.isEmpty && $0.allSatisfy { "-: ".contains($0) } }
    if isOpen, case .table(let rows) = blocks.last {
      if !isRule { blocks[blocks.count - 1] = .table(rows + [cells]) }
    } else {
      blocks.append(.table([cells]))
    }
    isOpen = true
  }

  /// The cells of `| a | b |`; a `|` in a template or in code ends none.
  private static func cells(of row: String) -> [String] {
    var cells = [""]
    var isInCode = false
    var depth = 0
    for character in row.dropFirst() {
      if character == "`" { isInCode.toggle() }
      if character == "{" { depth += 1 }
      if character == "}" { depth -= 1 }
      if character == "|", !isInCode, depth <= 0 {
        cells.append("")
      } else {
        cells[cells.count - 1].append(character)
      }
    }
    if cells.last?.allSatisfy(\.isWhitespace) == true { cells.removeLast() }
    return cells.map { $0.trimmingCharacters(in: .whitespaces) }
  }

  /// `-`, `*` or `1.`, where a line begins with one and a space.
  private static func marker(of words: String) -> String? {
    if words.hasPrefix("- ") || words.hasPrefix("* ") { return String(words.prefix(1)) }
    let digits = words.prefix { $0.isASCII && $0.isNumber }
    return !digits.isEmpty && digits.count < 4 && words.dropFirst(digits.count).hasPrefix(". ")
      ? digits + "." : nil
  }

  /// Two lines of one paragraph; between two wide characters there is no space.
  private static func join(_ first: String, _ second: String) -> String {
    guard let left = first.last, let right = second.first else { return first + second }
    let isWide = displayWidth(left) == 2 && displayWidth(right) == 2
    return first + (isWide ? "" : " ") + second
  }
}
