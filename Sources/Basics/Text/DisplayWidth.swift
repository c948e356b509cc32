/// How many columns a text takes on a terminal: two for each wide character (Chinese, Japanese,
/// Korean, emoji), none for combining marks and control characters, one for each other.
///
/// After Unicode's East Asian Width (UAX #11), by ranges.
public func displayWidth(_ text: String) -> Int {
  if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text.utf8.count }
  return text.reduce(0) { $0 + displayWidth($1) }
}

/// How many columns a character takes on a terminal.
public func displayWidth(_ character: Character) -> Int {
  if let ascii = character.asciiValue { return (0x20..<0x7F).contains(ascii) ? 1 : 0 }
  guard let first = character.unicodeScalars.first else { return 0 }
  if first.value < 0x20 || (0x7F..<0xA0).contains(first.value) { return 0 }
  switch first.properties.generalCategory {
  // A mark that combines with nothing before it; format characters such as the zero-width space.
  case .nonspacingMark, .enclosingMark, .format: return 0
  default: break
  }
  if first.properties.isEmojiPresentation || wide.contains(where: { $0.contains(first.value) }) {
    return 2
  }
  // U+FE0F asks for the emoji picture of a character that also has a plain form.
  return character.unicodeScalars.contains("\u{FE0F}") && first.properties.isEmoji ? 2 : 1
}

private let wide: [ClosedRange<UInt32>] = [
  0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF,
  0xA000...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19,
  0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x1F200...0x1F2FF, 0x20000...0x3FFFD,
]
