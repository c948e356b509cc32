extension ExportOutput {
  /// Adds a string of JSON: in quotes, with what JSON does not allow in them escaped. Bytes that are
  /// no UTF-8 become U+FFFD.
  func write(json text: String) {
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x22 && $0 != 0x5C && $0 != 0x7F }) {
      write("\"")
      write(text)
      write("\"")
    } else {
      write(Self.json(text))
    }
  }

  /// A string of JSON.
  static func json(_ text: String) -> String {
    var result: [UInt8] = [0x22]
    for byte in text.utf8 {
      switch byte {
      case 0x22, 0x5C: result += [0x5C, byte]  // a quote, a backslash
      case 0..<0x20, 0x7F: result += "\\u00".utf8 + [hexDigit(byte >> 4), hexDigit(byte & 15)]
      default: result.append(byte)
      }
    }
    return String(decoding: result + [0x22], as: UTF8.self)
  }

  /// Adds a number of JSON, exactly; NULL for what JSON has no number for.
  func write(json number: Double) {
    if number.isFinite { write("\(number)") } else { write("null") }
  }

  private static func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }
}
