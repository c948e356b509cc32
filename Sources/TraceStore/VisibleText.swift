/// A text as a terminal can show it without acting on it: control characters, such as ESC, as
/// `\x1b`.
///
/// - Parameter kept: control characters that stay as they are.
public func visible(_ text: String, keeping kept: Set<Unicode.Scalar> = []) -> String {
  guard text.unicodeScalars.contains(where: { isControl($0) && !kept.contains($0) }) else {
    return text
  }
  var result = ""
  for scalar in text.unicodeScalars {
    if isControl(scalar), !kept.contains(scalar) {
      let digits = String(scalar.value, radix: 16)
      result += "\\x" + (digits.count == 1 ? "0" : "") + digits
    } else {
      result.unicodeScalars.append(scalar)
    }
  }
  return result
}

/// Of ASCII and of Latin-1.
private func isControl(_ scalar: Unicode.Scalar) -> Bool {
  scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
}
