/// The columns that a text takes on a terminal: two for East Asian wide characters and emoji,
/// none for what combines with the character before it.
///
/// After the wide ranges of Unicode's EastAsianWidth.txt (W and F), by block.
func displayWidth(_ text: String) -> Int {
  text.reduce(0) { $0 + width(of: $1) }
}

private func width(of character: Character) -> Int {
  guard let first = character.unicodeScalars.first else { return 0 }
  if first.properties.isEmojiPresentation { return 2 }
  if character.unicodeScalars.count > 1 && first.properties.isEmoji
    && character.unicodeScalars.contains("\u{FE0F}")
  {
    return 2
  }
  switch first.properties.generalCategory {
  case .control, .nonspacingMark, .enclosingMark, .format: return 0
  default: break
  }
  return wideRanges.contains { $0.contains(first.value) } ? 2 : 1
}

private let wideRanges: [ClosedRange<UInt32>] = [
  0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
  0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
  0xFFE0...0xFFE6, 0x20000...0x3FFFD,
]

/// A text filled with spaces to a number of columns, on the right or on the left.
func padded(_ text: String, to columns: Int, onLeft: Bool = false) -> String {
  let fill = String(repeating: " ", count: max(0, columns - displayWidth(text)))
  return onLeft ? fill + text : text + fill
}

/// A text cut to a number of columns, with `…` (or `~` in ASCII) where something was left out.
func truncated(_ text: String, to columns: Int, unicode: Bool = true) -> String {
  guard displayWidth(text) > columns else { return text }
  var kept = ""
  var used = 0
  for character in text {
    let next = width(of: character)
    if used + next > columns - 1 { break }
    kept.append(character)
    used += next
  }
  return kept + (unicode ? "…" : "~")
}

/// A token's text as a quoted string in which nothing invisible hides: `"\n\n"`, `" fox"`.
func quoted(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\n": result += "\\n"
    case "\r": result += "\\r"
    case "\t": result += "\\t"
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    default:
      if scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) {
        result += "\\x" + hex(UInt8(scalar.value))
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
  }
  return result + "\""
}

/// Two lower-case hexadecimal digits.
func hex(_ byte: UInt8) -> String {
  let digits = String(byte, radix: 16)
  return digits.count == 1 ? "0" + digits : digits
}
