import Quantization

extension WeightBlock {
  /// How a value is made, in letters: `d × q + m`.
  static func formula(of type: TensorType, anatomy: BlockAnatomy) -> String {
    if anatomy.quantTable != nil { return "d × table[q]" }
    if anatomy.quantOffset != 0 { return "d × (q - \(anatomy.quantOffset))" }
    if anatomy.subBlocks.first?.minimum == nil { return "d × q" }
    return anatomy.minimumIsSubtracted ? "d × q - m" : "d × q + m"
  }

  /// How a value is made, in numbers: `0.0059 × 3 + -0.0607`.
  func formula(of index: Int) -> String {
    guard let sub = anatomy.subBlock(of: index) else { return "\(anatomy.values[index])" }
    let quant = anatomy.quants[index]
    if let table = anatomy.quantTable { return "\(sub.scale) × \(table[quant])" }
    let product = "\(sub.scale) × \(quant - anatomy.quantOffset)"
    guard let minimum = sub.minimum else { return product }
    return product + (anatomy.minimumIsSubtracted ? " - " : " + ") + "\(minimum)"
  }

  /// Where a value's bits lie in the file, and what its scales are made of.
  func origin(of index: Int) -> [String] {
    let bits = anatomy.bits(ofQuant: index).map(place).joined(separator: " and ")
    var lines = ["q = \(anatomy.quants[index]): \(bits)"]
    if let sub = anatomy.subBlock(of: index), let code = sub.scaleCode, let scale = anatomy.scale {
      var scales = "d = \(scale) × \(code)"
      if let minimumCode = sub.minimumCode, let minimum = anatomy.minimum {
        scales += ", m = \(minimum) × \(minimumCode)"
      }
      lines.append(scales)
    }
    return lines
  }

  /// `block 37 at byte 739952`.
  var place: String { "block \(number) at byte \(offset)" }

  private func place(of bits: QuantBits) -> String {
    let byte = anatomy.bytes[bits.byte]
    let part =
      switch (bits.count, bits.shift) {
      case (4, 0): "low nibble of"
      case (4, 4): "high nibble of"
      case (8, _): ""
      case (1, let shift): "bit \(shift) of"
      case (let count, let shift): "bits \(shift) to \(shift + count - 1) of"
      }
    return (part.isEmpty ? "" : part + " ") + "0x\(hex(byte)) at \(fileOffset(ofByte: bits.byte))"
  }

  /// Where a byte of the block lies in the file. Of nf4 and fp4 the scale lies elsewhere, and what
  /// follows it in memory begins the block in the file.
  func fileOffset(ofByte byte: Int) -> Int {
    if tensor.isMapped { return offset + byte }
    let start = anatomy.fields.first { $0.name == "qs" }?.offset ?? 0
    return offset + byte - start
  }
}
