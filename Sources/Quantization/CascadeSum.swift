/// Sums of float32 values in float32, in the order in which PyTorch sums on one thread: a last bit of
/// the mean of all scales is a last bit of every value of nf4 and fp4, so the values are
/// bitsandbytes' only where the sums are PyTorch's.
enum CascadeSum {
  private typealias Row = SIMD32<Float>
  private typealias Vector = SIMD8<Float>
  /// Rows are summed into level 0, full groups of rows into level 1, and so on, so that no sum grows
  /// much larger than what is added to it.
  private static let levels = 4

  /// The mean, or 0 of no values.
  static func mean(_ values: [Float]) -> Float {
    values.isEmpty ? 0 : sum(values) / Float(values.count)
  }

  private static func sum(_ values: [Float]) -> Float {
    guard values.count >= Vector.scalarCount else { return sumOfFew(values) }
    let (rows, vectors) = (values.count / Row.scalarCount, values.count / Vector.scalarCount)
    return values.withUnsafeBytes { bytes in
      let row = sumOfRows(bytes, count: rows)
      var sums = row.lowHalf.lowHalf
      for vector in rows * Row.scalarCount / Vector.scalarCount..<vectors {
        sums += bytes.loadUnaligned(
          fromByteOffset: vector * MemoryLayout<Vector>.size, as: Vector.self)
      }
      sums += row.lowHalf.highHalf
      sums += row.highHalf.lowHalf
      sums += row.highHalf.highHalf
      let rest = values[(vectors * Vector.scalarCount)...].reduce(0, +)
      return sums.indices.reduce(rest) { $0 + sums[$1] }
    }
  }

  private static func sumOfRows(_ bytes: UnsafeRawBufferPointer, count: Int) -> Row {
    // Bits that number the rows, a level's share of them.
    let bits = count > 1 ? Int.bitWidth - (count - 1).leadingZeroBitCount : 0
    let groupBits = max(4, bits / levels)
    var sums = [Row](repeating: .zero, count: levels)
    for row in 0..<count {
      sums[0] += bytes.loadUnaligned(fromByteOffset: row * MemoryLayout<Row>.size, as: Row.self)
      var level = 1
      while level < levels, (row + 1).isMultiple(of: 1 << (level * groupBits)) {
        sums[level] += sums[level - 1]
        sums[level - 1] = .zero
        level += 1
      }
    }
    return sums.dropFirst().reduce(sums[0], +)
  }

  /// Four values side by side, and the others are added to the first.
  private static func sumOfFew(_ values: [Float]) -> Float {
    guard values.count >= 4 else { return values.reduce(0, +) }
    return (values[4...] + values[1..<4]).reduce(values[0], +)
  }
}
