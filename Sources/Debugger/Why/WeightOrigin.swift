import Quantization

extension WeightBlock {
  /// How a value comes from what is stored: `0.0059 × 3 + -0.0607`.
  func formula(of index: Int) -> String {
    guard let sub = anatomy.subBlock(of: index) else { return "\(anatomy.values[index])" }
    let quant = anatomy.quants[index]
    if let table = anatomy.quantTable {
      return "d × table[q] = \(sub.scale) × \(table[quant])"
    }
    if anatomy.quantOffset != 0 {
      return "d × (q - \(anatomy.quantOffset)) = \(sub.scale) × \(quant - anatomy.quantOffset)"
    }
    guard let minimum = sub.minimum else { return "d × q = \(sub.scale) × \(quant)" }
    return anatomy.minimumIsSubtracted
      ? "d × q - m = \(sub.scale) × \(quant) - \(minimum)"
      : "d × q + m = \(sub.scale) × \(quant) + \(minimum)"
  }

  /// Where a value's bits and scales lie in the file.
  func origin(of index: Int) -> [String] {
    let quant = anatomy.quants[index]
    let bits = anatomy.bits(ofQuant: index).map(place).joined(separator: " and ")
    var lines = ["q = \(quant): \(bits)"]
    let sub = anatomy.subBlock(of: index)
    var scales = "block \(number) at byte \(offset)"
    if let sub, let code = sub.scaleCode, let scale = anatomy.scale {
      scales += ": d = \(scale) × \(code)"
      if let minimumCode = sub.minimumCode, let minimum = anatomy.minimum {
        scales += ", m = \(minimum) × \(minimumCode)"
      }
    } else if let scale = anatomy.scale {
      scales += ": d = \(scale)" + (anatomy.minimum.map { ", m = \($0)" } ?? "")
    }
    lines.append(scales)
    return lines
  }

  private func place(of bits: QuantBits) -> String {
    let byte = anatomy.bytes[bits.byte]
    let part =
      switch (bits.count, bits.shift) {
      case (4, 0): "the low nibble of"
      case (4, 4): "the high nibble of"
      case (8, _): ""
      case (1, let shift): "bit \(shift) of"
      case (let count, let shift): "bits \(shift) to \(shift + count - 1) of"
      }
    return (part.isEmpty ? "" : part + " ") + "0x\(hex(byte)), byte \(fileOffset(ofByte: bits.byte))"
  }

  /// Where a byte of the block lies in the file. Of nf4 and fp4 the scale lies elsewhere, and what
  /// follows it in memory begins the block in the file.
  func fileOffset(ofByte byte: Int) -> Int {
    if tensor.isMapped { return offset + byte }
    let start = anatomy.fields.first { $0.name == "qs" }?.offset ?? 0
    return offset + byte - start
  }
}
