import Foundation
import GGUF
import Quantization

/// One block laid open, as `nibble inspect --block` shows it.
struct BlockListing: Encodable {
  private let tensor: GGUFTensor
  private let block: Int
  private let anatomy: BlockAnatomy

  init(tensor: GGUFTensor, block: Int, anatomy: BlockAnatomy) {
    self.tensor = tensor
    self.block = block
    self.anatomy = anatomy
  }

  private var offset: Int { tensor.fileOffset(ofBlock: block) }

  enum CodingKeys: String, CodingKey {
    case tensor, type, block, offset, bytes, scale, minimum, quants, values, formula
    case subBlocks = "sub_blocks"
  }

  enum SubBlockKeys: String, CodingKey {
    case first, count, scale, minimum
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(tensor.name, forKey: .tensor)
    try container.encode(tensor.typeName, forKey: .type)
    try container.encode(block, forKey: .block)
    try container.encode(offset, forKey: .offset)
    try container.encode(hex, forKey: .bytes)
    try container.encode(anatomy.scale, forKey: .scale)
    try container.encode(anatomy.minimum, forKey: .minimum)
    try container.encode(anatomy.quants, forKey: .quants)
    try container.encode(anatomy.values, forKey: .values)
    try container.encode(anatomy.formula, forKey: .formula)
    var list = container.nestedUnkeyedContainer(forKey: .subBlocks)
    for part in anatomy.subBlocks {
      var item = list.nestedContainer(keyedBy: SubBlockKeys.self)
      try item.encode(part.range.lowerBound, forKey: .first)
      try item.encode(part.range.count, forKey: .count)
      try item.encode(part.scale, forKey: .scale)
      try item.encode(part.minimum, forKey: .minimum)
    }
  }

  private var hex: String {
    anatomy.bytes.map { String(format: "%02x", $0) }.joined(separator: " ")
  }

  var text: String {
    let size = anatomy.values.count
    let first = block * size
    let row = first / tensor.cols
    let column = first % tensor.cols
    let bits = Double(anatomy.bytes.count * 8) / Double(size)
    let place =
      tensor.isMapped
      ? "at byte \(offset) of the file"
      : "of memory, whose nibbles are at byte \(offset) of the file"
    var lines = [
      "\(tensor.name) block \(block): row \(row), columns \(column)..<\(column + size)",
      "\(size) weights in \(anatomy.bytes.count) bytes \(place), "
        + String(format: "%.4g bits each (\(tensor.typeName))", bits),
      "",
    ]
    for field in anatomy.fields {
      let bytes = anatomy.bytes[
        field.offset..<min(field.offset + field.length, anatomy.bytes.count)]
      let rows = stride(from: bytes.startIndex, to: bytes.endIndex, by: 16).map { start in
        bytes[start..<min(start + 16, bytes.endIndex)].map { String(format: "%02x", $0) }
          .joined(separator: " ")
      }
      lines.append("\(field.name.column(8)) \(rows.first ?? "")")
      lines += rows.dropFirst().map { "\("".column(8)) \($0)" }
      lines.append("\("".column(8)) \(field.meaning)")
    }
    lines.append("")
    if let scale = anatomy.scale { lines.append("scale    \(scale)") }
    if let minimum = anatomy.minimum { lines.append("minimum  \(minimum)") }
    lines.append(anatomy.formula)
    if anatomy.subBlocks.count > 1 { lines += ["", "weights    scale         minimum"] }
    if anatomy.subBlocks.count > 1 {
      lines += anatomy.subBlocks.map { part in
        "\(part.range)".column(9) + "  " + "\(part.scale)".column(12) + "  "
          + (part.minimum.map { "\($0)" } ?? "-")
      }
    }
    lines += ["", "weight  stored  value"]
    lines += anatomy.values.indices.map { index in
      let quant = index < anatomy.quants.count ? "\(anatomy.quants[index])" : "-"
      return "\(index)".column(-6) + quant.column(-8) + "  \(anatomy.values[index])"
    }
    return lines.joined(separator: "\n")
  }
}
