import Foundation
import Inference

extension WhyOperation {
  /// RoPE: a pair of values turned by an angle that grows with the position.
  func rotation() throws -> Explanation {
    let turn = try turn()
    let input = try input(0)
    guard let pair = turn.pair(ofColumn: column) else {
      return explanation(
        [
          "= \(input.name)[\(input.label)\(column)]: of each head only "
            + "\(turn.model.rope.ropeCount) values are turned"
        ], result: Figure(turn.row[column]))
    }
    let (a, b) = (Figure(turn.row[pair.a]), Figure(turn.row[pair.b]))
    let (cosine, sine) = (Figure(pair.cosine), Figure(pair.sine))
    let result = Figure(
      pair.isFirst
        ? a.value * cosine.value - b.value * sine.value
        : a.value * sine.value + b.value * cosine.value)
    let frequency = Figure(inFull: turn.model.ropeFrequency(ofPair: pair.index))
    let names =
      "a = \(input.name)[\(input.label)\(pair.a)], b = \(input.name)[\(input.label)\(pair.b)]"
    return explanation(
      [
        pair.isFirst
          ? "= a × cos(t) - b × sin(t), \(names)" : "= a × sin(t) + b × cos(t), \(names)",
        "t = position × f = \(turn.position) × \(frequency) = "
          + "\(Figure(inFull: Double(turn.position) * frequency.value))",
        "f = \(turn.model.ropeFormula(ofPair: pair.index)), of pair \(pair.index) of a head",
        "cos(t) → f32 \(cosine), sin(t) → f32 \(sine)",
        (pair.isFirst ? "\(a) × \(cosine) - \(b) × \(sine)" : "\(a) × \(sine) + \(b) × \(cosine)")
          + " = \(result)",
      ], result: result)
  }

  /// The rotation of this row.
  func turn() throws -> Turn {
    let row = try input(0).row
    guard row.count == op.cols else { throw unexpected() }
    return Turn(
      model: try source.model().model, row: row, position: try token(ofRow: self.row).position)
  }

  /// RoPE of one row of heads at one position.
  struct Turn {
    /// Two values of a head that are turned together.
    struct Pair {
      let index: Int
      /// Columns of the two.
      let a: Int
      let b: Int
      /// Whether the column that was asked for is the first.
      let isFirst: Bool
      let cosine: Float
      let sine: Float
    }

    let model: Model
    let row: [Float]
    let position: Int

    /// `nil` for what is not turned.
    func pair(ofColumn column: Int) -> Pair? {
      let config = model.config; let rope = model.rope
      let start = column / config.headSize * config.headSize
      let place = column - start
      guard place < rope.ropeCount, start + config.headSize <= row.count else { return nil }
      let pairs = rope.ropeCount / 2
      let isInterleaved = rope.ropeLayout == .interleaved
      let index = isInterleaved ? place / 2 : place % pairs
      let a = start + (isInterleaved ? 2 * index : index)
      let angle = Double(position) * model.ropeFrequency(ofPair: index)
      return Pair(
        index: index, a: a, b: isInterleaved ? a + 1 : a + pairs,
        isFirst: isInterleaved ? place % 2 == 0 : place < pairs, cosine: Float(cos(angle)),
        sine: Float(sin(angle)))
    }

    func value(ofColumn column: Int) throws -> Double {
      guard let pair = pair(ofColumn: column) else { return Double(row[column]) }
      let (x, y) = (Double(row[pair.a]), Double(row[pair.b]))
      let (cosine, sine) = (Double(pair.cosine), Double(pair.sine))
      return pair.isFirst ? x * cosine - y * sine : x * sine + y * cosine
    }
  }
}

extension Model {
  /// How fast RoPE turns a pair, with its numbers: `10000^(-2 × 3 / 64)`.
  fileprivate func ropeFormula(ofPair pair: Int) -> String {
    var text = "\(Figure(inFull: rope.ropeBase))^(-2 × \(pair) / \(rope.ropeCount))"
    let divisor = ropeDivisor(ofPair: pair)
    if divisor != 1 { text += " / \(Figure(inFull: divisor))" }
    return text
  }
}
