import Events
import Inference
import Quantization
import TraceStore

/// Computes values of an operation's output again, from what the trace says of it, and tells how.
struct WhyOperation {
  /// Derives the value of a column of one row.
  typealias Row = (_ column: Int) throws -> Derivation

  let source: ValueSource
  let trace: Trace
  let op: TraceOp
  let numbers: Numbers
  private let read = Read()

  /// What was read of the trace and the model so far.
  private final class Read {
    var outputs: [String: OpOutput] = [:]
    /// Vectors of the model, and rows that take the place of outputs.
    var vectors: [String: [Float]] = [:]
    var caches: [CachePart: [Int: [[Float]]]] = [:]
    var tokens: [TraceToken]?
    var weights: (row: Int, weights: (stored: [Float], values: [Double]))?
  }

  /// - Parameter rows: rows that take the place of inputs of the run, by the operation's name.
  init(
    session: DebuggerSession, op: TraceOp, numbers: Numbers,
    substituting rows: [String: [Float]] = [:]
  ) {
    source = session.values
    trace = session.trace
    self.op = op
    self.numbers = numbers
    read.vectors = rows
  }

  /// The kinds of operation, each with the function that derives a row of its output: the only
  /// place that lists them.
  ///
  /// - Throws: `DebuggerError.notCaptured` where an input is neither captured nor to be recomputed.
  func row(_ row: Int) throws -> Row {
    switch op.operation {
    case .matmul: try product(row)
    case .norm: try norm(row)
    case .rope: try rotation(row)
    case .scores: try scores(row)
    case .softmax: try probabilities(row)
    case .weightedSum: try weightedSum(row)
    case .add: try addition(row)
    case .silu: try gatedUnit(row, by: silu)
    case .gelu: try gatedUnit(row, by: gelu)
    case .scale: try scaling(row)
    case .softCap: try softCap(row)
    case .getRows: try fetchedRow(row)
    case .route: try route(row)
    case .expertMatmul: try expertProduct(row)
    case .expertSum: try expertSum(row)
    case .kvAppend, nil:
      throw DebuggerError.otherKind(
        name: op.name, kind: "an operation that computes no values of its own",
        advice: "its inputs are \(op.inputs.joined(separator: " and "))")
    }
  }

  /// The values of some rows, `(rows.count, op.cols)` row-major.
  ///
  /// - Throws: `InferenceError.interrupted`, and as ``row(_:)``.
  func values(ofRows rows: Range<Int>) throws -> [Double] {
    func check() throws { if source.isCancelled() { throw InferenceError.interrupted } }
    let derivations = try rows.map { index in
      try check()
      return try row(index)
    }
    var values = [Double](repeating: 0, count: rows.count * op.cols)
    for column in 0..<op.cols {  // a row of weights, which is a column here, is decoded once
      try check()
      for (index, derive) in derivations.enumerated() {
        values[index * op.cols + column] = try derive(column).result.value
      }
    }
    return values
  }

  // MARK: - Inputs

  func inputName(_ index: Int) throws -> String {
    guard op.inputs.indices.contains(index) else { throw unexpected() }
    return op.inputs[index]
  }

  /// The whole output of the operation that is an input.
  func output(_ index: Int) throws -> OpOutput {
    let name = try inputName(index)
    if let known = read.outputs[name] { return known }
    let output = try source.output(named: name, beside: op)
    read.outputs[name] = output
    return output
  }

  typealias Input = (name: String, label: String, row: [Float])

  /// An input with the row that a row of the output was made of: a row of an operation, or a vector
  /// of the model. Of a pass's last rows alone, the inputs have all.
  ///
  /// - Parameter place: the row of the input; `nil` for the row's own.
  func input(_ index: Int, _ row: Int, at place: Int? = nil) throws -> Input {
    let name = try inputName(index)
    if try read.outputs[name] == nil && read.vectors[name] == nil
      && trace.op(named: name, inPass: op.pass) == nil && trace.tensor(named: name) != nil
    {
      read.vectors[name] = try source.weights(named: name).row(0)
    }
    if let vector = read.vectors[name] { return (name, "", vector) }
    let input = try output(index)
    let row = place ?? input.op.rows - op.rows + row
    guard (0..<input.op.rows).contains(row) else { throw unexpected() }
    return (name, input.op.rows > 1 ? "\(row), " : "", input.row(row))
  }

  /// A row of a matrix as it is multiplied, and the numbers that are computed with; the last one is
  /// kept.
  func weights(
    _ row: Int, of matrix: WeightMatrix, rounded rounding: WeightRounding
  ) throws -> (stored: [Float], values: [Double]) {
    if let known = read.weights, known.row == row { return known.weights }
    let stored = try matrix.row(row, rounded: rounding)
    let weights = (stored, numbers.values(stored))
    read.weights = (row, weights)
    return weights
  }

  /// The strategy that rounds weights and inputs; none does where numbers are exact.
  func strategy() throws -> StrategyName? {
    numbers == .exact ? nil : try source.strategy(of: op)
  }

  /// Rows of the KV cache of a sequence as its type holds them, by position.
  func cache(_ part: CachePart, ofSequence sequence: Int) throws -> [[Float]] {
    if let known = read.caches[part]?[sequence] { return known }
    let count = try tokens().filter { $0.sequence == sequence }.map { $0.position + 1 }.max() ?? 0
    guard let type = try source.kvType(of: op).flatMap(KVType.init(rawValue:)),
      let append = try trace.op(named: inputName(0), inPass: op.pass)
    else { throw unexpected() }
    let rows = try source.cached(part, by: append, sequence: sequence, count: count)
    do {
      let stored = try rows.map(type.stored)
      read.caches[part, default: [:]][sequence] = stored
      return stored
    } catch {
      throw unexpected()
    }
  }

  // MARK: - The trace

  /// A number that the operation was computed with.
  ///
  /// - Throws: `TraceError.corrupt` where the trace does not say it.
  func attribute<Value>(
    _ name: String, _ value: KeyPath<OpAttributes, Value?>
  ) throws(TraceError) -> Value {
    guard let value = op.attributes[keyPath: value] else {
      throw .corrupt(path: trace.path, reason: "\(op.name) has no attribute \(name)")
    }
    return value
  }

  /// For shapes that are not those of the operation, in damaged traces alone.
  func unexpected() -> TraceError {
    .corrupt(path: trace.path, reason: "the inputs of \(op.name) do not fit it")
  }

  /// The tokens of the pass.
  func tokens() throws(TraceError) -> [TraceToken] {
    if let known = read.tokens { return known }
    let tokens = try trace.tokens(inPass: op.pass)
    read.tokens = tokens
    return tokens
  }

  /// The token of a row of the pass.
  func token(ofRow row: Int) throws(TraceError) -> TraceToken {
    let tokens = try tokens()
    guard tokens.indices.contains(row) else { throw unexpected() }
    return tokens[row]
  }
}

/// One value of an output as it comes of the inputs.
struct Derivation {
  /// What the terms and the formula come to.
  let result: Figure
  let sum: TermSum?
  /// The operation in symbols and with its numbers; figures that lead from the sum to the value,
  /// where they are not the same; and what else there is to say.
  let text: () throws -> (formula: [String], steps: [String], notes: [String])

  init(
    _ result: Figure, sum: TermSum? = nil,
    _ formula: @autoclosure @escaping () throws -> [String],
    steps: @autoclosure @escaping () -> [String] = [],
    notes: @autoclosure @escaping () -> [String] = []
  ) {
    self.result = result
    self.sum = sum
    text = { (try formula(), steps(), notes()) }
  }
}
