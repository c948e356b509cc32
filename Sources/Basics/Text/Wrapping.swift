import Algorithms

/// Text broken into lines of at most `width` columns: at line feeds, at spaces, and beside wide
/// characters where punctuation allows. Spaces stay as they are but for those between two lines.
///
/// A word that is wider than a line stays whole, so that a path can be copied.
///
/// - Parameter indent: the beginning of every line but the first.
public func wrapped(_ text: String, to width: Int, indent: String = "") -> [String] {
  var lines: [String] = []
  for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
    let start = (lines.isEmpty ? "" : indent) + paragraph.prefix { $0 == " " }
    let characters = Array(paragraph)
    let ranges = lineRanges(
      of: characters, first: width - displayWidth(start), others: width - displayWidth(indent))
    lines += ranges.map { String(characters[$0]) }.prefixed(first: start, others: indent)
    if ranges.isEmpty, text.contains("\n") { lines.append("") }
  }
  return lines
}

extension [String] {
  /// The lines with `first` before the first one and `others` before the others.
  public func prefixed(first: String, others: String) -> [String] {
    enumerated().map { ($0 == 0 ? first : others) + $1 }
  }
}

/// The lines that characters are broken into as ``wrapped(_:to:indent:)`` does, without the spaces
/// at their ends; none for spaces alone.
///
/// - Parameters:
///   - first: columns of the first line.
///   - others: columns of each other line.
///   - cutsWords: true to cut a word that is wider than a line.
public func lineRanges(
  of characters: [Character], first: Int, others: Int, cutsWords: Bool = false
) -> [Range<Int>] {
  var lines: [Range<Int>] = []
  var line = 0..<0
  var columns = 0
  func fits(_ size: Int) -> Bool {
    line.isEmpty || columns + size <= (lines.isEmpty ? first : others)
  }
  func end(before next: Int) {
    lines.append(line)
    (line, columns) = (next..<next, 0)
  }
  for piece in characters.chunked(by: { !mayBreak(between: $0, and: $1) }) {
    let size = piece.reduce(0) { $0 + displayWidth($1) }
    if piece.first == " " {
      if line.isEmpty { line = piece.endIndex..<piece.endIndex } else { columns += size }
      continue
    }
    if !fits(size) { end(before: piece.startIndex) }
    let parts = cutsWords && size > others ? piece.indices.map { $0..<$0 + 1 } : [piece.indices]
    for part in parts {
      let size = characters[part].reduce(0) { $0 + displayWidth($1) }
      if !fits(size) { end(before: part.lowerBound) }
      line = line.lowerBound..<part.upperBound
      columns += size
    }
  }
  return line.isEmpty ? lines : lines + [line]
}

private func mayBreak(between left: Character, and right: Character) -> Bool {
  if left == " " || right == " " { return left != right }
  guard displayWidth(left) == 2 || displayWidth(right) == 2 else { return false }
  return !closing.contains(right) && !opening.contains(left)
}

/// Marks that begin no line.
private let closing: Set<Character> = [
  "，", "。", "、", "；", "：", "？", "！", "）", "》", "」", "』", "】", "”", "’", "…", "—", "％", ",", ".",
  ";", ":", "?", "!", ")", "]", "}", "%", "×", "\"",
]
/// Marks that end no line.
private let opening: Set<Character> = [
  "（", "《", "「", "『", "【", "“", "‘", "(", "[", "{", "\"",
]
