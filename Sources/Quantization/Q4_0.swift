// The name is the format's own.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

/// `q4_0`: 32 values in 18 bytes, 4.5 bits a weight.
///
///     byte 0   2                                18
///          | d | qs: 16 bytes, two nibbles each |
///
/// `value[i] = d × (q[i] − 8)`, with `q[i]` the low nibble of `qs[i]` and `q[i + 16]` the high
/// one. The value of the largest magnitude becomes `−8 d`.
enum Q4_0: BlockFormat {
  static let fields = [
    BlockField(name: "d", offset: 0, length: 2, meaning: "scale, float16"),
    BlockField(name: "qs", offset: 2, length: 16, meaning: "32 nibbles"),
  ]
  static let formula = "value = d × (q − 8)"
  static let quantOffset = 8

  static func quantBits(_ index: Int) -> [QuantBits] { [nibble(index, at: 2)] }

  static func scales(_ block: UnsafeRawBufferPointer) -> (scale: Float, minimum: Float?) {
    (half(block, at: 0), nil)
  }
}
