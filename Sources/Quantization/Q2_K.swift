// The name is the format's own.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

/// `q2_k`: a super-block of 256 values in 84 bytes, 2.625 bits a weight.
///
///     byte 0                   16            80  82     84
///          | scales: 16 bytes | qs: 64 bytes | d | dmin |
///
/// Sixteen sub-blocks of 16 values, each with a scale `sc` (low nibble of `scales[j]`) and a minimum
/// `mn` (high nibble): `value = (d × sc) × q − (dmin × mn)`. Values `32 (4h + k) + i`, `h` of 0 ..< 2,
/// `k` of 0 ..< 4, have bits `2k` and `2k + 1` of `qs[32h + i]`.
enum Q2_K: BlockFormat {
  static let fields = [
    BlockField(
      name: "scales", offset: 0, length: 16, meaning: "16 scales, 16 minimums, 4 bits each"),
    BlockField(name: "qs", offset: 16, length: 64, meaning: "256 pairs of bits"),
    BlockField(name: "d", offset: 80, length: 2, meaning: "scale of the scales, float16"),
    BlockField(name: "dmin", offset: 82, length: 2, meaning: "scale of the minimums, float16"),
  ]
  static let formula = "value = (d × sc) × q − (dmin × mn)"
  static let quantOffset = 0

  static func quantBits(_ index: Int) -> [QuantBits] { [superPair(index, at: 16)] }

  static func scales(_ block: UnsafeRawBufferPointer) -> (scale: Float, minimum: Float?) {
    (half(block, at: 80), half(block, at: 82))
  }

  static func subBlocks(_ block: UnsafeRawBufferPointer) -> [SubBlock] {
    let (d, dmin) = scales(block)
    return (0..<16).map { j in
      let (scale, minimum) = (Int(block[j] & 0x0f), Int(block[j] >> 4))
      return SubBlock(
        range: 16 * j..<16 * (j + 1), scaleCode: scale, minimumCode: minimum,
        scale: d * Float(scale), minimum: dmin.map { $0 * Float(minimum) })
    }
  }
}
