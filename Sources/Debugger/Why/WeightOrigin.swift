import Basics
import Inference
import ModelFiles
import Quantization

extension WeightBlock {
  /// How a value is made, in letters: `d × q + m`.
  static func formula(of type: TensorType, anatomy: BlockAnatomy) -> String {
    if anatomy.quantTable != nil { return "d × table[q]" }
    if anatomy.quantOffset != 0 { return "d × (q - \(anatomy.quantOffset))" }
    if anatomy.subBlocks.first?.minimum == nil { return "d × q" }
    return anatomy.minimumIsSubtracted ? "d × q - m" : "d × q + m"
  }

  /// How a value came to be, and where it lies: the formula with what is stored, its bits in the
  /// file, and what its scale and minimum are.
  ///
  /// - Parameter used: the value as it was multiplied.
  func origin(
    of index: Int, used: Float, rounding: WeightRounding
  ) -> [String] {
    guard let sub = anatomy.subBlock(of: index) else { return [] }
    let quant = anatomy.quants[index]
    let bits = anatomy.bits(ofQuant: index).map(place).joined(separator: " and ")
    return [
      made(of: sub, quant, rounding) + " \(Figure(used))", "q = \(quant): \(bits)",
      scales(of: sub),
    ]
  }

  /// `d × 3 + m = -0.043 → f16`, up to the value as it was multiplied.
  private func made(of sub: SubBlock, _ quant: Int, _ rounding: WeightRounding) -> String {
    if rounding == .steps, let value = anatomy.quantTable?[quant] {
      let step = Figure(inFull: Double(sub.scale / 127))
      let steps = (value * 127).rounded()
      return "\(Figure(inFull: Double(value))) × 127 ≈ \(Int(steps)), d / 127 → f32 \(step), "
        + "\(Int(steps)) × \(step) = \(Figure(inFull: Double(steps) * step.value)) → f32"
    }
    let factor = anatomy.quantTable.map { Double($0[quant]) } ?? Double(quant - anatomy.quantOffset)
    var formula = "d × \(Figure(inFull: factor))"
    var value = Double(sub.scale) * factor
    if let minimum = sub.minimum {
      formula += anatomy.minimumIsSubtracted ? " - m" : " + m"
      value += anatomy.minimumIsSubtracted ? -Double(minimum) : Double(minimum)
    }
    return "\(formula) = \(Figure(inFull: value)) → " + (rounding == .half ? "f16" : "f32")
  }

  /// `d = 0.0059, m = -0.061`; in a K format each is a product: `d = 0.00012 × 17`.
  private func scales(of sub: SubBlock) -> String {
    func product(_ value: Float, _ whole: Float?, _ code: Int?) -> String {
      guard let whole, let code else { return "\(Figure(inFull: Double(value)))" }
      return "\(Figure(inFull: Double(whole))) × \(code)"
    }
    let scale = "d = " + product(sub.scale, anatomy.scale, sub.scaleCode)
    guard let minimum = sub.minimum else { return scale }
    return scale + ", m = " + product(minimum, anatomy.minimum, sub.minimumCode)
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
    return (part.isEmpty ? "" : part + " ")
      + "0x\(digits(byte, radix: 16, count: 2)) at \(fileOffset(ofByte: bits.byte))"
  }

  /// Where a byte of the block lies in the file. Of nf4 and fp4 the scale lies elsewhere, and what
  /// follows it in memory begins the block in the file.
  func fileOffset(ofByte byte: Int) -> Int {
    if tensor.isMapped { return offset + byte }
    let start = anatomy.fields.first { $0.name == "qs" }?.offset ?? 0
    return offset + byte - start
  }
}
