import Basics
import ModelFiles

/// One block laid open, as `x/1block` and `nibble inspect --block` show it: its bytes by field, its
/// scales, and each weight with what is stored of it.
///
/// - Parameter width: columns of a line, for as many weights side by side; `nil` for one on each line.
public func blockLines(of block: WeightBlock, width: Int? = nil) -> [String] {
  let (tensor, anatomy) = (block.tensor, block.anatomy)
  let size = anatomy.values.count
  let first = block.number * size
  let row = first / tensor.cols
  let column = first % tensor.cols
  let bits = Double(anatomy.bytes.count * 8) / Double(size)
  let place =
    tensor.isMapped
    ? "at byte \(block.offset) of the file"
    : "of memory, whose nibbles are at byte \(block.offset) of the file"
  var lines = [
    "\(tensor.name) block \(block.number): row \(row), columns \(column)..<\(column + size)",
    "\(size) weights in \(anatomy.bytes.count) bytes \(place), "
      + "\(formatReal(bits, digits: 4)) bits each (\(tensor.typeName))",
    "",
  ]
  for field in anatomy.fields {
    let bytes = anatomy.bytes[
      field.offset..<min(field.offset + field.length, anatomy.bytes.count)]
    let rows = stride(from: bytes.startIndex, to: bytes.endIndex, by: 16).map { start in
      bytes[start..<min(start + 16, bytes.endIndex)].map { digits($0, radix: 16, count: 2) }.joined(
        separator: " ")
    }
    lines.append("\(padded(field.name, to: 8)) \(rows.first ?? "")")
    lines += rows.dropFirst().map { "\(padded("", to: 8)) \($0)" }
    lines.append("\(padded("", to: 8)) \(field.meaning)")
  }
  lines.append("")
  if let scale = anatomy.scale { lines.append("scale    \(scale)") }
  if let minimum = anatomy.minimum { lines.append("minimum  \(minimum)") }
  lines.append(anatomy.formula)
  if anatomy.subBlocks.count > 1 {
    lines += ["", "weights    scale         minimum"]
    lines += anatomy.subBlocks.map { part in
      padded("\(part.range)", to: 9) + "  " + padded("\(part.scale)", to: 12) + "  "
        + (part.minimum.map { "\($0)" } ?? "-")
    }
  }
  let cells = anatomy.values.indices.map { index in
    let quant = index < anatomy.quants.count ? "\(anatomy.quants[index])" : "-"
    return padded("\(index)", to: 6, .right) + padded(quant, to: 8, .right) + "  "
      + "\(anatomy.values[index])"
  }
  let heading = "weight  stored  value"
  let cell = max(heading.count, cells.map(\.count).max() ?? 0) + 3
  let across = max(1, min((width ?? 0) / cell, cells.count))
  lines += ["", Array(repeating: padded(heading, to: cell), count: across).joined()]
  let down = (cells.count + across - 1) / across
  for line in 0..<down {
    lines.append(
      stride(from: line, to: cells.count, by: down).map { padded(cells[$0], to: cell) }.joined())
  }
  return lines.map { $0.trimmingTrailingSpaces() }
}
