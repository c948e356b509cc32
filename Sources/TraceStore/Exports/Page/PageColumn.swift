import Foundation

/// Whole numbers as they lie in the page, where most columns are steps or repeat themselves: the
/// difference of each to the one before, and how often that difference comes in a row.
///
/// Both are varints (7 bits a byte, the lowest first, the high bit set where more follow), the
/// difference in zigzag (0, -1, 1, -2, 2 … as 0, 1, 2, 3, 4 …), and the bytes are in base64.
/// `Resources/data.js` reads them.
struct PageColumn: Encodable {
  private(set) var count = 0
  private var bytes: [UInt8] = []
  private var last = 0
  private var difference = 0
  private var repeats = 0

  init() {}

  init(_ values: some Sequence<Int>) {
    for value in values { append(value) }
  }

  /// Adds a number of at most 53 bits.
  mutating func append(_ value: Int) {
    let step = value - last
    if repeats > 0, step != difference { flush() }
    difference = step
    repeats += 1
    last = value
    count += 1
  }

  private mutating func flush() {
    Self.put(UInt(bitPattern: difference << 1 ^ difference >> (Int.bitWidth - 1)), in: &bytes)
    Self.put(UInt(repeats), in: &bytes)
    repeats = 0
  }

  private static func put(_ value: UInt, in bytes: inout [UInt8]) {
    var rest = value
    while rest > 0x7F {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  func encode(to encoder: any Encoder) throws {
    var whole = self
    if whole.repeats > 0 { whole.flush() }
    var container = encoder.singleValueContainer()
    try container.encode(Data(whole.bytes).base64EncodedString())
  }
}
