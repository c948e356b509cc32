// The name is the format's own.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

/// `q4_k`: a super-block of 256 values in 144 bytes, 4.5 bits a weight.
///
///     byte 0   2      4                   16                                144
///          | d | dmin | scales: 12 bytes | qs: 128 bytes, two nibbles each |
///
/// Eight sub-blocks of 32 values, each with a scale `sc` and a minimum `mn` of six bits:
/// `value = (d × sc) × q − (dmin × mn)`. Sub-blocks `2k` and `2k + 1` are the low and the high
/// nibbles of `qs[32k ..< 32k + 32]`. The 12 bytes of `scales`, `j` being 0 ..< 4:
///
///     scales[j]      two top bits of sc[j + 4], then sc[j]
///     scales[j + 4]  two top bits of mn[j + 4], then mn[j]
///     scales[j + 8]  low nibble of mn[j + 4], then low nibble of sc[j + 4]
enum Q4_K: BlockFormat {
  static let fields = [
    BlockField(name: "d", offset: 0, length: 2, meaning: "scale of the scales, float16"),
    BlockField(name: "dmin", offset: 2, length: 2, meaning: "scale of the minimums, float16"),
    BlockField(name: "scales", offset: 4, length: 12, meaning: "8 scales, 8 minimums, 6 bits each"),
    BlockField(name: "qs", offset: 16, length: 128, meaning: "256 nibbles"),
  ]
  static let formula = "value = (d × sc) × q − (dmin × mn)"
  static let quantOffset = 0

  static func quantBits(_ index: Int) -> [QuantBits] { [superNibble(index, at: 16)] }

  static func scales(_ block: UnsafeRawBufferPointer) -> (scale: Float, minimum: Float?) {
    (half(block, at: 0), half(block, at: 2))
  }

  static func subBlocks(_ block: UnsafeRawBufferPointer) -> [SubBlock] {
    kSubBlocks(block, at: 4)
  }
}
