import Basics
import Events
import TraceStore

extension Place {
  /// `pass 3 decode "fox" · layer 12 · ffn_gate · tile 8/24`, with as much of a prompt as fits.
  func heading(style: TextStyle, width: Int) -> String {
    var text = ""
    for (room, counted) in [(28, true), (16, true), (16, false), (8, false), (0, false)] {
      text = heading(style: style, textWidth: room, counted: counted)
      if displayWidth(text) <= width { break }
    }
    return text
  }

  private func heading(style: TextStyle, textWidth: Int, counted: Bool) -> String {
    let separator = style.unicode ? " · " : " - "
    var parts: [String] = []
    if let pass {
      parts.append(
        Self.title(
          of: pass, tokens: tokens, style: style, textWidth: textWidth, counted: counted))
    } else {
      parts.append(isLoading ? "loading" : "between passes")
    }
    if hasBranches, let pass { parts.append("branch \(pass.branch)") }
    if let layer = op?.layer { parts.append("layer \(layer)") }
    if let op { parts.append(Self.shortName(of: op)) }
    if let expert { parts.append("expert \(expert.number)") }
    if let tileNumber {
      parts.append("tile \(tileNumber.index)/\(tileNumber.count)")
    } else if let tile {
      parts.append("rows \(tile.firstRow)..<\(tile.firstRow + tile.rows)")
    }
    return parts.joined(separator: separator)
  }

  /// `pass 3 decode "fox"`; of a prompt as much as fits in `textWidth` columns.
  static func title(
    of pass: TracePass, tokens: [TraceToken], style: TextStyle, textWidth: Int = 28,
    counted: Bool = true
  ) -> String {
    let shown = quoted(text(of: pass, tokens: tokens), to: textWidth, unicode: style.unicode)
    let kind = pass.kind == .prefill ? "prefill" : "decode"
    let sequences = pass.sequences > 1 ? ", \(pass.sequences) sequences" : ""
    let count = counted && pass.tokens > 1 ? " (\(pass.tokens) tokens\(sequences))" : ""
    let quotes = tokens.isEmpty || textWidth == 0 ? "" : " \(shown)"
    return "pass \(pass.id) \(kind)\(quotes)\(count)"
  }

  /// The text that went into a pass; of several sequences, the first stands for all.
  static func text(of pass: TracePass, tokens: [TraceToken]) -> String {
    tokens.filter { $0.sequence == pass.sequence }.map(\.text).joined()
  }

  /// `position 2`, `positions 0..<5`, or `14 positions of 3 sequences`.
  static func positions(of pass: TracePass) -> String {
    if pass.sequences > 1 { return "\(pass.tokens) positions of \(pass.sequences) sequences" }
    let positions =
      pass.tokens == 1
      ? "position \(pass.firstPosition)"
      : "positions \(pass.firstPosition)..<\(pass.firstPosition + pass.tokens)"
    return pass.sequence == 0 ? positions : "\(positions) of sequence \(pass.sequence)"
  }

  /// `position 2`, or `position 2 of sequence 1` where the pass has several.
  static func position(of append: TraceKVAppend, in pass: TracePass?) -> String {
    let isOneOfSeveral = append.sequence > 0 || (pass?.sequences ?? 1) > 1
    return "position \(append.position)"
      + (isOneOfSeveral ? " of sequence \(append.sequence)" : "")
  }

  /// An op's name without the layer that stands beside it: `ffn_gate` for `ffn_gate-12`.
  static func shortName(of op: TraceOp) -> String {
    guard let layer = op.layer, op.name.hasSuffix("-\(layer)") else { return op.name }
    return String(op.name.dropLast("-\(layer)".count))
  }

  /// What happened at this step, in one line, as llama.cpp names things:
  /// `ffn_gate-12 = (f32) MUL_MAT(blk.12.ffn_gate.weight rows 448..<512 of 1536 (q4_1 → f16),
  /// ffn_norm-12) = 64 of 1536`.
  func happened(style: TextStyle) -> String {
    let arrow = style.unicode ? "→" : "->"
    switch event.kind {
    case .dequantize:
      guard let tile, let tensor else { return "DEQUANTIZE" }
      return
        "\(tileName) = (\(tile.type)) DEQUANTIZE(\(tensor.name) \(rows(of: tile, in: tensor))"
        + " (\(tensor.type.lowercased()))) = \(style.shape(tile.rows, tensor.cols))"
    case .multiply:
      return multiplication(arrow: arrow)
    case .free:
      if let tile, let tensor {
        return "FREE(\(tileName): \(tensor.name) \(rows(of: tile, in: tensor)))"
          + " = \(formatBytes(tile.bytes)) \(tile.inBuffer == nil ? "returned" : "for the next tile")"
      }
      return buffer.map { "FREE(\($0.name)) = \(formatBytes($0.bytes)) returned" } ?? "FREE"
    case .alloc:
      return buffer.map { "ALLOC(\($0.name)) = \(formatBytes($0.bytes)) of \($0.category.name)" }
        ?? "ALLOC"
    case .append:
      guard let append else { return "KV_APPEND" }
      let bytes = formatBytes(append.keyBytes + append.valueBytes)
      let position = Self.position(of: append, in: pass)
      return "KV_APPEND(layer \(append.layer), \(position)) = \(bytes);"
        + " the cache holds \(formatBytes(append.cacheBytes))"
    case .compute:
      guard let op else { return "COMPUTE" }
      // Before a product of integers, its activations become such.
      if [.matmul, .expertMatmul].contains(op.operation), let input = op.inputs.last {
        return "\(input) to int8, in blocks of 32 with a scale each"
      }
      return Self.equation(of: op, style: style)
    case .fail:
      guard let failure else { return "FAIL" }
      return "FAIL(\(failure.name)) = \(formatBytes(failure.bytes)) of \(failure.category.name)"
        + " would pass the budget of \(formatBytes(failure.budget)) by "
        + formatBytes(failure.bytes - (failure.budget - failure.live))
    }
  }

  /// A whole operation as llama.cpp shows it: `Kcur-0 = (f32) MUL_MAT(blk.0.attn_k.weight,
  /// attn_norm-0) = 2×64`.
  static func equation(of op: TraceOp, style: TextStyle) -> String {
    "\(op.name) = (f32) \(function(of: op))(\(op.inputs.joined(separator: ", ")))"
      + " = \(style.shape(op.rows, op.cols))"
  }

  private func multiplication(arrow: String) -> String {
    guard let op, let matmul, let tensor else { return "MUL_MAT" }
    var weights = tensor.name
    if matmul.n < tensor.rows {
      weights += " " + Self.text(of: matmul.rangeOfRows, in: tensor, expert: expert)
    }
    weights += " (\(tensor.type.lowercased())" + (tile.map { " \(arrow) \($0.type)" } ?? "") + ")"
    let others = op.inputs.filter { $0 != tensor.name }
    let tokens = matmul.m > 1 ? " for each of \(matmul.m) tokens" : ""
    return "\(op.name) = (f32) \(Self.function(of: op))"
      + "(\(([weights] + others).joined(separator: ", ")))"
      + " = \(matmul.n) of \(expert?.rows.count ?? tensor.rows)" + tokens
  }

  /// What an event was about, in a few words beside its kind and its operation.
  func subject(style: TextStyle) -> String {
    if let tile {
      return (expert.map { "expert \($0.number), " } ?? "")
        + (tileNumber.map { "tile \($0.index)/\($0.count)" }
          ?? "rows \(tile.firstRow)..<\(tile.firstRow + tile.rows)")
    }
    if let expert { return "expert \(expert.number)" }
    if let failure { return failure.name }
    if let append { return Self.position(of: append, in: pass) }
    if let buffer { return buffer.name == op?.name ? "its output" : buffer.name }
    return op.map { Self.function(of: $0) } ?? ""
  }

  /// `tile 8`, or `tile` where its number is not known.
  private var tileName: String { tileNumber.map { "tile \($0.index)" } ?? "tile" }

  /// `rows 448..<512 of 1536`, or `expert 5, rows 160..<192 of 256`.
  func rows(of tile: TraceTile, in tensor: TraceTensor) -> String {
    Self.text(of: tile.rangeOfRows, in: tensor, expert: expert)
  }

  static func text(of rows: Range<Int>, in tensor: TraceTensor, expert: TraceExpert?) -> String {
    let own = expert.flatMap { $0.rows.contains(rows) ? "expert \($0.number), " : nil }
    return (own ?? "") + "rows \(rows) of \(tensor.rows)"
  }

  /// ggml's name of what an op does; the two products of attention are products like any other.
  static func function(of op: TraceOp) -> String {
    ["kq", "kqv"].contains(op.kind) ? "MUL_MAT" : op.kind.uppercased()
  }
}
