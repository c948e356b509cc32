import CKernels

/// `mxfp4`: 32 values in 17 bytes, 4.25 bits a weight (OCP Microscaling Formats, MXFP4).
///
///     byte 0   1                                17
///          | e | qs: 16 bytes, two nibbles each |
///
/// `value[i] = 2^(e − 128) × table[q[i]]`, nibbles as in ``Q4_0``. A nibble is a float of its own:
/// sign, two bits of exponent, one of significand. The table has twice its value, which is why the
/// scale is half of the format's `2^(e − 127)`.
enum MXFP4: BlockFormat {
  static let fields = [
    BlockField(name: "e", offset: 0, length: 1, meaning: "exponent of the scale"),
    BlockField(name: "qs", offset: 1, length: 16, meaning: "32 nibbles"),
  ]
  static let formula = "value = 2^(e − 128) × table[q]"
  static let quantOffset = 0
  static let table = IQ4_NL.floats(nibble_mxfp4_values)
  static var quantTable: [Float]? { table }

  static func quantBits(_ index: Int) -> [QuantBits] { [nibble(index, at: 1)] }

  static func scales(_ block: UnsafeRawBufferPointer) -> (scale: Float, minimum: Float?) {
    (nibble_e8m0_to_float_half(block[0]), nil)
  }
}
