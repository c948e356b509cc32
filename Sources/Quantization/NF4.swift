import CKernels

/// `nf4` as it is in memory: 64 values in 36 bytes, 4.5 bits a weight (QLoRA, arXiv:2305.14314).
///
///     byte 0        4                                36
///          | absmax | qs: 32 bytes, two nibbles each |
///
/// `value = table[q] × absmax`. Value `2i` is the high nibble of `qs[i]`, value `2i + 1` the low one,
/// as bitsandbytes packs them. The table has quantiles of a normal distribution, which is how weights
/// are spread. In a file `absmax` is quantized as well, to 4.127 bits a weight in all.
enum NF4: AbsmaxFormat {
  static let table = floats(nibble_nf4_values)
}

/// `fp4` as it is in memory: as ``NF4``, with the values of a float of four bits.
enum FP4: AbsmaxFormat {
  static let table = floats(nibble_fp4_values)
}

/// A block of 64 nibbles that stand for values of a table, times the block's largest magnitude.
protocol AbsmaxFormat: BlockFormat {
  static var table: [Float] { get }
}

extension AbsmaxFormat {
  static var fields: [BlockField] {
    [
      BlockField(name: "absmax", offset: 0, length: 4, meaning: "largest magnitude, float32"),
      BlockField(name: "qs", offset: 4, length: 32, meaning: "64 nibbles, the high ones first"),
    ]
  }
  static var formula: String { "value = absmax × table[q]" }
  static var quantOffset: Int { 0 }
  static var quantTable: [Float]? { table }

  static func quantBits(_ index: Int) -> [QuantBits] {
    [QuantBits(byte: 4 + index / 2, shift: index % 2 == 0 ? 4 : 0, count: 4, position: 0)]
  }

  static func scales(_ block: UnsafeRawBufferPointer) -> (scale: Float, minimum: Float?) {
    (block.loadUnaligned(fromByteOffset: 0, as: Float.self), nil)
  }

  static func subBlocks(_ block: UnsafeRawBufferPointer) -> [SubBlock] {
    let (scale, _) = scales(block)
    return [
      SubBlock(range: 0..<64, scaleCode: nil, minimumCode: nil, scale: scale, minimum: nil)
    ]
  }

  /// A C table of floats.
  static func floats<Table>(_ table: Table) -> [Float] {
    withUnsafeBytes(of: table) { Array($0.bindMemory(to: Float.self)) }
  }
}
