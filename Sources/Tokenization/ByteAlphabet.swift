/// The alphabet of byte-level BPE: 256 printable characters that stand for the 256 bytes, so that
/// pieces are text. Bytes that print as Latin-1 stand for themselves; the others, in order, are
/// U+0100, U+0101, … ("Ġ" is the space).
///
/// Source: GPT-2's `bytes_to_unicode`, https://github.com/openai/gpt-2/blob/master/src/encoder.py
enum ByteAlphabet {
  /// The character of each byte, as UTF-8.
  static let characters: [[UInt8]] = scalars.map { Array(String($0).utf8) }

  /// The byte that a character stands for, or `nil` for one outside the alphabet.
  static func byte(of scalar: Unicode.Scalar) -> UInt8? {
    scalar.value < UInt32(bytes.count) ? bytes[Int(scalar.value)] : nil
  }

  private static let scalars: [Unicode.Scalar] = {
    var next: UInt16 = 256
    return (0...255).map { (byte: UInt8) in
      switch byte {
      case 0x21...0x7e, 0xa1...0xac, 0xae...0xff: return Unicode.Scalar(byte)
      default:
        defer { next += 1 }
        return Unicode.Scalar(next) ?? "?"  // never "?": these are not surrogates
      }
    }
  }()

  /// The byte by the character's value.
  private static let bytes: [UInt8?] = {
    var bytes = [UInt8?](repeating: nil, count: 324)
    for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar.value)] = UInt8(byte) }
    return bytes
  }()
}
