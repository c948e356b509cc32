/// Puts text together from tokens as they come, and never gives out part of a character: bytes of
/// an unfinished one wait for the next token.
public struct StreamDecoder: Sendable {
  private let tokenizer: Tokenizer
  private var pending: [UInt8] = []
  private var count = 0
  /// Whether the next piece starts with the space that encoding put before the text.
  private var dropsSpace = false

  init(_ tokenizer: Tokenizer) { self.tokenizer = tokenizer }

  /// The characters that this token completes, perhaps none. Control tokens have no text; bytes
  /// that no later one could make UTF-8 become U+FFFD.
  public mutating func append(_ id: Int) -> String {
    defer { count += 1 }
    if count == 0 && tokenizer.addsSpacePrefix && id == tokenizer.bosID {
      dropsSpace = true
      return ""
    }
    var piece = tokenizer.piece(id, special: false)[...]
    if dropsSpace && piece.first == 0x20 { piece = piece.dropFirst() }
    dropsSpace = false
    pending.append(contentsOf: piece)
    let whole = pending.count - Self.unfinishedBytes(in: pending)
    defer { pending.removeFirst(whole) }
    return String(decoding: pending[..<whole], as: UTF8.self)
  }

  /// What is left when no more tokens come: U+FFFD for a character that was never finished.
  public mutating func finish() -> String {
    defer { pending = [] }
    return String(decoding: pending, as: UTF8.self)
  }

  /// How many bytes at the end are the beginning of a character that may still be completed.
  private static func unfinishedBytes(in bytes: [UInt8]) -> Int {
    for count in 1...3 where count <= bytes.count {
      let tail = bytes[(bytes.count - count)...]
      guard let lead = tail.first, lead >= 0xc0 else { continue }  // a continuation byte: look on
      return tail.count < UTF8Length.ofCharacter(startingWith: lead) && isPrefix(tail) ? count : 0
    }
    return 0
  }

  /// Whether bytes begin a character: some second bytes are ruled out (overlong forms, surrogates,
  /// values past U+10FFFF).
  private static func isPrefix(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard let lead = bytes.first, (0xc2...0xf4).contains(lead) else { return false }
    guard let second = bytes.dropFirst().first else { return true }
    let allowed: ClosedRange<UInt8> =
      switch lead {
      case 0xe0: 0xa0...0xbf
      case 0xed: 0x80...0x9f
      case 0xf0: 0x90...0xbf
      case 0xf4: 0x80...0x8f
      default: 0x80...0xbf
      }
    return allowed.contains(second)
  }
}
