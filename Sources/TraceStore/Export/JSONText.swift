extension ExportOutput {
  /// Adds a string of JSON: in quotes, with what JSON does not allow in them escaped. Bytes that are
  /// no UTF-8 become U+FFFD.
  func write(json text: String) {
    write(byte: UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): write("\\\"")
      case UInt8(ascii: "\\"): write("\\\\")
      case 0..<0x20, 0x7F:
        write("\\u00")
        write(byte: Self.hexDigit(byte >> 4))
        write(byte: Self.hexDigit(byte & 15))
      default: write(byte: byte)
      }
    }
    write(byte: UInt8(ascii: "\""))
  }

  /// Adds a number of JSON, exactly; NULL for what JSON has no number for.
  func write(json number: Double) {
    if number.isFinite { write("\(number)") } else { write("null") }
  }

  private static func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }
}
