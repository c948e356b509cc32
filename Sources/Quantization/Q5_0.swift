// The name is the format's own.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

/// `q5_0`: 32 values in 22 bytes, 5.5 bits a weight.
///
///     byte 0   2             6                                22
///          | d | qh: 32 bits | qs: 16 bytes, two nibbles each |
///
/// `value[i] = d × (q[i] − 16)`: the low four bits of `q[i]` as in ``Q4_0``, the fifth is bit `i`
/// of `qh`.
enum Q5_0: BlockFormat {
  static let fields = [
    BlockField(name: "d", offset: 0, length: 2, meaning: "scale, float16"),
    BlockField(name: "qh", offset: 2, length: 4, meaning: "32 fifth bits"),
    BlockField(name: "qs", offset: 6, length: 16, meaning: "32 nibbles"),
  ]
  static let formula = "value = d × (q − 16)"
  static let quantOffset = 16

  static func quantBits(_ index: Int) -> [QuantBits] {
    [nibble(index, at: 6), fifthBit(index, at: 2)]
  }

  static func scales(_ block: UnsafeRawBufferPointer) -> (scale: Float, minimum: Float?) {
    (half(block, at: 0), nil)
  }
}
