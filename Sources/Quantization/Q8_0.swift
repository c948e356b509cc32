// The name is the format's own.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

/// `q8_0`: 32 values in 34 bytes, 8.5 bits a weight.
///
///     byte 0   2                           34
///          | d | qs: 32 signed bytes       |
///
/// `value[i] = d × qs[i]`. The value of the largest magnitude becomes `127 d` or `−127 d`.
enum Q8_0: BlockFormat {
  static let fields = [
    BlockField(name: "d", offset: 0, length: 2, meaning: "scale, float16"),
    BlockField(name: "qs", offset: 2, length: 32, meaning: "32 signed bytes"),
  ]
  static let formula = "value = d × q"
  static let quantOffset = 0
  static let quantIsSigned = true

  static func quantBits(_ index: Int) -> [QuantBits] {
    [QuantBits(byte: 2 + index, shift: 0, count: 8, position: 0)]
  }

  static func scales(_ block: UnsafeRawBufferPointer) -> (scale: Float, minimum: Float?) {
    (half(block, at: 0), nil)
  }
}
