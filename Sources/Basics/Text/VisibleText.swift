// Text from a trace as it may be shown: nothing in it acts on what shows it, and nothing hides.

/// A text as a terminal or a page can show it without acting on it: control characters, such as
/// ESC, as `\x1b`, and those that turn the direction of writing or end a line as `\u{202e}`.
///
/// - Parameter kept: characters of these that stay as they are.
public func visible(_ text: String, keeping kept: Set<Unicode.Scalar> = []) -> String {
  func isShown(_ scalar: Unicode.Scalar) -> Bool { !isHidden(scalar) || kept.contains(scalar) }
  if text.unicodeScalars.allSatisfy(isShown) { return text }
  var result = ""
  for scalar in text.unicodeScalars {
    if isShown(scalar) {
      result.unicodeScalars.append(scalar)
    } else if isControl(scalar) {
      result += "\\x" + digits(scalar.value, radix: 16, count: 2)
    } else {
      result += "\\u{\(String(scalar.value, radix: 16))}"
    }
  }
  return result
}

/// A text on one line in which nothing invisible hides: line feeds and tabs as `\n` and `\t`.
public func escaped(_ text: String) -> String { escaped(text, isQuoted: false) }

/// A text as a quoted string in which nothing invisible hides: `"\n\n"`, `" fox"`.
public func quoted(_ text: String) -> String {
  "\"" + escaped(text, isQuoted: true) + "\""
}

private func escaped(_ text: String, isQuoted: Bool) -> String {
  visible(
    text.unicodeScalars.reduce(into: "") { result, scalar in
      switch scalar {
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\"" where isQuoted, "\\" where isQuoted: result += "\\\(scalar)"
      default: result.unicodeScalars.append(scalar)
      }
    })
}

/// A text as XML and HTML hold it, in an element or between double quotes.
public func markup(_ text: String) -> String {
  visible(text).unicodeScalars.reduce(into: "") { result, scalar in
    switch scalar {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    case "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"  // XML cannot hold them
    default: result.unicodeScalars.append(scalar)
    }
  }
}

/// A string of JSON, as sqlite3's shell writes it; what may hide or act on a terminal is escaped.
public func jsonString(_ text: String) -> String {
  jsonString(text.unicodeScalars, escaping: isHidden)
}

/// A string of JSON with a character for each byte, U+0000 to U+00FF.
public func jsonString(_ bytes: [UInt8]) -> String {
  jsonString(bytes.lazy.map { Unicode.Scalar($0) }, escaping: { $0.value >= 0x7F })
}

private func jsonString(
  _ scalars: some Sequence<Unicode.Scalar>, escaping isEscaped: (Unicode.Scalar) -> Bool
) -> String {
  var result = "\""
  for scalar in scalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case "\u{8}": result += "\\b"
    case "\u{C}": result += "\\f"
    case "\n": result += "\\n"
    case "\r": result += "\\r"
    case "\t": result += "\\t"
    case _ where scalar.value < 0x20 || isEscaped(scalar):
      result += "\\u" + digits(scalar.value, radix: 16, count: 4)
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}

private func isHidden(_ scalar: Unicode.Scalar) -> Bool {
  isControl(scalar) || isDirection(scalar)
}

/// Of ASCII and of Latin-1.
private func isControl(_ scalar: Unicode.Scalar) -> Bool {
  scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
}

/// Marks, embeddings, overrides and isolates of direction, and separators of lines.
private func isDirection(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.value {
  case 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
  default: false
  }
}
