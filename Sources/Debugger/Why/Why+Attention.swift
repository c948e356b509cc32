import Basics
import Foundation
import Inference
import Quantization
import TraceStore

// Heads of the query share heads of keys and values: query head h reads KV head
// h * nKVHead / nHead.
extension WhyOperation {
  /// A value's head and token where heads lie one after the other in the rows, and the token's row
  /// in the pass.
  func headAndToken() throws -> (head: Int, token: TraceToken, row: Int) {
    let tokens = try trace.tokens(inPass: op.pass).count
    guard tokens > 0 else { throw unexpected() }
    return (row / tokens, try token(ofRow: row % tokens), row % tokens)
  }

  /// Rows of the KV cache as its type holds them.
  func cache(
    _ part: CachePart, _ token: TraceToken, positions: Int
  ) throws -> [[Float]] {
    guard let layer = op.layer, let type = try source.kvType(of: op).flatMap(KVType.init(rawValue:))
    else { throw unexpected() }
    let rows = try source.cached(
      part, layer: layer, sequence: token.sequence, count: positions, pass: op.pass)
    do {
      return try rows.map(type.stored)
    } catch {
      throw unexpected()
    }
  }

  private var kvType: String {
    get throws { try source.kvType(of: op) ?? "" }
  }

  /// `y[head, token, position] = Σ q[c] × k[c]`.
  func score() throws -> Explanation {
    let config = try source.model().model.config
    let (head, token, row) = try headAndToken()
    guard column <= token.position || value != 0 else {
      return explanation(
        [
          "= 0: position \(token.position) sees no position after its own, and this one was left "
            + "out"
        ], result: Figure(0.0))
    }
    let query = try source.output(named: inputName(1), beside: op)
    let keys = try cache(.keys, token, positions: column + 1)
    let kvHead = head * config.kvHeadCount / config.headCount
    let size = config.headSize
    guard row < query.op.rows, (head + 1) * size <= query.op.cols,
      (kvHead + 1) * size <= keys[column].count
    else { throw unexpected() }
    let q = query.row(row)
    let terms = (0..<size).map { c in
      TermSum.Term(
        label: "\(c)", Figure(q[head * size + c]), Figure(keys[column][kvHead * size + c]))
    }
    return explanation(
      [
        "= Σ q[i] × k[i], i = 0..<\(size): head \(head), the query of position "
          + "\(token.position) \(quoted(token.text)) and the key of position \(column)",
        "q = \(query.op.name)[\(row), \(head * size)..], k from the KV cache (\(try kvType)), "
          + "key head \(kvHead)",
      ], sum: TermSum(terms, counted: "columns"),
      notes: column > token.position
        ? ["Position \(token.position) sees none after its own: soft_max makes this 0."] : [])
  }

  /// `y = exp((x - max) / √headSize) / Σ`.
  func probability() throws -> Explanation {
    let config = try source.model().model.config
    let (head, token, _) = try headAndToken()
    let scores = try input(0)
    let visible = token.position + 1
    guard scores.row.count >= visible else { throw unexpected() }
    guard column < visible else {
      return explanation(
        ["= 0: position \(token.position) sees no position after its own"],
        result: Figure(0.0))
    }
    let scale = Figure(1 / Double(config.headSize).squareRoot())
    let seen = scores.row[..<visible].map { Figure($0) }
    let highest = Figure(scores.row[..<visible].max() ?? 0)
    let powers = seen.map { score in
      (
        text: "exp((\(score) - \(highest)) × scale)",
        value: exp((score.value - highest.value) * scale.value)
      )
    }
    let sum = TermSum(
      powers.enumerated().map { TermSum.Term(label: "\($0)", product: $1.text, value: $1.value) },
      counted: "positions")
    let result = Figure(powers[column].value / sum.total.value)
    return explanation(
      [
        "= exp((x - max) × scale) / Σ, x = \(scores.name)[\(scores.label)\(column)] "
          + "= \(seen[column]): head \(head), what position \(token.position) "
          + "\(quoted(token.text)) takes from position \(column)",
        "scale = 1 / √\(config.headSize) = \(scale), "
          + "max = \(highest), the highest of \(visible) that it sees",
      ], sum: sum, result: result,
      steps: ["\(powers[column].text) / \(sum.total) = \(result)"])
  }

  /// `y[token, head * headSize + c] = Σ weight[position] × v[position, c]`.
  func weightedSum() throws -> Explanation {
    let config = try source.model().model.config
    let token = try token(ofRow: row)
    let head = column / config.headSize
    let place =
      head * config.kvHeadCount / config.headCount * config.headSize
      + column % config.headSize
    let weights = try source.output(named: inputName(1), beside: op)
    let row = head * op.rows + row
    let visible = token.position + 1
    let values = try cache(.values, token, positions: visible)
    guard row < weights.op.rows, visible <= weights.op.cols,
      values.allSatisfy({ place < $0.count })
    else { throw unexpected() }
    let w = weights.row(row)
    let terms = (0..<visible).map { position in
      TermSum.Term(
        label: "\(position)", Figure(w[position]), Figure(values[position][place]))
    }
    return explanation(
      [
        "= Σ w[p] × v[p], p = 0..<\(visible): head \(head) of position \(token.position) "
          + quoted(token.text),
        "w = \(weights.op.name)[\(row), p], v from the KV cache (\(try kvType)), column \(place)",
      ], sum: TermSum(terms, counted: "positions"))
  }
}
