// The name is the format's own.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

/// `q5_1`: 32 values in 24 bytes, 6 bits a weight.
///
///     byte 0   2   4             8                                24
///          | d | m | qh: 32 bits | qs: 16 bytes, two nibbles each |
///
/// `value[i] = d × q[i] + m`, with `q[i]` as in ``Q5_0``.
enum Q5_1: BlockFormat {
  static let fields = [
    BlockField(name: "d", offset: 0, length: 2, meaning: "scale, float16"),
    BlockField(name: "m", offset: 2, length: 2, meaning: "minimum, float16"),
    BlockField(name: "qh", offset: 4, length: 4, meaning: "32 fifth bits"),
    BlockField(name: "qs", offset: 8, length: 16, meaning: "32 nibbles"),
  ]
  static let formula = "value = d × q + m"
  static let quantOffset = 0

  static func quantBits(_ index: Int) -> [QuantBits] {
    [nibble(index, at: 8), fifthBit(index, at: 4)]
  }

  static func scales(_ block: UnsafeRawBufferPointer) -> (scale: Float, minimum: Float?) {
    (half(block, at: 0), half(block, at: 2))
  }
}
