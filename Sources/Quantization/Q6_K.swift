// The name is the format's own.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

/// `q6_k`: a super-block of 256 values in 210 bytes, 6.5625 bits a weight.
///
///     byte 0                128            192                208 210
///          | ql: 128 bytes | qh: 64 bytes | scales: 16 bytes | d |
///
/// Sixteen sub-blocks of 16 values, each with a signed scale `sc` of eight bits:
/// `value = (d × sc) × (q − 32)`. The first 128 values use `ql[0 ..< 64]` and `qh[0 ..< 32]`, the
/// others the rest. Of such a half, value `32 g + i` (`g` of 0 ..< 4, `i` of 0 ..< 32) has its low
/// four bits in `ql[32 × (g % 2) + i]`, in the low nibble for `g < 2`, else in the high one, and
/// its upper two in bits `2g` and `2g + 1` of `qh[i]`.
enum Q6_K: BlockFormat {
  static let fields = [
    BlockField(name: "ql", offset: 0, length: 128, meaning: "256 low nibbles"),
    BlockField(name: "qh", offset: 128, length: 64, meaning: "256 pairs of upper bits"),
    BlockField(name: "scales", offset: 192, length: 16, meaning: "16 scales, signed bytes"),
    BlockField(name: "d", offset: 208, length: 2, meaning: "scale of the scales, float16"),
  ]
  static let formula = "value = (d × sc) × (q − 32)"
  static let quantOffset = 32

  static func quantBits(_ index: Int) -> [QuantBits] {
    let (part, rest) = (index / 128, index % 128)
    let (group, lane) = (rest / 32, rest % 32)
    return [
      QuantBits(
        byte: 64 * part + 32 * (group % 2) + lane, shift: group < 2 ? 0 : 4, count: 4,
        position: 0),
      QuantBits(byte: 128 + 32 * part + lane, shift: 2 * group, count: 2, position: 4),
    ]
  }

  static func scales(_ block: UnsafeRawBufferPointer) -> (scale: Float, minimum: Float?) {
    (half(block, at: 208), nil)
  }

  static func subBlocks(_ block: UnsafeRawBufferPointer) -> [SubBlock] {
    let (d, _) = scales(block)
    return (0..<16).map { j in
      let scale = Int(Int8(bitPattern: block[192 + j]))
      return SubBlock(
        range: 16 * j..<16 * (j + 1), scaleCode: scale, minimumCode: nil,
        scale: d * Float(scale), minimum: nil)
    }
  }
}
