import Events
import Foundation
import Inference
import TraceStore

/// The output of an operation computed in double precision from the inputs that the run had.
struct ReferenceOperation {
  private let why: WhyOperation
  private let isCancelled: () -> Bool
  var op: TraceOp { why.op }
  var output: OpOutput { why.output }

  init(session: DebuggerSession, op: TraceOp) throws {
    why = try WhyOperation(session: session, op: op, row: 0, column: 0)
    isCancelled = session.values.isCancelled
  }

  /// `(op.rows, op.cols)` row-major.
  func values() throws -> [Double] {
    let row: (Int) throws -> [Double]
    switch OpDescription.Kind.allCases.first(where: { $0.name == op.kind }) {
    case .matmul: return try product()
    case .norm: row = try norms()
    case .rope: row = try rotations()
    case .scores: row = try scores()
    case .softmax: row = try probabilities()
    case .weightedSum: row = try weightedSums()
    case .add: row = try sums()
    case .silu: row = try gatedUnits()
    case .getRows: row = try fetchedRows()
    default: throw why.unexpected()
    }
    return try (0..<op.rows).flatMap { index in
      if isCancelled() { throw InferenceError.interrupted }
      let values = try row(index)
      guard values.count == op.cols else { throw why.unexpected() }
      return values
    }
  }

  private func at(_ row: Int) -> WhyOperation { why.moved(to: row) }

  private func product() throws -> [Double] {
    guard let tensor = try op.tensor.flatMap({ try why.trace.tensor($0) }) else {
      throw why.unexpected()
    }
    let matrix = try why.source.weights(named: tensor.name)
    let inputs = try (0..<op.rows).map { try at($0).input(1).row.map(Double.init) }
    guard matrix.rows == op.cols, inputs.allSatisfy({ $0.count == matrix.cols }) else {
      throw why.unexpected()
    }
    return try matrix.products(with: inputs, isCancelled: isCancelled)
  }

  private func norms() throws -> (Int) throws -> [Double] {
    let scale = try why.source.weights(named: why.inputName(1)).row(0).map(Double.init)
    let epsilon = Double(try why.source.model().model.config.normEpsilon)
    guard !scale.isEmpty, op.cols % scale.count == 0 else { throw why.unexpected() }
    return { row in
      let x = try at(row).input(0).row.map(Double.init)
      return stride(from: 0, to: x.count, by: scale.count).flatMap { first in
        rmsNorm(x[first..<min(first + scale.count, x.count)], scale, epsilon: epsilon)
      }
    }
  }

  private func sums() throws -> (Int) throws -> [Double] {
    let name = try why.inputName(1)
    let isBias = try why.trace.op(named: name, inPass: op.pass) == nil
    let bias = isBias ? try why.source.weights(named: name).row(0) : nil
    return { row in
      let (a, b) = (try at(row).input(0).row, try bias ?? at(row).input(1).row)
      return zip(a, b).map { Double($0) + Double($1) }
    }
  }

  private func gatedUnits() throws -> (Int) throws -> [Double] {
    { row in
      zip(try at(row).input(0).row, try at(row).input(1).row).map {
        Double($0) / (1 + exp(-Double($0))) * Double($1)
      }
    }
  }

  private func fetchedRows() throws -> (Int) throws -> [Double] {
    guard let tensor = try op.tensor.flatMap({ try why.trace.tensor($0) }) else {
      return { row in try at(row).lastTokenRow().map(Double.init) }
    }
    let matrix = try why.source.weights(named: tensor.name)
    return { row in
      let id = try why.token(ofRow: row).id
      guard id < matrix.rows else { throw why.unexpected() }
      return try matrix.row(id).map(Double.init)
    }
  }

  private func rotations() throws -> (Int) throws -> [Double] {
    { row in
      let turn = try at(row).turn()
      return try (0..<op.cols).map { try turn.value(ofColumn: $0) }
    }
  }

  private func scores() throws -> (Int) throws -> [Double] {
    let config = try why.source.model().model.config
    let query = try why.source.output(named: why.inputName(1), beside: op)
    var caches: [Int: [[Float]]] = [:]
    for token in try why.trace.tokens(inPass: op.pass) {
      caches[token.sequence] = try why.cache(.keys, token, positions: token.position + 1)
    }
    return { row in
      let (head, token, queryRow) = try at(row).headAndToken()
      guard queryRow < query.op.rows else { throw why.unexpected() }
      let start = head * config.kvHeadCount / config.headCount * config.headSize
      let q = query.row(queryRow).dropFirst(head * config.headSize).prefix(config.headSize)
      let keys = caches[token.sequence] ?? []
      return (0..<op.cols).map { position in
        // What a token may not see is no part of the result: as the run has it.
        guard position <= token.position, position < keys.count else {
          return Double(output.values[row * op.cols + position])
        }
        return zip(q, keys[position].dropFirst(start)).reduce(0) {
          $0 + Double($1.0) * Double($1.1)
        }
      }
    }
  }

  private func probabilities() throws -> (Int) throws -> [Double] {
    let config = try why.source.model().model.config
    let scale = 1 / Double(config.headSize).squareRoot()
    return { row in
      let visible = try at(row).headAndToken().token.position + 1
      let x = try at(row).input(0).row.prefix(visible).map(Double.init)
      let highest = x.max() ?? 0
      let powers = x.map { exp(($0 - highest) * scale) }
      let sum = powers.reduce(0, +)
      return powers.map { $0 / sum } + [Double](repeating: 0, count: max(0, op.cols - x.count))
    }
  }

  private func weightedSums() throws -> (Int) throws -> [Double] {
    let config = try why.source.model().model.config
    let weights = try why.source.output(named: why.inputName(1), beside: op)
    var caches: [Int: [[Float]]] = [:]
    for token in try why.trace.tokens(inPass: op.pass) {
      caches[token.sequence] = try why.cache(.values, token, positions: token.position + 1)
    }
    return { row in
      let token = try why.token(ofRow: row)
      let values = caches[token.sequence] ?? []
      var sums = [Double](repeating: 0, count: op.cols)
      for head in 0..<config.headCount {
        guard head * op.rows + row < weights.op.rows else { throw why.unexpected() }
        let start = head * config.kvHeadCount / config.headCount * config.headSize
        let w = weights.row(head * op.rows + row)
        for position in 0..<min(token.position + 1, w.count, values.count) {
          for c in 0..<config.headSize {
            sums[head * config.headSize + c] +=
              Double(w[position]) * Double(values[position][start + c])
          }
        }
      }
      return sums
    }
  }
}

/// RMSNorm in double precision: `x / √(mean(x²) + ε) × w`.
func rmsNorm(_ x: some Collection<Double>, _ weights: [Double], epsilon: Double) -> [Double] {
  let squares = x.reduce(0) { $0 + $1 * $1 }
  let root = (squares / Double(weights.count) + epsilon).squareRoot()
  return zip(x, weights).map { $0 / root * $1 }
}
