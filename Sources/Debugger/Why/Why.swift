import Recording
import TraceStore

extension DebuggerSession {
  /// Does `why [N] VALUE`.
  func why(_ arguments: String) throws {
    let (word, rest) = Self.split(arguments)
    guard let count = Int(word) else {
      return try showExplanation(of: arguments, count: 10)
    }
    guard count > 0, !rest.isEmpty else {
      throw DebuggerError.badArgument(
        command: "why", found: arguments, expected: "a number of terms and then a value")
    }
    try showExplanation(of: rest, count: count)
  }

  private func showExplanation(of target: String, count: Int) throws {
    let explanation = try whileRecomputing { try explain(target) }
    show(try explanation.lines(count: count, style: style))
  }

  /// What made the value that a text names.
  func explain(_ target: String) throws -> Explanation {
    let (op, row, column, label) = try place(toExplain: target)
    let output = try values.output(of: op)
    let why = WhyOperation(session: self, op: op, numbers: .printed)
    let derivation = try why.row(row)(column)
    let text = try derivation.text()
    var explanation = Explanation(
      name: "\(op.name)[\(label)]", value: Figure(output.values[row * op.cols + column]),
      formula: text.formula, sum: derivation.sum, result: derivation.result, steps: text.steps,
      notes: text.notes)
    if let note = output.note { explanation.notes.append(note) }
    if let note = try sequenceNote(of: op, row: row) { explanation.notes.append(note) }
    if op.steps.upperBound > cursor.step {
      explanation.notes.append("(It is computed at step \(op.steps.upperBound), after this one.)")
    }
    return explanation
  }

  private func place(toExplain target: String) throws -> (
    TraceOp, row: Int, column: Int, label: String
  ) {
    let expected = "one value, as in ffn_gate-0[37], kq-0[head=2, token=1, 5] or logit 42"
    guard !target.isEmpty else {
      throw DebuggerError.missingArgument(command: "why", expected: expected)
    }
    let (word, rest) = Self.split(target)
    if word == "logit" {
      guard let op = try logitsOp() else {
        throw DebuggerError.nothingHere(
          what: "finished pass", step: cursor.step, advice: try passAdvice)
      }
      let (text, sequence) = PassSequences.split(rest)
      let id = try token(text, of: "why logit", in: values.model())
      guard (0..<op.cols).contains(id) else {
        throw DebuggerError.badSlice(
          slice: rest, name: "the vocabulary", reason: "the last token is \(op.cols - 1)")
      }
      let row =
        try sequence.map { try sequences(of: op).lastRow(of: $0, among: op.rows, for: "why logit") }
        ?? op.rows - 1
      let label = op.rows > 1 ? "\(row), \(id)" : "\(id)"
      return (op, row, id, label)
    }
    guard case .name(let name, let slice?) = try Expression(target) else {
      throw DebuggerError.badArgument(command: "why", found: target, expected: expected)
    }
    guard let op = try op(named: name) else {
      if try trace.tensor(named: name) != nil {
        throw DebuggerError.otherKind(
          name: target, kind: "a weight",
          advice: "it was not computed, and \"x/1block \(target)\" lays its block open")
      }
      throw try unknown(name, advice: "\"info ops all\" lists the names")
    }
    let selection = try selection(slice, of: op)
    guard selection.rows.count == 1, selection.columns.count == 1 else {
      throw DebuggerError.badArgument(command: "why", found: target, expected: expected)
    }
    let row = selection.rows.lowerBound
    return (
      op, row, selection.columns.lowerBound, selection.label(row: row, ofRows: op.rows)
    )
  }
}
