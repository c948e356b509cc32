// The name is the format's own.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

/// `q3_k`: a super-block of 256 values in 110 bytes, 3.4375 bits a weight.
///
///     byte 0                  32            96                  108 110
///          | hmask: 32 bytes | qs: 64 bytes | scales: 12 bytes | d |
///
/// Sixteen sub-blocks of 16 values, each with a scale `sc` of six bits less 32:
/// `value = (d × sc) × (q − 4)`. The low two bits of `q` lie as in ``Q2_K``; the third of value
/// `32 j + i` is bit `j` of `hmask[i]`. Scale `j`: low four bits in nibble `j` of `scales[0 ..< 8]`
/// (the low nibbles first), upper two in bits `2 (j / 4)` and up of `scales[8 + j % 4]`.
enum Q3_K: BlockFormat {
  static let fields = [
    BlockField(name: "hmask", offset: 0, length: 32, meaning: "256 third bits"),
    BlockField(name: "qs", offset: 32, length: 64, meaning: "256 pairs of low bits"),
    BlockField(name: "scales", offset: 96, length: 12, meaning: "16 scales, 6 bits each"),
    BlockField(name: "d", offset: 108, length: 2, meaning: "scale of the scales, float16"),
  ]
  static let formula = "value = (d × sc) × (q − 4)"
  static let quantOffset = 4

  static func quantBits(_ index: Int) -> [QuantBits] {
    [
      superPair(index, at: 32),
      QuantBits(byte: index % 32, shift: index / 32, count: 1, position: 2),
    ]
  }

  static func scales(_ block: UnsafeRawBufferPointer) -> (scale: Float, minimum: Float?) {
    (half(block, at: 108), nil)
  }

  static func subBlocks(_ block: UnsafeRawBufferPointer) -> [SubBlock] {
    let (d, _) = scales(block)
    return (0..<16).map { j in
      let low = j < 8 ? block[96 + j] & 0x0f : block[88 + j] >> 4
      let high = block[104 + j % 4] >> (2 * (j / 4)) & 3
      let scale = Int(low | high << 4) - 32
      return SubBlock(
        range: 16 * j..<16 * (j + 1), scaleCode: scale, minimumCode: nil,
        scale: d * Float(scale), minimum: nil)
    }
  }
}
