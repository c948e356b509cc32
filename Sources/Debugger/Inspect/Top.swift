import Basics
import Foundation
import TraceStore

extension DebuggerSession {
  /// Does `top [N] [sequence=S]`: the distribution of the token after this pass's last, and what it
  /// would be after this layer.
  func top(_ arguments: String) throws {
    let (number, chosen) = PassSequences.split(arguments)
    let count = number.isEmpty ? 10 : Int(number) ?? 0
    guard (1...1000).contains(count) else {
      throw DebuggerError.badArgument(
        command: "top", found: arguments,
        expected: "a number of tokens from 1 to 1000, and sequence=S of several sequences")
    }
    guard let pass = try trace.pass(at: cursor.step) else {
      throw DebuggerError.nothingHere(what: "pass", step: cursor.step, advice: try passAdvice)
    }
    let tokens = try trace.tokens(inPass: pass.id)
    let sequences = PassSequences(tokens)
    guard let sequence = chosen ?? sequences.ids.last else {
      throw DebuggerError.nothingHere(what: "token", step: cursor.step, advice: try passAdvice)
    }
    let row = try sequences.lastRow(of: sequence, among: tokens.count, for: "top")
    let last = tokens[row]
    let next = try trace.tokens(branch: pass.branch).first {
      $0.sequence == last.sequence && $0.position == last.position + 1
    }
    let place = sequences.place(of: last)
    if let next, next.topK.count >= count {
      let candidates = next.topK.prefix(count).map {
        Candidate(id: $0.id, text: $0.text, logprob: $0.logprob)
      }
      show(bars(Array(candidates), heading: "After \(place)", chosen: next.id))
    } else if let op = try logitsOp() {
      let output = try output(of: op)
      let logits = output.row(try sequences.lastRow(of: sequence, among: op.rows, for: "top"))
      show(
        try bars(
          candidates(of: logits, count), heading: "After \(place)", chosen: next?.id)
          + [output.note].compactMap { $0 })
    }
    try showLens(pass, row: row, place, count, next?.id)
  }

  private struct Candidate {
    let id: Int
    let text: String
    let logprob: Double
  }

  private func candidates(of logits: [Float], _ count: Int) throws -> [Candidate] {
    let model = try values.model()
    let highest = Double(logits.max() ?? 0)
    let sum = logits.reduce(0.0) { $0 + exp(Double($1) - highest) }
    return logits.indicesOfLargest(count).map {
      Candidate(
        id: $0, text: model.text(of: $0), logprob: Double(logits[$0]) - highest - log(sum))
    }
  }

  private func bars(_ candidates: [Candidate], heading: String, chosen: Int?) -> [String] {
    let column = min(24, candidates.map { displayWidth(quoted($0.text)) }.max() ?? 0)
    let ids = candidates.map { String($0.id).count }.max() ?? 0
    let room = max(8, min(40, style.width - column - ids - 16))
    return [style.paint(heading + ":", .bold)]
      + candidates.map { candidate in
        let probability = exp(candidate.logprob)
        let text = padded(quoted(candidate.text, to: column, unicode: style.unicode), to: column)
        let percent = String(format: "%5.1f %%", probability * 100)
        let length = Int((probability * Double(room)).rounded())
        let bar = String(repeating: style.unicode ? "█" : "#", count: min(max(0, length), room))
        return (candidate.id == chosen ? "=> " : "   ")
          + padded(String(candidate.id), to: ids, .right) + "  \(text)  \(percent)  "
          + style.paint(bar, .memory(.logits))
      }
  }

  /// The logit lens: the residual stream after this layer, through the final norm and the output
  /// matrix, as if no layer followed.
  private func showLens(
    _ pass: TracePass, row: Int, _ place: String, _ count: Int, _ chosen: Int?
  ) throws {
    guard let layer = try trace.op(at: cursor.step)?.layer else {
      return show(["In a layer, this shows also what the model would say after it (logit lens)."])
    }
    let ops = try trace.ops(inPass: pass.id)
    guard let op = ops.last(where: { $0.layer == layer }) else { return }
    let logits: [Float]
    let note: String?
    do {
      (logits, note) = try whileRecomputing {
        let output = try values.output(of: op)
        guard (0..<op.rows).contains(row) else {
          throw TraceError.corrupt(path: trace.path, reason: "\(op.name) of \(op.rows) rows")
        }
        guard pass.isFinished else {
          throw DebuggerError.notCaptured(
            name: "the logits", reason: "pass \(pass.id) was not finished")
        }
        return (try lens(output.row(row), through: ops), output.note)
      }
    } catch let error as DebuggerError {
      // The distribution stands by itself; the lens needs what may not be there.
      guard case .notCaptured = error else { throw error }
      return show(wrapped("No logit lens at layer \(layer): \(error)", to: style.width))
    }
    show([""])
    show(
      try bars(
        candidates(of: logits, count),
        heading: "Logit lens at layer \(layer), of \(op.name), after \(place)", chosen: chosen)
        + [note].compactMap { $0 })
  }

  /// What the operations after the last layer make of a row of a layer's output: `(nEmbd)` →
  /// `(nVocab)`.
  ///
  /// - Parameter ops: those of a pass.
  private func lens(_ hidden: [Float], through ops: [TraceOp]) throws -> [Float] {
    guard let last = ops.last(where: { $0.layer != nil }) else { return hidden }
    var rows = [last.name: hidden]
    for op in ops where op.id > last.id {
      let exactly = WhyOperation(session: self, op: op, numbers: .exact, substituting: rows)
      rows[op.name] = try exactly.values(ofRows: 0..<1).map { Float($0) }
    }
    return rows[ops.last?.name ?? last.name] ?? hidden
  }
}
