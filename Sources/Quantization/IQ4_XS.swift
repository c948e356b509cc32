// The name is the format's own.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

/// `iq4_xs`: a super-block of 256 values in 136 bytes, 4.25 bits a weight.
///
///     byte 0   2          4                   8                                136
///          | d | scales_h | scales_l: 4 bytes | qs: 128 bytes, two nibbles each |
///
/// Eight sub-blocks of 32 values, each with a scale `sc` of six bits less 32:
/// `value = (d × sc) × table[q]`, with the table of ``IQ4_NL``. Sub-block `j` has
/// `qs[16 j ..< 16 j + 16]`, nibbles as in ``Q4_0``. The low four bits of scale `j` are nibble `j` of
/// `scales_l`, the upper two are bits `2j` and `2j + 1` of `scales_h`.
enum IQ4_XS: BlockFormat {
  static let fields = [
    BlockField(name: "d", offset: 0, length: 2, meaning: "scale of the scales, float16"),
    BlockField(name: "scales_h", offset: 2, length: 2, meaning: "upper 2 bits of 8 scales"),
    BlockField(name: "scales_l", offset: 4, length: 4, meaning: "lower 4 bits of 8 scales"),
    BlockField(name: "qs", offset: 8, length: 128, meaning: "256 nibbles"),
  ]
  static let formula = "value = (d × sc) × table[q]"
  static let quantOffset = 0
  static var quantTable: [Float]? { IQ4_NL.table }

  static func quantBits(_ index: Int) -> [QuantBits] {
    [nibble(index % 32, at: 8 + 16 * (index / 32))]
  }

  static func scales(_ block: UnsafeRawBufferPointer) -> (scale: Float, minimum: Float?) {
    (half(block, at: 0), nil)
  }

  static func subBlocks(_ block: UnsafeRawBufferPointer) -> [SubBlock] {
    let (d, _) = scales(block)
    let high = Int(block[2]) | Int(block[3]) << 8
    return (0..<8).map { j in
      let low = Int(block[4 + j / 2]) >> (4 * (j % 2)) & 0x0f
      let scale = (low | (high >> (2 * j) & 3) << 4) - 32
      return SubBlock(
        range: 32 * j..<32 * (j + 1), scaleCode: scale, minimumCode: nil,
        scale: d * Float(scale), minimum: nil)
    }
  }
}
