// The name is the format's own.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

/// `q5_k`: a super-block of 256 values in 176 bytes, 5.5 bits a weight.
///
///     byte 0   2      4                  16             48                               176
///          | d | dmin | scales: 12 bytes | qh: 32 bytes | qs: 128 bytes, two nibbles each |
///
/// As ``Q4_K``, with a fifth bit: bit `j` of `qh[i]` belongs to value `i` of sub-block `j`.
enum Q5_K: BlockFormat {
  static let fields = [
    BlockField(name: "d", offset: 0, length: 2, meaning: "scale of the scales, float16"),
    BlockField(name: "dmin", offset: 2, length: 2, meaning: "scale of the minimums, float16"),
    BlockField(name: "scales", offset: 4, length: 12, meaning: "8 scales, 8 minimums, 6 bits each"),
    BlockField(name: "qh", offset: 16, length: 32, meaning: "256 fifth bits"),
    BlockField(name: "qs", offset: 48, length: 128, meaning: "256 nibbles"),
  ]
  static let formula = "value = (d × sc) × q − (dmin × mn)"
  static let quantOffset = 0

  static func quantBits(_ index: Int) -> [QuantBits] {
    [
      superNibble(index, at: 48),
      QuantBits(byte: 16 + index % 32, shift: index / 32, count: 1, position: 4),
    ]
  }

  static func scales(_ block: UnsafeRawBufferPointer) -> (scale: Float, minimum: Float?) {
    (half(block, at: 0), half(block, at: 2))
  }

  static func subBlocks(_ block: UnsafeRawBufferPointer) -> [SubBlock] {
    kSubBlocks(block, at: 4)
  }
}
