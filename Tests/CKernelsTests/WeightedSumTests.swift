import CKernels
import Testing

@Suite struct WeightedSumTests {
  static let types = [Int(NIBBLE_TYPE_F32), Int(NIBBLE_TYPE_F16)]

  static func sum(
    _ isa: nibble_isa, _ v: Packed, stride: Int, rows: Range<Int>, cols: Int, _ weights: [Float],
    _ out: inout [Float]
  ) {
    let size = Int(nibble_block_bytes(v.type))
    v.bytes.withUnsafeBytes { bytes in
      weights.withUnsafeBufferPointer { weights in
        out.withUnsafeMutableBufferPointer { out in
          guard let v0 = bytes.baseAddress, let weights = weights.baseAddress else { return }
          nibble_weighted_sum_isa(
            isa, v.type, v0 + v.offset + rows.lowerBound * stride * size, stride, rows.count, cols,
            weights + rows.lowerBound, out.baseAddress)
        }
      }
    }
  }

  static func operands(rows: Int, stride: Int, cols: Int, type: Int) -> (Packed, [Float], [Float]) {
    var random = SplitMix64(state: UInt64(rows * 100 + cols))
    func values(_ count: Int) -> [Float] {
      (0..<count).map { _ in Float.random(in: -2...2, using: &random) }
    }
    return (Packed(values(rows * stride), type: type, offset: cols % 3), values(rows), values(cols))
  }

  @Test(arguments: InstructionSet.available, types)
  func sumsOfWeightedRows(isa: InstructionSet, type: Int) {
    for cols in 1...70 {
      for (rows, stride) in [(1, cols), (5, cols + 3), (16, 2 * cols)] {
        let (v, weights, start) = Self.operands(rows: rows, stride: stride, cols: cols, type: type)
        // Three values beyond the last column must stay.
        var out = start + [7, 8, 9]
        Self.sum(isa.code, v, stride: stride, rows: 0..<rows, cols: cols, weights, &out)
        for c in 0..<cols {
          let terms = (0..<rows).map { Double(weights[$0]) * Double(v.values[$0 * stride + c]) }
          let sum = terms.reduce(Double(start[c]), +)
          let magnitude = terms.reduce(abs(Double(start[c]))) { $0 + abs($1) }
          #expect(abs(Double(out[c]) - sum) <= MatmulTests.rounding * magnitude)
        }
        #expect(out[cols...] == [7, 8, 9], "\(cols) columns: wrote behind them")
      }
    }
  }

  /// Page after page is the same as all at once.
  @Test(arguments: InstructionSet.available, types)
  func splittingByRowsChangesNoBit(isa: InstructionSet, type: Int) {
    for cols in [3, 16, 64, 70] {
      let (v, weights, start) = Self.operands(rows: 37, stride: cols, cols: cols, type: type)
      var whole = start
      Self.sum(isa.code, v, stride: cols, rows: 0..<37, cols: cols, weights, &whole)
      var pages = start
      for rows in [0..<16, 16..<32, 32..<37] {
        Self.sum(isa.code, v, stride: cols, rows: rows, cols: cols, weights, &pages)
      }
      #expect(pages.map(\.bitPattern) == whole.map(\.bitPattern))
    }
  }

  @Test func theBestInstructionSetIsUsed() {
    let (v, weights, start) = Self.operands(
      rows: 9, stride: 40, cols: 35, type: Int(NIBBLE_TYPE_F32))
    var best = start
    Self.sum(nibble_isa_best(), v, stride: 40, rows: 0..<9, cols: 35, weights, &best)
    var used = start
    nibble_weighted_sum_f32(v.values, 40, 9, 35, weights, &used)
    var plain = start
    nibble_weighted_sum_f32_scalar(v.values, 40, 9, 35, weights, &plain)
    #expect(used.map(\.bitPattern) == best.map(\.bitPattern))
    #expect(zip(used, plain).allSatisfy { abs($0 - $1) < 1e-4 })

    let halves = v.values.map(nibble_float_to_half)
    let packed = Packed(v.values, type: Int(NIBBLE_TYPE_F16))
    best = start
    Self.sum(nibble_isa_best(), packed, stride: 40, rows: 0..<9, cols: 35, weights, &best)
    used = start
    nibble_weighted_sum_f16(halves, 40, 9, 35, weights, &used)
    plain = start
    nibble_weighted_sum_f16_scalar(halves, 40, 9, 35, weights, &plain)
    #expect(used.map(\.bitPattern) == best.map(\.bitPattern))
    #expect(zip(used, plain).allSatisfy { abs($0 - $1) < 1e-4 })
  }
}
