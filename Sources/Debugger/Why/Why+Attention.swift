import Basics
import Events
import Foundation
import TraceStore

// Heads of the query share heads of keys and values: query head h reads KV head
// h * kvHeads / heads.
extension WhyOperation {
  private struct Heads {
    let count: Int
    let kvCount: Int
    let size: Int

    /// The first column of the keys and values that a head of the query reads.
    func kvStart(_ head: Int) -> Int { head * kvCount / count * size }
  }

  private func heads() throws -> Heads {
    let count = try attribute("heads", \.heads)
    return Heads(
      count: count, kvCount: op.attributes.kvHeads ?? count,
      size: try attribute("head_size", \.headSize))
  }

  /// A row's head and token where heads lie one after the other in the rows, and the token's row
  /// in the pass.
  private func headAndToken(_ row: Int) throws -> (head: Int, token: TraceToken, row: Int) {
    let heads = try attribute("heads", \.heads)
    let tokens = try tokens().count
    guard tokens > 0, tokens.multipliedReportingOverflow(by: heads) == (op.rows, false) else {
      throw unexpected()
    }
    return (row / tokens, try token(ofRow: row % tokens), row % tokens)
  }

  /// The positions that a token sees.
  private func seen(by token: TraceToken) -> Range<Int> {
    max(0, token.position + 1 - (op.attributes.window ?? .max))..<token.position + 1
  }

  /// `position 3 sees no position after its own`: why it does not see another.
  private func blindness(of token: TraceToken, to position: Int) -> String {
    position > token.position
      ? "position \(token.position) sees no position after its own"
      : "position \(token.position) sees no position before \(seen(by: token).lowerBound)"
  }

  private func kvType() throws -> String { try source.kvType(of: op) ?? "" }

  /// `y[head, token, position] = Σ q[c] × k[c]`.
  func scores(_ row: Int) throws -> Row {
    let (heads, query) = (try heads(), try output(1))
    let (head, token, tokenRow) = try headAndToken(row)
    let keys = try cache(.keys, ofSequence: token.sequence)
    let (size, start) = (heads.size, heads.kvStart(head))
    guard tokenRow < query.op.rows, (head + 1) * size <= query.op.cols else { throw unexpected() }
    let first = tokenRow * query.op.cols + head * size
    let q = Array(query.values[first..<first + size])
    let seen = seen(by: token)
    let output = try source.output(of: op)
    return { column in
      guard seen.contains(column) || output.values[row * op.cols + column] != 0 else {
        return Derivation(
          numbers(0.0), ["= 0: \(blindness(of: token, to: column)), and this one was left out"])
      }
      guard column < keys.count, start + size <= keys[column].count else { throw unexpected() }
      let key = keys[column]
      let sum = TermSum(0..<size, in: numbers, counted: "columns") { (q[$0], key[start + $0]) }
      return Derivation(
        sum.total, sum: sum,
        [
          "= Σ q[i] × k[i], i = 0..<\(size): head \(head), the query of position "
            + "\(token.position) \(quoted(token.text)) and the key of position \(column)",
          "q = \(query.op.name)[\(tokenRow), \(head * size)..], k from the KV cache "
            + "(\(try kvType())), key head \(start / size)",
        ],
        notes: seen.contains(column)
          ? [] : ["P\(blindness(of: token, to: column).dropFirst()): soft_max makes this 0."])
    }
  }

  /// `y = exp((x - max) × scale) / Σ`.
  func probabilities(_ row: Int) throws -> Row {
    let (head, token, _) = try headAndToken(row)
    let scores = try input(0, row)
    let seen = seen(by: token)
    guard scores.row.count == op.cols, seen.upperBound <= op.cols else { throw unexpected() }
    let scale = numbers(try attribute("scale", \.scale))
    let x = scores.row[seen].map { numbers($0) }
    let highest = numbers(scores.row[seen].max() ?? 0)
    let powers = x.map { exp(($0.value - highest.value) * scale.value) }
    func power(_ index: Int) -> String { "exp((\(x[index]) - \(highest)) × scale)" }
    let sum = TermSum(powers, in: numbers, counted: "positions") {
      TermSum.Term(label: "\(seen.lowerBound + $0)", product: power($0))
    }
    return { column in
      guard seen.contains(column) else {
        return Derivation(numbers(0.0), ["= 0: \(blindness(of: token, to: column))"])
      }
      let index = column - seen.lowerBound
      let result = numbers(powers[index] / sum.total.value)
      return Derivation(
        result, sum: sum,
        [
          "= exp((x - max) × scale) / Σ, x = \(scores.name)[\(scores.label)\(column)] "
            + "= \(x[index]): head \(head), what position \(token.position) "
            + "\(quoted(token.text)) takes from position \(column)",
          "scale = \(rooted(scale)), max = \(highest), the highest of \(seen.count) that it sees",
        ], steps: ["\(power(index)) / \(sum.total) = \(result)"])
    }
  }

  /// `1 / √64 = 0.125`; the number alone where it is not made of a whole number so.
  private func rooted(_ scale: Figure) -> String {
    let square = (1 / (scale.value * scale.value)).rounded()
    guard square >= 1, square < 1e6, 1 / Float(square).squareRoot() == Float(scale.value) else {
      return "\(scale)"
    }
    let isExact = 1 / square.squareRoot() == scale.value
    return "1 / √\(Int(square)) \(isExact ? "=" : "→ f32") \(scale)"
  }

  /// `y[token, head * headSize + c] = Σ weight[position] × v[position, c]`.
  func weightedSum(_ row: Int) throws -> Row {
    let (heads, weights) = (try heads(), try output(1))
    let token = try token(ofRow: row)
    let seen = seen(by: token)
    let values = try cache(.values, ofSequence: token.sequence)
    guard op.cols == heads.count * heads.size,
      op.rows.multipliedReportingOverflow(by: heads.count) == (weights.op.rows, false),
      seen.upperBound <= weights.op.cols, seen.upperBound <= values.count,
      values.allSatisfy({ heads.kvCount * heads.size <= $0.count })
    else { throw unexpected() }
    return { column in
      let head = column / heads.size
      let place = heads.kvStart(head) + column % heads.size
      let weightRow = head * op.rows + row
      let first = weightRow * weights.op.cols
      let sum = TermSum(seen, in: numbers, counted: "positions") {
        (weights.values[first + $0], values[$0][place])
      }
      return Derivation(
        sum.total, sum: sum,
        [
          "= Σ w[p] × v[p], p = \(seen): head \(head) of position \(token.position) "
            + quoted(token.text),
          "w = \(weights.op.name)[\(weightRow), p], v from the KV cache (\(try kvType())), "
            + "column \(place)",
        ])
    }
  }
}
