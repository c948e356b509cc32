import Events
import Foundation

extension WhyOperation {
  /// RoPE: a pair of values rotated by an angle that grows with the position.
  func rotation(_ row: Int) throws -> Row {
    let input = try input(0, row)
    let position = try token(ofRow: row).position
    let size = try attribute("head_size", \.headSize)
    let count = op.attributes.dimensions ?? size
    let base = Double(try attribute("base", \.base))
    let isInterleaved = try attribute("layout", \.layout) == .interleaved
    let factors = op.inputs.count > 1 ? try self.input(1, row).row : nil
    let pairs = count / 2
    guard input.row.count == op.cols, op.cols % size == 0, count <= size, count % 2 == 0,
      pairs <= factors?.count ?? pairs
    else { throw unexpected() }
    return { column in
      let start = column / size * size
      let place = column - start
      guard place < count else {
        return Derivation(
          numbers(input.row[column]),
          [
            "= \(input.name)[\(input.label)\(column)]: of each head only \(count) values are turned"
          ])
      }
      let pair = isInterleaved ? place / 2 : place % pairs
      let isFirst = isInterleaved ? place % 2 == 0 : place < pairs
      let first = start + (isInterleaved ? 2 * pair : pair)
      let second = isInterleaved ? first + 1 : first + pairs
      let divisor = (factors.map { Double($0[pair]) } ?? 1) * Double(op.attributes.factor ?? 1)
      let frequency = pow(base, -2 * Double(pair) / Double(count)) / divisor
      let angle = Double(position) * frequency
      let (cosine, sine) = (numbers(Float(cos(angle))), numbers(Float(sin(angle))))
      let (a, b) = (numbers(input.row[first]), numbers(input.row[second]))
      let result = numbers(
        isFirst
          ? a.value * cosine.value - b.value * sine.value
          : a.value * sine.value + b.value * cosine.value)
      return Derivation(
        result,
        [
          (isFirst ? "= a × cos(t) - b × sin(t)" : "= a × sin(t) + b × cos(t)")
            + ", a = \(input.name)[\(input.label)\(first)]"
            + ", b = \(input.name)[\(input.label)\(second)]",
          "t = position × f = \(position) × \(Figure(inFull: frequency)) = "
            + "\(Figure(inFull: angle))",
          "f = \(Figure(inFull: base))^(-2 × \(pair) / \(count))"
            + (divisor == 1 ? "" : " / \(Figure(inFull: divisor))")
            + ", of pair \(pair) of a head",
          "cos(t) → f32 \(cosine), sin(t) → f32 \(sine)",
          (isFirst ? "\(a) × \(cosine) - \(b) × \(sine)" : "\(a) × \(sine) + \(b) × \(cosine)")
            + " = \(result)",
        ])
    }
  }
}
