import Basics
import Quantization
import TraceStore

extension TileStory {
  /// The story in four paragraphs (packed, born, used, freed) and three figures.
  public func render(style: TextStyle) -> String {
    let rows = Place.text(
      of: tile.rangeOfRows, in: tensor, expert: expert)
    var lines = wrapped(
      "The life of one tile: \(tensor.name) \(rows)", to: style.width
    ).map { style.paint($0, .bold) }
    lines += [""] + packedLines(style)
    lines += [""] + bornLines(style)
    lines += [""] + usedLines(style)
    lines += [""] + freedLines(style)
    lines += [""] + figureLines(style)
    return lines.map { $0.trimmingTrailingSpaces() + "\n" }.joined()
  }

  private static let indent = 10

  /// A paragraph under a heading in the margin.
  private func paragraph(_ heading: String, _ text: String, _ style: TextStyle) -> [String] {
    let width = max(20, style.width - Self.indent)
    return wrapped(text, to: width).prefixed(
      first: style.paint(padded(heading, to: Self.indent), .bold), others: inset(""))
  }

  private func inset(_ text: String) -> String {
    String(repeating: " ", count: Self.indent) + text
  }

  // MARK: - Packed

  private func packedLines(_ style: TextStyle) -> [String] {
    let bits = formatReal(tensor.bpw, digits: 3)
    var text = "\(tile.rows) rows of \(tensor.cols) weights in \(formatBytes(tile.packedBytes)),"
    text += " \(bits) bits each (\(tensor.type.lowercased()))."
    guard let block else {
      return paragraph(
        "packed", text + " With the model file at hand, its bytes would be shown here.", style)
    }
    text += " \(formatCount(tile.packedBytes / block.bytes.count)) blocks of \(block.values.count)"
    text += " weights; the first, in \(block.bytes.count) bytes:"
    var lines = paragraph("packed", text, style) + hexLines(of: block, style)
    var legend: [String] = []
    if let scale = block.scale { legend.append("scale d = \(formatReal(Double(scale)))") }
    if let minimum = block.minimum {
      legend.append("minimum m = \(formatReal(Double(minimum)))")
    }
    legend.append(block.formula)
    lines += wrapped(legend.joined(separator: ", "), to: style.width - Self.indent).map(inset)
    return lines
  }

  /// The block's bytes in hexadecimal, each run under its name; a super-block's are cut short.
  private func hexLines(of block: BlockAnatomy, _ style: TextStyle) -> [String] {
    let across = max(4, min(20, (style.width - Self.indent) / 3))
    let most = 2 * across
    var lines: [String] = []
    for start in stride(from: 0, to: min(most, block.bytes.count), by: across) {
      let end = min(start + across, block.bytes.count)
      var names = LabelLine(width: style.width - Self.indent)
      for field in block.fields where (start..<end).contains(field.offset) {
        names.put(field.name, at: (field.offset - start) * 3)
      }
      if !names.isEmpty {
        lines.append(inset(style.paint(names.text.trimmingTrailingSpaces(), .dim)))
      }
      let bytes = (start..<end).map { index in
        style.paint(digits(block.bytes[index], radix: 16, count: 2), ink(ofByte: index, in: block))
      }
      lines.append(inset(bytes.joined(separator: " ")))
    }
    if block.bytes.count > most {
      lines.append(inset("and \(block.bytes.count - most) bytes more"))
    }
    return lines
  }

  /// Scales, minimums and the small integers, each in its own colour.
  private func ink(ofByte index: Int, in block: BlockAnatomy) -> Ink {
    let field = block.fields.last { $0.offset <= index }
    switch field?.name {
    case "d", "scales": return .memory(.activations)
    case "m", "dmin": return .memory(.kvCache)
    default: return .memory(.weights)
    }
  }

  // MARK: - Born

  private func bornLines(_ style: TextStyle) -> [String] {
    let growth = Double(tile.bytes) / Double(max(1, tile.packedBytes))
    let name = tile.type == .f16 ? "float16" : "float32"
    let text =
      "step \(tile.madeStep): dequantized into \(formatBytes(tile.bytes)) of \(name), "
      + "\(formatReal(growth, digits: 2)) times its packed size"
      + (tile.dequantizeDuration.map { ", in \(formatNanoseconds($0))." } ?? ".")
    var lines = paragraph("born", text, style)
    if let block, !block.quants.isEmpty { lines += valueLines(of: block, style) }
    if let statistics = tile.statistics {
      let figures =
        "\(formatCount(statistics.count)) values from "
        + "\(formatReal(statistics.min, digits: 3)) to \(formatReal(statistics.max, digits: 3)), "
        + "rms \(formatReal(statistics.rms, digits: 3))"
      lines += wrapped(figures, to: style.width - Self.indent).map(inset)
    }
    return lines
  }

  /// The first values of the block: the byte a nibble comes from, the nibble, the value.
  private func valueLines(of block: BlockAnatomy, _ style: TextStyle) -> [String] {
    let cell = 9
    let count = min(block.values.count, max(1, (style.width - Self.indent - 8) / cell), 7)
    func row(_ heading: String, _ cells: [String], _ ink: Ink) -> String {
      inset(
        padded(heading, to: 8)
          + cells.prefix(count).map { style.paint(padded($0, to: cell, .right), ink) }
          .joined())
    }
    let bytes = (0..<count).map { index -> String in
      guard let bits = block.bits(ofQuant: index).first else { return "" }
      let half = bits.count == 4 ? (bits.shift == 0 ? " low" : " high") : ""
      return digits(block.bytes[bits.byte], radix: 16, count: 2) + half
    }
    let values = block.values.map { value in
      formatReal(Double(tile.type == .f16 ? Float(Float16(value)) : value), digits: 4)
    }
    return [
      row("byte", bytes, .memory(.weights)),
      row("q", block.quants.map(String.init), .memory(.weights)),
      row("value", values, .memory(.weightsDequantized)),
    ]
  }

  // MARK: - Used and freed

  private func usedLines(_ style: TextStyle) -> [String] {
    guard let product, let step = tile.usedStep else {
      return paragraph("used", "never, in this trace.", style)
    }
    let times = style.unicode ? "×" : "x"
    let tokens = product.m == 1 ? "1 token" : "\(product.m) tokens"
    let function = op.map { Place.function(of: $0) } ?? "MUL_MAT"
    var text = "step \(step): \(function) of \(tokens) \(times) \(product.k) by \(product.n) rows"
    text += " \(times) \(product.k) gives \(product.n) of the \(expert?.rows.count ?? tensor.rows)"
    text += " values of"
    text += " \(op?.name ?? "the result")" + (product.m == 1 ? "" : " for each token")
    text += product.duration.map { ", in \(formatNanoseconds($0))." } ?? "."
    var lines = paragraph("used", text, style)
    if !outputs.isEmpty, let op {
      let first = product.firstRow - (expert?.rows.lowerBound ?? 0)
      let range = (outputRow > 0 ? "\(outputRow), " : "") + "\(first)..\(first + outputs.count)"
      let values = outputs.map { formatReal(Double($0), digits: 4) }.joined(separator: ", ")
      lines.append(inset("\(op.name)[\(range)] = {\(values)}"))
    }
    return lines
  }

  private func freedLines(_ style: TextStyle) -> [String] {
    let alive =
      "Dequantized weights alive: \(formatBytes(before.weightsDequantized)) before it, "
      + "\(formatBytes(during.weightsDequantized)) with it"
    guard let step = tile.freedStep, let after else {
      let text =
        hasFailed
        ? "not before the memory budget ended the run" : "never: it stays for the rest of the run"
      return paragraph("freed", "\(text). \(alive).", style)
    }
    let lived = step - tile.madeStep
    let text =
      "step \(step), \(lived) \(lived == 1 ? "step" : "steps") after it was made: "
      + "\(formatBytes(tile.bytes)) are "
      + (holder.map { "free for the next tile in '\($0.name)'" } ?? "returned") + ". \(alive), "
      + "\(formatBytes(after.weightsDequantized)) after it; everything together, with it, "
      + "\(formatBytes(during.total))."
    return paragraph("freed", text, style)
  }

  // MARK: - Figures

  private func figureLines(_ style: TextStyle) -> [String] {
    let type = tile.type == .f16 ? "float16" : "float32"
    let kept = tile.freedStep == nil ? "kept" : "for \((tile.freedStep ?? 0) - tile.madeStep) steps"
    let figures = [
      (tile.packedBytes, "this tile, packed", Ink.memory(.weights)),
      (tile.bytes, "this tile as \(type), \(kept)", Ink.memory(.weightsDequantized)),
      (
        wholeModel, "the whole model as float16, had it all been dequantized at once", Ink.error
      ),
    ]
    return figures.map { bytes, text, ink in
      style.paint(padded(formatBytes(bytes), to: 10, .right), ink) + "  " + text
    }
  }
}
