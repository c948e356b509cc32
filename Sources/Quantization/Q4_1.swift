// The name is the format's own.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

/// `q4_1`: 32 values in 20 bytes, 5 bits a weight.
///
///     byte 0   2   4                                20
///          | d | m | qs: 16 bytes, two nibbles each |
///
/// `value[i] = d × q[i] + m`, nibbles as in ``Q4_0``. The smallest value becomes `m`, the largest
/// `15 d + m`.
enum Q4_1: BlockFormat {
  static let fields = [
    BlockField(name: "d", offset: 0, length: 2, meaning: "scale, float16"),
    BlockField(name: "m", offset: 2, length: 2, meaning: "minimum, float16"),
    BlockField(name: "qs", offset: 4, length: 16, meaning: "32 nibbles"),
  ]
  static let formula = "value = d × q + m"
  static let quantOffset = 0

  static func quantBits(_ index: Int) -> [QuantBits] { [nibble(index, at: 4)] }

  static func scales(_ block: UnsafeRawBufferPointer) -> (scale: Float, minimum: Float?) {
    (half(block, at: 0), half(block, at: 2))
  }
}
