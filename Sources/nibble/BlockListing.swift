import Debugger
import Foundation
import ModelFiles
import Quantization

/// One block laid open, as `nibble inspect --block` shows it.
struct BlockListing: Encodable {
  let block: WeightBlock
  private var anatomy: BlockAnatomy { block.anatomy }

  enum CodingKeys: String, CodingKey {
    case tensor, type, block, offset, bytes, scale, minimum, quants, values, formula
    case subBlocks = "sub_blocks"
  }

  enum SubBlockKeys: String, CodingKey {
    case first, count, scale, minimum
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(block.tensor.name, forKey: .tensor)
    try container.encode(block.tensor.typeName, forKey: .type)
    try container.encode(block.number, forKey: .block)
    try container.encode(block.offset, forKey: .offset)
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
    blockLines(of: block).joined(separator: "\n")
  }
}
