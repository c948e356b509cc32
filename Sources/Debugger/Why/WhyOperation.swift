import Events
import TraceStore

/// Explains one value of an operation's output.
struct WhyOperation {
  let source: ValueSource
  let trace: Trace
  let op: TraceOp
  let output: OpOutput
  private(set) var row: Int
  let column: Int
  /// Which value it is, as it was asked for: `head=1, token=0, 3`.
  private let label: String

  init(
    session: DebuggerSession, op: TraceOp, row: Int, column: Int, label: String = ""
  ) throws {
    source = session.values
    trace = session.trace
    self.op = op
    self.row = row
    self.column = column
    self.label = label
    output = try source.output(of: op)
  }

  /// The same column of another row.
  func moved(to row: Int) -> WhyOperation {
    var copy = self
    copy.row = row
    return copy
  }

  var value: Float { output.values[row * op.cols + column] }

  /// - Throws: `DebuggerError.notCaptured` where an input is neither captured nor to be recomputed.
  func explain() throws -> Explanation {
    var explanation: Explanation
    switch OpDescription.Kind.allCases.first(where: { $0.name == op.kind }) {
    case .matmul: explanation = try product()
    case .norm: explanation = try norm()
    case .rope: explanation = try rotation()
    case .scores: explanation = try score()
    case .softmax: explanation = try probability()
    case .weightedSum: explanation = try weightedSum()
    case .add: explanation = try addition()
    case .silu: explanation = try gatedUnit()
    case .getRows: explanation = try fetchedRow()
    default:
      throw DebuggerError.otherKind(
        name: op.name, kind: "an operation that computes no values of its own",
        advice: "its inputs are \(op.inputs.joined(separator: " and "))")
    }
    if let note = output.note { explanation.notes.append(note) }
    return explanation
  }

  /// - Parameter result: what the terms and the formula come to; `nil` for the sum itself.
  func explanation(
    _ formula: [String], sum: TermSum? = nil, result: Figure? = nil, steps: [String] = [],
    notes: [String] = []
  ) -> Explanation {
    Explanation(
      name: "\(op.name)[\(label)]", value: Figure(value), formula: formula, sum: sum,
      result: result ?? sum?.total ?? Figure(value), steps: steps, notes: notes)
  }

  // MARK: - Inputs

  /// An input with the row that this value's row was made of. Of a pass's last rows alone, the
  /// inputs have all.
  func input(_ index: Int) throws -> (name: String, label: String, row: [Float]) {
    let name = try inputName(index)
    let input = try source.output(named: name, beside: op)
    let row = input.op.rows - op.rows + row
    guard (0..<input.op.rows).contains(row) else { throw unexpected() }
    return (name, input.op.rows > 1 ? "\(row), " : "", input.row(row))
  }

  func inputName(_ index: Int) throws -> String {
    guard op.inputs.indices.contains(index) else { throw unexpected() }
    return op.inputs[index]
  }

  /// For shapes that are not those of the operation, in damaged traces alone.
  func unexpected() -> TraceError {
    .corrupt(path: trace.path, reason: "the inputs of \(op.name) do not fit it")
  }

  /// The token of a row of the pass.
  func token(ofRow row: Int) throws -> TraceToken {
    let tokens = try trace.tokens(inPass: op.pass)
    guard tokens.indices.contains(row) else { throw unexpected() }
    return tokens[row]
  }
}
