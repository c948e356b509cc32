import Foundation
import Inference

extension WhyOperation {
  /// RoPE: a pair of values turned by an angle that grows with the position.
  func rotation() throws -> Explanation {
    let turn = try turn()
    let input = try input(0)
    let result = try turn.value(ofColumn: column)
    guard let pair = turn.pair(ofColumn: column) else {
      return explanation(
        [
          "= \(input.name)[\(input.label)\(column)]: of each head only "
            + "\(turn.model.config.ropeCount) values are turned"
        ], result: result)
    }
    let (x, y) = (turn.row[pair.a], turn.row[pair.b])
    let frequency = turn.model.ropeFrequency(ofPair: pair.index)
    let names =
      "a = \(input.name)[\(input.label)\(pair.a)], b = \(input.name)[\(input.label)\(pair.b)]"
    return explanation(
      [
        pair.isFirst
          ? "= a × cos(t) - b × sin(t), \(names)" : "= a × sin(t) + b × cos(t), \(names)",
        "t = position \(turn.position) × \(Explanation.exact(frequency)) = "
          + "\(Explanation.exact(Double(turn.position) * frequency)), of pair \(pair.index) of a "
          + "head",
        (pair.isFirst
          ? "\(x) × \(pair.cosine) - \(y) × \(pair.sine)"
          : "\(x) × \(pair.sine) + \(y) × \(pair.cosine)")
          + " = \(Explanation.exact(result))",
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
      let config = model.config
      let start = column / config.headSize * config.headSize
      let place = column - start
      guard place < config.ropeCount, start + config.headSize <= row.count else { return nil }
      let pairs = config.ropeCount / 2
      let isInterleaved = config.ropeLayout == .interleaved
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
