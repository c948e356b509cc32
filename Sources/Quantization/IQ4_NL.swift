import CKernels

// The name is the format's own.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

/// `iq4_nl`: 32 values in 18 bytes, 4.5 bits a weight.
///
///     byte 0   2                                18
///          | d | qs: 16 bytes, two nibbles each |
///
/// `value[i] = d × table[q[i]]`, nibbles as in ``Q4_0``. The table's steps are finer near zero,
/// where most weights are.
enum IQ4_NL: BlockFormat {
  static let fields = [
    BlockField(name: "d", offset: 0, length: 2, meaning: "scale, float16"),
    BlockField(name: "qs", offset: 2, length: 16, meaning: "32 nibbles"),
  ]
  static let formula = "value = d × table[q]"
  static let quantOffset = 0
  static let table = floats(nibble_iq4_values)
  static var quantTable: [Float]? { table }

  static func quantBits(_ index: Int) -> [QuantBits] { [nibble(index, at: 2)] }

  static func scales(_ block: UnsafeRawBufferPointer) -> (scale: Float, minimum: Float?) {
    (half(block, at: 0), nil)
  }

  /// The bytes of a C table as floats.
  static func floats<Table>(_ table: Table) -> [Float] {
    withUnsafeBytes(of: table) { $0.bindMemory(to: Int8.self).map { Float($0) } }
  }
}
