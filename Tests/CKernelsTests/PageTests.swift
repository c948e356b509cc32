import CKernels
import TestSupport
import Testing

/// Attention over a page of each instruction set, against sums in Double and against itself in
/// other pieces.
@Suite struct PageTests {
  static let types = [Int(NIBBLE_TYPE_F32), Int(NIBBLE_TYPE_F16)]
  static let page = Int(NIBBLE_PAGE)

  static func values(_ count: Int, seed: Int) -> [Float] {
    var random = SeededGenerator(seed: UInt64(seed))
    return (0..<count).map { _ in Float.random(in: -2...2, using: &random) }
  }

  /// Scores of some tokens, `(tokens, yStride)`; what is not written stays -1.
  static func scores(
    _ isa: nibble_isa?, _ keys: Packed, cols: Int, count: Int, _ q: [Float], qStride: Int,
    tokens: Range<Int>, of allTokens: Int, yStride: Int
  ) -> [Float] {
    var y = [Float](repeating: -1, count: allTokens * yStride)
    keys.bytes.withUnsafeBytes { keyBytes in
      q.withUnsafeBufferPointer { q in
        y.withUnsafeMutableBufferPointer { y in
          guard let keyBase = keyBytes.baseAddress, let q = q.baseAddress, let y = y.baseAddress
          else { return }
          var page = nibble_page_scores(
            keys: keyBase + keys.offset, cols: cols, count: count,
            q: q + tokens.lowerBound * qStride, q_stride: qStride, tokens: tokens.count,
            y: y + tokens.lowerBound * yStride, y_stride: yStride)
          if let isa {
            nibble_page_scores_isa(isa, keys.type, &page)
          } else if keys.type == UInt32(NIBBLE_TYPE_F16) {
            nibble_page_scores_f16_scalar(&page)
          } else {
            nibble_page_scores_f32_scalar(&page)
          }
        }
      }
    }
    return y
  }

  @Test(arguments: InstructionSet.available, types)
  func scoresAreSumsOfProducts(isa: InstructionSet, type: Int) {
    for (cols, count, tokens) in [(1, 16, 1), (10, 16, 13), (64, 5, 30), (33, 1, 12), (64, 16, 24)]
    {
      let keys = Packed(
        Self.values(cols * Self.page, seed: cols), type: type, offset: cols % 3)
      let q = Self.values(tokens * (cols + 2), seed: tokens)
      for kernel in [isa.code, nil] {
        let y = Self.scores(
          kernel, keys, cols: cols, count: count, q, qStride: cols + 2, tokens: 0..<tokens,
          of: tokens, yStride: count + 3)
        for token in 0..<tokens {
          for i in 0..<count {
            let terms = (0..<cols).map {
              Double(keys.values[$0 * Self.page + i]) * Double(q[token * (cols + 2) + $0])
            }
            let magnitude = terms.reduce(0) { $0 + abs($1) }
            let found = Double(y[token * (count + 3) + i])
            #expect(abs(found - terms.reduce(0, +)) <= MatmulTests.rounding * magnitude)
          }
          let behind = y[(token * (count + 3) + count)..<(token + 1) * (count + 3)]
          #expect(behind == [-1, -1, -1], "\(count) positions: wrote behind them")
        }
      }
    }
  }

  /// Tokens one by one or in groups are the same.
  @Test(arguments: InstructionSet.available, types)
  func scoresOfAnyGroupsAreTheSame(isa: InstructionSet, type: Int) {
    let keys = Packed(Self.values(64 * Self.page, seed: 5), type: type)
    let q = Self.values(29 * 64, seed: 6)
    func scores(_ tokens: Range<Int>) -> [Float] {
      Self.scores(
        isa.code, keys, cols: 64, count: 16, q, qStride: 64, tokens: tokens, of: 29, yStride: 16)
    }
    let whole = scores(0..<29)
    for token in 0..<29 {
      let range = token * 16..<(token + 1) * 16
      #expect(Array(scores(token..<token + 1)[range]) == Array(whole[range]))
    }
  }

  static func sum(
    _ isa: nibble_isa?, _ v: Packed, stride: Int, rows: Range<Int>, cols: Int,
    _ weights: [Float], weightsStride: Int, tokens: Range<Int>, _ out: inout [Float],
    outStride: Int
  ) {
    let size = Int(nibble_block_bytes(v.type))
    v.bytes.withUnsafeBytes { bytes in
      weights.withUnsafeBufferPointer { weights in
        out.withUnsafeMutableBufferPointer { out in
          guard let v0 = bytes.baseAddress, let weights = weights.baseAddress,
            let out = out.baseAddress
          else { return }
          var page = nibble_page_sums(
            values: v0 + v.offset + rows.lowerBound * stride * size, stride: stride,
            rows: rows.count, cols: cols,
            weights: weights + tokens.lowerBound * weightsStride + rows.lowerBound,
            weights_stride: weightsStride, tokens: tokens.count,
            out: out + tokens.lowerBound * outStride, out_stride: outStride)
          if let isa {
            nibble_page_sums_isa(isa, v.type, &page)
          } else if v.type == UInt32(NIBBLE_TYPE_F16) {
            nibble_page_sums_f16_scalar(&page)
          } else {
            nibble_page_sums_f32_scalar(&page)
          }
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available, types)
  func sumsOfWeightedRows(isa: InstructionSet, type: Int) {
    for cols in (1...70) {
      for (rows, stride, tokens) in [(1, cols, 1), (5, cols + 3, 8), (16, 2 * cols, 3)] {
        let v = Packed(Self.values(rows * stride, seed: cols), type: type, offset: cols % 3)
        let weights = Self.values(tokens * (rows + 1), seed: rows)
        let start = Self.values(tokens * (cols + 2), seed: tokens)
        for kernel in [isa.code, nil] {
          var out = start
          Self.sum(
            kernel, v, stride: stride, rows: 0..<rows, cols: cols, weights,
            weightsStride: rows + 1, tokens: 0..<tokens, &out, outStride: cols + 2)
          for (index, value) in out.enumerated() {
            let (token, c) = index.quotientAndRemainder(dividingBy: cols + 2)
            guard c < cols else {
              #expect(value == start[index], "\(cols) columns: wrote behind them")
              continue
            }
            let terms = (0..<rows).map {
              Double(weights[token * (rows + 1) + $0]) * Double(v.values[$0 * stride + c])
            }
            let sum = terms.reduce(Double(start[index]), +)
            let magnitude = terms.reduce(abs(Double(start[index]))) { $0 + abs($1) }
            #expect(abs(Double(value) - sum) <= MatmulTests.rounding * magnitude)
          }
        }
      }
    }
  }

  /// Page after page and token after token are the same as all at once.
  @Test(arguments: InstructionSet.available, types)
  func splittingSumsChangesNoBit(isa: InstructionSet, type: Int) {
    for cols in [3, 16, 64, 70] {
      let v = Packed(Self.values(37 * cols, seed: cols), type: type)
      let weights = Self.values(13 * 37, seed: 1)
      let start = Self.values(13 * cols, seed: 2)
      var whole = start
      Self.sum(
        isa.code, v, stride: cols, rows: 0..<37, cols: cols, weights, weightsStride: 37,
        tokens: 0..<13, &whole, outStride: cols)
      var pieces = start
      for tokens in [0..<1, 1..<8, 8..<13] {
        for rows in [0..<16, 16..<32, 32..<37] {
          Self.sum(
            isa.code, v, stride: cols, rows: rows, cols: cols, weights, weightsStride: 37,
            tokens: tokens, &pieces, outStride: cols)
        }
      }
      #expect(pieces.map(\.bitPattern) == whole.map(\.bitPattern))
    }
  }
}
