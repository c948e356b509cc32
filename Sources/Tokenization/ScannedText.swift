/// What a scalar is to the pre-tokenizers' patterns.
enum ScalarClass: UInt8 {
  /// `\p{L}`
  case letter
  /// `\p{N}`
  case number
  /// `\s`
  case whitespace
  /// `\p{P}`
  case punctuation
  /// Symbols, marks, controls, private use, and what Unicode 15.1 had not assigned.
  case other

  /// Whether `[^\s\p{L}\p{N}]` matches.
  var isSymbol: Bool { self == .punctuation || self == .other }

  /// llama.cpp carries tables of Unicode 15.1; scalars that later versions assigned count as
  /// unassigned there, so they do here, whatever version the Swift runtime knows.
  init(_ scalar: Unicode.Scalar) {
    let properties = scalar.properties
    if properties.isWhitespace {
      self = .whitespace
      return
    }
    let category = properties.generalCategory
    if category == .unassigned || category == .privateUse {
      self = .other
      return
    }
    if let age = properties.age, (age.major, age.minor) > (15, 1) {
      self = .other
      return
    }
    switch category {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
      self = .letter
    case .decimalNumber, .letterNumber, .otherNumber:
      self = .number
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
      .initialPunctuation, .finalPunctuation, .otherPunctuation:
      self = .punctuation
    default:
      self = .other
    }
  }

  /// The classes of ASCII, by value.
  static let ascii: [ScalarClass] = (0..<128).map { ScalarClass(Unicode.Scalar(UInt8($0))) }
}

/// A scalar as the patterns see it.
struct ScannedScalar {
  let kind: ScalarClass
  /// The character itself if it is ASCII, else 0xff.
  let ascii: UInt8

  /// Whether this is the ASCII character.
  func `is`(_ character: Unicode.Scalar) -> Bool { UInt32(ascii) == character.value }

  /// `[\r\n]`
  var isNewline: Bool { self.is("\r") || self.is("\n") }

  /// `[0-9]`
  var isASCIIDigit: Bool { (0x30...0x39).contains(ascii) }
}

/// A text taken apart into scalars, once, before the patterns look at it.
struct ScannedText {
  private(set) var scalars: [ScannedScalar] = []
  /// Where each scalar starts in the UTF-8 text; one more than there are scalars.
  private(set) var offsets: [Int] = []

  /// - Parameter text: valid UTF-8.
  init(_ text: UnsafeBufferPointer<UInt8>) {
    scalars.reserveCapacity(text.count)
    offsets.reserveCapacity(text.count + 1)
    let ascii = ScalarClass.ascii
    var offset = 0
    while offset < text.count {
      offsets.append(offset)
      let lead = text[offset]
      if lead < 0x80 {
        scalars.append(ScannedScalar(kind: ascii[Int(lead)], ascii: lead))
        offset += 1
      } else {
        let length = UTF8Length.ofCharacter(startingWith: lead)
        var value = UInt32(lead) & (0x7f >> UInt32(length))
        for index in offset + 1..<min(offset + length, text.count) {
          value = value << 6 | UInt32(text[index] & 0x3f)
        }
        let scalar = Unicode.Scalar(value) ?? "\u{fffd}"
        scalars.append(ScannedScalar(kind: ScalarClass(scalar), ascii: 0xff))
        offset = min(offset + length, text.count)
      }
    }
    offsets.append(text.count)
  }
}

enum UTF8Length {
  /// Bytes of the character whose first byte this is; 1 for a byte that starts none.
  static func ofCharacter(startingWith lead: UInt8) -> Int {
    switch lead {
    case 0xc0...0xdf: 2
    case 0xe0...0xef: 3
    case 0xf0...0xf7: 4
    default: 1
    }
  }
}
