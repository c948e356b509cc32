import CKernels

/// A block format described, for people to look into; CKernels has the code that is fast.
protocol BlockFormat {
  static var fields: [BlockField] { get }
  static var formula: String { get }
  /// Subtracted from a quant before it is scaled.
  static var quantOffset: Int { get }
  /// Whether a quant's highest bit is its sign.
  static var quantIsSigned: Bool { get }
  /// What each quant stands for, where that is a table.
  static var quantTable: [Float]? { get }
  /// Where a quant's bits lie, low bits first.
  static func quantBits(_ index: Int) -> [QuantBits]
  /// `d`, and `m` or `dmin`.
  static func scales(_ block: UnsafeRawBufferPointer) -> (scale: Float, minimum: Float?)
  static func subBlocks(_ block: UnsafeRawBufferPointer) -> [SubBlock]
}

extension BlockFormat {
  static var quantIsSigned: Bool { false }
  static var quantTable: [Float]? { nil }

  static func quant(_ index: Int, in block: UnsafeRawBufferPointer) -> Int {
    var quant = 0
    var width = 0
    for bits in quantBits(index) {
      quant |= (Int(block[bits.byte]) >> bits.shift & (1 << bits.count - 1)) << bits.position
      width = bits.position + bits.count
    }
    return quantIsSigned && quant >> (width - 1) == 1 ? quant - 1 << width : quant
  }

  /// One scale for the whole block.
  static func subBlocks(_ block: UnsafeRawBufferPointer) -> [SubBlock] {
    let (scale, minimum) = scales(block)
    return [
      SubBlock(
        range: 0..<32, scaleCode: nil, minimumCode: nil, scale: scale, minimum: minimum)
    ]
  }

  /// Nibbles of a block of 32: value `i` is the low nibble of byte `i`, value `i + 16` the high
  /// one.
  static func nibble(_ index: Int, at offset: Int) -> QuantBits {
    QuantBits(byte: offset + index % 16, shift: index < 16 ? 0 : 4, count: 4, position: 0)
  }

  /// Fifth bits of a block of 32: bit `i` of four bytes.
  static func fifthBit(_ index: Int, at offset: Int) -> QuantBits {
    QuantBits(byte: offset + index / 8, shift: index % 8, count: 1, position: 4)
  }

  /// Nibbles of a super-block: sub-blocks of 32, two in 32 bytes, the first in the low nibbles.
  static func superNibble(_ index: Int, at offset: Int) -> QuantBits {
    QuantBits(
      byte: offset + 32 * (index / 64) + index % 32, shift: index % 64 < 32 ? 0 : 4, count: 4,
      position: 0)
  }

  /// Pairs of bits of a super-block: value 32 (4h + k) + i has bits 2k and 2k + 1 of byte 32h + i.
  static func superPair(_ index: Int, at offset: Int) -> QuantBits {
    QuantBits(
      byte: offset + 32 * (index / 128) + index % 32, shift: 2 * (index / 32 % 4), count: 2,
      position: 0)
  }

  /// The float16 at an offset.
  static func half(_ block: UnsafeRawBufferPointer, at offset: Int) -> Float {
    nibble_half_to_float(
      UInt16(littleEndian: block.loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
  }

  /// The eight 6-bit scales and minimums in 12 bytes, and what they come to.
  static func kSubBlocks(_ block: UnsafeRawBufferPointer, at offset: Int) -> [SubBlock] {
    let (d, dmin) = scales(block)
    return (0..<8).map { j in
      let first = Int(block[offset + j % 4])
      let second = Int(block[offset + 4 + j % 4])
      let rest = Int(block[offset + 8 + j % 4])
      let scale = j < 4 ? first & 0x3f : rest & 0x0f | (first >> 6) << 4
      let minimum = j < 4 ? second & 0x3f : rest >> 4 | (second >> 6) << 4
      return SubBlock(
        range: 32 * j..<32 * (j + 1), scaleCode: scale, minimumCode: minimum,
        scale: d * Float(scale), minimum: dmin.map { $0 * Float(minimum) })
    }
  }
}
