import Basics
import Foundation
import TraceStore

extension DebuggerSession {
  func infoTensors(_ pattern: String) throws {
    var table = Table([
      ("tensor", .left), ("type", .left), ("shape", .right), ("packed", .right), ("as f16", .right),
      ("bpw", .right),
    ])
    let tensors = try trace.tensors().filter { pattern.isEmpty || $0.name.contains(pattern) }
    guard !tensors.isEmpty else { return show(["No tensor's name contains \"\(pattern)\"."]) }
    for tensor in tensors {
      table.add(
        tensor.name, tensor.type, style.shape(tensor.rows, tensor.cols), formatBytes(tensor.bytes),
        tensor.dequantizedBytes.map(formatBytes) ?? "", formatReal(tensor.bpw, digits: 4))
    }
    let packed = clampedSum(tensors.map(\.bytes))
    let whole = tensors.wholeModelBytes
    table.add("\(tensors.count) tensors", "", "", formatBytes(packed), formatBytes(whole), "")
    show(table.lines(style: style))
  }

  func infoLayers() throws {
    let tensors = try trace.tensors()
    let pass = try trace.pass(at: cursor.step)
    let ops = try pass.map { try trace.ops(inPass: $0.id) } ?? []
    let here = try trace.op(at: cursor.step)
    var table = Table([
      ("", .left), ("layer", .left), ("tensors", .right), ("packed", .right), ("as f16", .right),
      ("ops", .right), ("time", .right), ("steps", .left),
    ])
    let layers = Array(Set(tensors.compactMap(\.layer))).sorted().map { Optional($0) } + [nil]
    for layer in layers {
      let members = tensors.filter { $0.layer == layer }
      let work = ops.filter { $0.layer == layer }
      let range =
        layer == nil || work.isEmpty
        ? "" : "\(work[0].steps.lowerBound) to \(work[work.count - 1].steps.upperBound)"
      table.add(
        here != nil && here?.layer == layer ? "=>" : "", layer.map(String.init) ?? "outside",
        String(members.count), formatBytes(clampedSum(members.map(\.bytes))),
        formatBytes(members.wholeModelBytes), String(work.count),
        TraceOp.time(of: work) ?? "", range)
    }
    show(table.lines(style: style))
    if pass == nil { show(["Times and steps are those of a pass; \(try passAdvice)."]) }
  }

  func infoBuffers(_ pattern: String) throws {
    let buffers = try trace.buffers(aliveAt: cursor.step)
      .filter { pattern.isEmpty || $0.name.contains(pattern) }
      .sorted { ($0.bytes, $1.id) > ($1.bytes, $0.id) }
    guard !buffers.isEmpty else { return show(["No buffer alive here has such a name."]) }
    var table = Table([
      ("bytes", .right), ("category", .left), ("since step", .right), ("until", .right),
      ("buffer", .left),
    ])
    for buffer in buffers {
      table.add(
        formatBytes(buffer.bytes), buffer.category.name, String(buffer.allocatedStep),
        buffer.freedStep.map(String.init) ?? "the end", buffer.name)
    }
    show(table.lines(style: style))
    show([
      "\(buffers.count) buffers, \(formatBytes(clampedSum(buffers.map(\.bytes)))) alive at step \(cursor.step)."
    ])
  }

  func infoOps(_ pattern: String) throws {
    let place = try place()
    guard let pass = place.pass else {
      throw DebuggerError.nothingHere(
        what: "pass", step: place.step, advice: try passAdvice)
    }
    var ops = try trace.ops(inPass: pass.id)
    if pattern.isEmpty {
      let near = try trace.op(startingAtOrBefore: place.step) ?? ops.first
      ops = ops.filter { $0.layer == near?.layer }
    } else if pattern != "all" {
      ops = ops.filter { $0.name.contains(pattern) }
    }
    guard !pass.ops.isEmpty else { return show(["No operation of this pass had begun."]) }
    guard !ops.isEmpty else { return show(["No operation's name contains \"\(pattern)\"."]) }
    var table = Table([
      ("", .left), ("steps", .left), ("op", .left), ("does", .left), ("shape", .right),
      ("time", .right), ("reads", .left),
    ])
    for op in ops {
      let range =
        op.steps.count == 1
        ? "\(op.steps.lowerBound)" : "\(op.steps.lowerBound) to \(op.steps.upperBound)"
      table.add(
        op.steps.contains(place.step) ? "=>" : "", range, op.name, Place.function(of: op),
        style.shape(op.rows, op.cols), op.duration.map(formatNanoseconds) ?? "",
        op.inputs.joined(separator: ", "))
    }
    show(table.lines(style: style))
  }

  func infoTokens() throws {
    let pass = try trace.pass(at: cursor.step)
    var columns: [Table.Column] = [
      ("", .left), ("position", .right), ("token", .right), ("text", .left), ("from", .left),
      ("pass", .right), ("probability", .right), ("instead", .left),
    ]
    let tokens = try trace.tokens(branch: cursor.history.branch)
    let hasBranches = try trace.hasBranches()
    if hasBranches { columns.insert(("branch", .right), at: 1) }
    var table = Table(columns)
    let isBatch = tokens.contains { $0.sequence > 0 }
    for token in tokens {
      let others = token.topK.filter { $0.id != token.id }.prefix(3).map {
        "\(quoted($0.text)) \(Self.percent($0.logprob))"
      }
      var cells = [token.pass != nil && token.pass == pass?.id ? "=>" : ""]
      if hasBranches { cells.append(String(token.branch)) }
      cells += [
        (isBatch ? "\(token.sequence):" : "") + String(token.position),
        String(token.id), quoted(token.text),
        token.isPrompt ? "prompt" : token.isForced ? "forced" : "model",
        token.pass.map(String.init) ?? "", token.logprob.map(Self.percent) ?? "",
        others.joined(separator: "  "),
      ]
      table.add(cells)
    }
    show(table.lines(style: style))
  }

  /// The tables and views of a trace, with their columns.
  func infoTables() throws {
    let queries = try trace.queries()
    let names = try queries.tables().filter { !$0.isPrivate }.map { table in
      (
        name: visible(table.name),
        columns: visible(try queries.columns(of: table).joined(separator: ", "))
      )
    }
    let column = (names.map { displayWidth($0.name) }.max() ?? 0) + 2
    for (name, columns) in names {
      show(
        wrapped(columns, to: max(20, style.width - column)).prefixed(
          first: style.paint(padded(name, to: column), .bold), others: padded("", to: column)))
    }
  }

  /// A probability from its natural logarithm: `93.1 %`.
  static func percent(_ logprob: Double) -> String {
    String(format: "%.1f %%", exp(logprob) * 100)
  }
}
