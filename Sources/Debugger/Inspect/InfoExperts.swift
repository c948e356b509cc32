import Basics
import TraceStore

extension DebuggerSession {
  /// Does `info experts`: which experts the tokens of this pass went to, and a picture of how often
  /// each was chosen up to here.
  func infoExperts() throws {
    guard try trace.hasExperts() else {
      guard try trace.passCount() > 0 else {
        throw DebuggerError.nothingHere(
          what: "pass", step: cursor.step, advice: try passAdvice)
      }
      return show(
        wrapped(
          "This model has no experts: every token goes through all weights of a layer.",
          to: style.width))
    }
    let place = try place()
    if let pass = place.pass { try showRoutes(of: pass, place) }
    try showExpertUse()
  }

  // MARK: - This pass

  /// The most lines that say where tokens went.
  private static let mostRoutes = 24

  private func showRoutes(of pass: TracePass, _ place: Place) throws {
    let layer = place.op?.layer
    let routers = try trace.routers(inPass: pass.id, layer: layer)
    guard let first = routers.first else { return }
    let title = Place.title(of: pass, tokens: place.tokens, style: style)
    let layers = layer.map { "layer \($0)" } ?? "\(routers.count) layers"
    show(
      wrapped(
        "\(title), \(layers): \(first.op.cols) of \(first.experts) experts for each token, "
          + "the first choice first, with what its result is multiplied by", to: style.width
      ).map { style.paint($0, .bold) })
    var lines: [(heads: [String], choices: [TraceRoute])] = []
    var woken: Set<[Int]> = []
    for (index, router) in routers.enumerated() {
      let routes = try trace.routes(ofOp: router.op.id)
      woken.formUnion(routes.map { [index, $0.expert] })
      for (number, choices) in Dictionary(grouping: routes, by: \.row).sorted(by: {
        $0.key < $1.key
      }) {
        let token = place.tokens.indices.contains(number) ? place.tokens[number] : nil
        var heads = layer == nil ? [router.op.layer.map(String.init) ?? ""] : []
        heads += [String(number), token.map { quoted($0.text) } ?? ""]
        lines.append((heads, choices))
      }
    }
    guard !lines.isEmpty else { return show(["The trace does not say what its routers chose."]) }
    show(
      routeLines(
        Array(lines.prefix(Self.mostRoutes)), (layer == nil ? ["layer"] : []) + ["row", "token"]))
    if lines.count > Self.mostRoutes {
      let query = "SELECT * FROM route WHERE pass = \(pass.id)"
      let advice =
        layer == nil ? "at \"goto \(first.op.name)\" only those of its layer are shown, " : ""
      show(
        wrapped(
          "\(lines.count - Self.mostRoutes) lines more: \(advice)\"sql \(query)\" shows all.",
          to: style.width))
    }
    let all = routers.reduce(0) { $0 + $1.experts }
    let bytes = try trace.bytesOfExperts(in: pass.steps, layer: layer)
    show(
      wrapped(
        "\(woken.count) of \(all) experts woke: \(formatBytes(bytes.read)) of their "
          + "weights were read, of \(formatBytes(bytes.all)) that all have.", to: style.width))
  }

  /// Columns that name a token, and beside them its experts, on several lines where they are many.
  private func routeLines(
    _ lines: [(heads: [String], choices: [TraceRoute])], _ columns: [String]
  ) -> [String] {
    let widths = columns.indices.map { index in
      min(24, lines.reduce(displayWidth(columns[index])) { max($0, displayWidth($1.heads[index])) })
    }
    func margin(_ cells: [String]) -> String {
      zip(cells, widths).enumerated().map { index, cell in
        padded(
          truncated(cell.0, to: cell.1, unicode: style.unicode), to: cell.1,
          index < columns.count - 1 ? .right : .left) + "  "
      }.joined()
    }
    let indent = widths.reduce(0) { $0 + $1 + 2 }
    let room = max(20, style.width - indent)
    let heading = style.paint((margin(columns) + "expert:weight").trimmingTrailingSpaces(), .bold)
    return [heading]
      + lines.flatMap { heads, choices in
        wrapped(
          choices.map { "\($0.expert):\(formatReal($0.weight, digits: 3))" }
            .joined(separator: "  "), to: room
        ).prefixed(first: margin(heads), others: String(repeating: " ", count: indent))
      }
  }

  // MARK: - The run

  private func showExpertUse() throws {
    let ranges = (cursor.history.through(cursor.step)?.ranges ?? [])
    var tokens: [Int: [Int: Int]] = [:]
    var bytes = (read: 0, all: 0)
    for steps in ranges {
      for use in try trace.tokensOfExperts(in: steps) {
        tokens[use.layer, default: [:]][use.expert, default: 0] += use.tokens
      }
      let more = try trace.bytesOfExperts(in: steps)
      bytes = (clampedSum([bytes.read, more.read]), clampedSum([bytes.all, more.all]))
    }
    let layers = try trace.expertCounts().map { layer, experts in
      ExpertPicture.Layer(
        layer: layer, tokens: (0..<experts).map { tokens[layer]?[$0] ?? 0 })
    }
    guard tokens.values.contains(where: { !$0.isEmpty }) else {
      return show(["No router has chosen up to step \(cursor.step)."])
    }
    show([""] + ExpertPicture(layers: layers).lines(through: cursor.step, style: style))
    let woken = layers.reduce(0) { $0 + $1.woken }
    let all = layers.reduce(0) { $0 + $1.tokens.count }
    show(
      wrapped(
        "\(woken) of \(all) experts woke. Products read \(formatBytes(bytes.read)) of "
          + "their weights; with all experts, they would have read \(formatBytes(bytes.all)).",
        to: style.width))
  }
}

/// How often each expert was chosen: a line a layer, a character an expert, or several experts
/// where they are more than fit.
struct ExpertPicture {
  struct Layer {
    let layer: Int
    /// Tokens that were sent to each expert.
    let tokens: [Int]

    var woken: Int { tokens.count { $0 > 0 } }
  }

  let layers: [Layer]

  private static let shades = (
    unicode: ["·"] + lowerBlocks, ascii: [".", ":", "-", "=", "+", "*", "%", "#", "@"]
  )

  func lines(through step: Int, style: TextStyle) -> [String] {
    let experts = layers.map(\.tokens.count).max() ?? 0
    let suffix = layers.map {
      "  \($0.woken)" + (style.width < 40 ? "" : " of \($0.tokens.count)")
    }
    let margin = max(5, layers.map { "\($0.layer)".count }.max() ?? 0) + 2
    let room = max(8, style.width - margin - (suffix.map(\.count).max() ?? 0))
    let size = (experts + room - 1) / max(room, 1)
    let bins = layers.map { layer in
      stride(from: 0, to: layer.tokens.count, by: max(size, 1)).map {
        layer.tokens[$0..<min($0 + size, layer.tokens.count)].reduce(0, +)
      }
    }
    let most = bins.joined().max() ?? 0
    let shades = style.unicode ? Self.shades.unicode : Self.shades.ascii
    func shade(_ tokens: Int) -> String {
      // From the lowest for any to the highest for the most.
      tokens == 0 ? shades[0] : shades[max(1, (tokens * (shades.count - 1) + most - 1) / most)]
    }
    var title = "Tokens sent to each expert up to step \(step): \(shades[0]) none, "
    title += "\(shades[shades.count - 1]) \(most)"
    if size > 1 { title += "; a character is \(size) experts together" }
    let columns = bins.map(\.count).max() ?? 0
    let last = "\(experts - 1)"
    let axis = columns > last.count + 1 ? "0" + padded(last, to: columns - 1, .right) : ""
    var lines = wrapped(title, to: style.width).map { style.paint($0, .bold) }
    lines.append(style.paint(padded("layer", to: margin) + axis, .bold))
    for (index, layer) in layers.enumerated() {
      let cells = bins[index].map {
        Cell(text: shade($0), ink: $0 == 0 ? .dim : .memory(.weightsDequantized))
      }
      lines.append(
        padded(padded("\(layer.layer)", to: margin - 2, .right), to: margin)
          + Cell.joined(cells, style: style)
          + String(repeating: " ", count: columns - cells.count) + suffix[index])
    }
    return lines
  }
}
