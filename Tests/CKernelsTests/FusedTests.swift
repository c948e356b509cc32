import CKernels
import Testing

/// Fused products of every instruction set, against sums in Double of what the dequantizers make of
/// the same blocks.
@Suite struct FusedTests {
  typealias Operands = IntegerTests.Operands

  /// What f32 accumulation may lose, relative to the sum of the magnitudes of the terms.
  static let rounding = 1e-6

  /// Results, `(tokens, rows)`, of some rows and tokens; the others stay 0.
  static func product(
    _ operands: Operands, rows: Range<Int>? = nil, tokens: Range<Int>? = nil,
    kernel: (UnsafePointer<nibble_product>) -> Void
  ) -> [Float] {
    let rows = rows ?? 0..<operands.rows
    let tokens = tokens ?? 0..<operands.tokens
    let rowBytes = operands.packed.count / max(operands.rows, 1)
    var y = [Float](repeating: 0, count: operands.tokens * operands.rows)
    operands.packed.withUnsafeBytes { w in
      operands.x.withUnsafeBufferPointer { x in
        y.withUnsafeMutableBufferPointer { y in
          guard let w = w.baseAddress, let x = x.baseAddress, let y = y.baseAddress else { return }
          var product = nibble_product(
            w: w + rows.lowerBound * rowBytes, w_stride: rowBytes, rows: rows.count,
            cols: operands.cols, x: x + tokens.lowerBound * operands.cols, x_stride: operands.cols,
            tokens: tokens.count, y: y + tokens.lowerBound * operands.rows + rows.lowerBound,
            y_stride: operands.rows)
          kernel(&product)
        }
      }
    }
    return y
  }

  @Test(arguments: InstructionSet.available, IntegerTests.types)
  func productsAreSumsOfProducts(isa: InstructionSet, type: UInt32) {
    for (rows, blocks, tokens) in [(1, 1, 1), (5, 2, 9), (3, 1, 8), (7, 3, 19), (4, 2, 2)] {
      let operands = Operands(
        type, rows: rows, cols: blocks * Int(nibble_block_values(type)), tokens: tokens)
      var w = [Float](repeating: 0, count: rows * operands.cols)
      nibble_dequantize_f32_scalar(type, operands.packed, &w, w.count)
      let y = Self.product(operands) { nibble_fused_matmul_isa(isa.code, type, $0) }
      let plain = Self.product(operands) { nibble_fused_matmul_scalar(type, $0) }
      for token in 0..<tokens {
        for row in 0..<rows {
          var sum = 0.0
          var magnitude = 0.0
          for c in 0..<operands.cols {
            let term =
              Double(w[row * operands.cols + c]) * Double(operands.x[token * operands.cols + c])
            sum += term
            magnitude += abs(term)
          }
          for value in [y[token * rows + row], plain[token * rows + row]] {
            #expect(
              abs(Double(value) - sum) <= Self.rounding * magnitude,
              "\(rows) rows, \(tokens) tokens: row \(row), token \(token)")
          }
        }
      }
    }
  }

  /// Splitting by rows or by tokens changes no bit, whatever groups the pieces fall into.
  @Test(arguments: InstructionSet.available, IntegerTests.types)
  func splittingChangesNoBit(isa: InstructionSet, type: UInt32) {
    let operands = Operands(type, rows: 5, cols: 2 * Int(nibble_block_values(type)), tokens: 19)
    let whole = Self.product(operands) { nibble_fused_matmul_isa(isa.code, type, $0) }
    for (rowStep, tokenStep) in [(5, 1), (1, 19), (2, 3), (3, 8), (5, 11)] {
      var pieces = [Float](repeating: 0, count: whole.count)
      for row in stride(from: 0, to: 5, by: rowStep) {
        for token in stride(from: 0, to: 19, by: tokenStep) {
          let part = Self.product(
            operands, rows: row..<min(row + rowStep, 5), tokens: token..<min(token + tokenStep, 19)
          ) { nibble_fused_matmul_isa(isa.code, type, $0) }
          for (index, value) in part.enumerated() { pieces[index] += value }
        }
      }
      #expect(pieces == whole, "\(rowStep) rows, \(tokenStep) tokens at a time")
    }
  }

  /// Scales that are zero, tiny or infinite, and the largest quants: what the reference has.
  @Test(arguments: InstructionSet.available, IntegerTests.types)
  func extremeBlocks(isa: InstructionSet, type: UInt32) {
    for byte in [UInt8(0), 1, 0x7f, 0x80, 0xfc, 0xff] {
      var operands = Operands(type, rows: 1, cols: Int(nibble_block_values(type)), tokens: 1)
      operands.packed = [UInt8](repeating: byte, count: operands.packed.count)
      let y = Self.product(operands) { nibble_fused_matmul_isa(isa.code, type, $0) }
      let plain = Self.product(operands) { nibble_fused_matmul_scalar(type, $0) }
      let bound = nibble_magnitude_bound(type, operands.packed, operands.cols)
      if bound < 1e30 {  // far enough from infinity for all sums
        let limit = bound * Float(operands.cols) * 3e-6
        #expect(abs(y[0] - plain[0]) <= limit, "byte \(byte)")
      } else if bound == .infinity {
        #expect(y[0].isFinite == plain[0].isFinite, "byte \(byte)")
      }
    }
  }
}
