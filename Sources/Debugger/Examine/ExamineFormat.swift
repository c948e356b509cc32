import Basics

/// What stands after `x/`: how many, as what, and how large each: `32xb`, `4f`, `1block`.
struct ExamineFormat: Equatable {
  /// gdb's letters.
  enum Letter: Character {
    case hexadecimal = "x"
    case signed = "d"
    case unsigned = "u"
    case octal = "o"
    case binary = "t"
    case character = "c"
  }

  enum Unit: Equatable {
    /// Packed bytes, so many together as one little-endian number.
    case bytes(Letter, size: Int)
    /// Dequantized values.
    case values
    /// Whole blocks, laid open.
    case blocks
  }

  var count = 1
  var unit = Unit.bytes(.hexadecimal, size: 1)

  private static let most = 65536
  private static let sizes: [Character: Int] = ["b": 1, "h": 2, "w": 4, "g": 8]

  /// - Parameter last: whose letter and size hold where the text has none.
  /// - Throws: `DebuggerError.badArgument`.
  init(_ text: String, last: ExamineFormat?) throws {
    func bad() -> DebuggerError {
      .badArgument(
        command: "x/", found: text,
        expected: "a count of at most \(Self.most), a format (x d u o t c f, or block) and a size "
          + "(b h w g)")
    }
    unit = last?.unit ?? unit
    let digits = text.prefix { $0.isNumber }
    if !digits.isEmpty {
      guard let number = Int(digits), (1...Self.most).contains(number) else { throw bad() }
      count = number
    }
    let letters = text.dropFirst(digits.count)
    if letters == "block" || letters == "blocks" {
      unit = .blocks
      return
    }
    var letter: Letter?
    var size: Int?
    var isValues = false
    for character in letters {
      if let found = Letter(rawValue: character), letter == nil, !isValues {
        letter = found
      } else if let found = Self.sizes[character], size == nil {
        size = found
      } else if character == "f", letter == nil, !isValues {
        isValues = true
      } else {
        throw bad()
      }
    }
    if isValues {
      guard size == nil else { throw bad() }
      unit = .values
    } else if letter != nil || size != nil {
      var kept = (letter: Letter.hexadecimal, size: 1)
      if case .bytes(let lastLetter, let lastSize) = unit { kept = (lastLetter, lastSize) }
      unit = .bytes(letter ?? kept.letter, size: size ?? (letter == .character ? 1 : kept.size))
    }
  }

  /// One number as the letter has it, of `size` bytes.
  static func text(_ value: UInt64, _ letter: Letter, size: Int) -> String {
    let bits = 8 * size
    let signed = Int64(bitPattern: value << (64 - bits)) >> (64 - bits)
    switch letter {
    case .hexadecimal: return "0x" + digits(value, radix: 16, count: 2 * size)
    case .signed: return String(signed)
    case .unsigned: return String(value)
    case .octal: return "0" + digits(value, radix: 8, count: (bits + 2) / 3)
    case .binary: return digits(value, radix: 2, count: bits)
    case .character:
      let byte = UInt8(truncatingIfNeeded: value)
      let shown =
        (0x20..<0x7F).contains(byte)
        ? String(UnicodeScalar(byte)) : "\\" + String(UInt32(byte), radix: 8)
      return "\(signed) '\(shown)'"
    }
  }

  /// Columns of the widest number.
  static func width(_ letter: Letter, size: Int) -> Int {
    switch letter {
    case .signed: text(1 << (8 * UInt64(size) - 1), letter, size: size).count
    case .character: 11
    default: text(UInt64.max >> UInt64(64 - 8 * size), letter, size: size).count
    }
  }
}
