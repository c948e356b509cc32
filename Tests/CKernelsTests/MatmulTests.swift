import CKernels
import TestSupport
import Testing

/// Products and weighted sums of each instruction set against sums in Double.
@Suite struct MatmulTests {
  /// What f32 accumulation may lose, relative to the sum of the magnitudes of the terms.
  static let rounding = 1e-6

  struct Shape: Sendable {
    var rows = 1
    var cols = 1
    var tokens = 1
    var wStride: Int?
    var xStride: Int?
    var yStride: Int?
    /// Bytes from an aligned address to the weights.
    var offset = 0
  }

  /// Every width around the vectors and their tails, and every block of rows and tokens with its
  /// remainders.
  static let shapes =
    (1...70).map { Shape(rows: 3, cols: $0, tokens: 2, offset: $0 % 5) }
    + (1...19).map { Shape(rows: $0, cols: 33, tokens: 1) }
    + (1...14).map { Shape(rows: 9, cols: 17, tokens: $0) }
    + [
      Shape(rows: 9, cols: 33, tokens: 13, wStride: 40, xStride: 35, yStride: 12, offset: 1),
      Shape(rows: 4, cols: 16, tokens: 6, wStride: 48, xStride: 64, yStride: 5),
      Shape(rows: 64, cols: 576, tokens: 7), Shape(rows: 0, cols: 8, tokens: 3),
      Shape(rows: 3, cols: 0, tokens: 2), Shape(rows: 3, cols: 8, tokens: 0),
    ]

  /// y as the kernel leaves it, in a buffer that is full of `hole` where it has no value.
  static func product(
    _ w: Packed, _ x: [Float], _ shape: Shape, tokens: Range<Int>, rows: Range<Int>,
    kernel: (UnsafePointer<nibble_product>) -> Void
  ) -> [Float] {
    let yStride = shape.yStride ?? shape.rows
    var y = [Float](repeating: hole, count: max(shape.tokens * yStride, 1))
    let size = Int(nibble_block_bytes(w.type))
    w.bytes.withUnsafeBytes { w in
      x.withUnsafeBufferPointer { x in
        y.withUnsafeMutableBufferPointer { y in
          guard let w = w.baseAddress, let x = x.baseAddress, let y = y.baseAddress else { return }
          let wStride = shape.wStride ?? shape.cols
          let xStride = shape.xStride ?? shape.cols
          var product = nibble_product(
            w: w + shape.offset + rows.lowerBound * wStride * size, w_stride: wStride,
            rows: rows.count, cols: shape.cols, x: x + tokens.lowerBound * xStride,
            x_stride: xStride, tokens: tokens.count,
            y: y + tokens.lowerBound * yStride + rows.lowerBound, y_stride: yStride)
          kernel(&product)
        }
      }
    }
    return y
  }

  static let hole: Float = -12345

  static func operands(_ shape: Shape, _ type: Int) -> (w: Packed, x: [Float]) {
    var random = SeededGenerator(seed: UInt64(shape.cols * 1000 + shape.rows * 10 + shape.tokens))
    func values(_ count: Int) -> [Float] {
      (0..<max(count, 1)).map { _ in Float.random(in: -2...2, using: &random) }
    }
    let w = values(shape.rows * (shape.wStride ?? shape.cols))
    let x = values(shape.tokens * (shape.xStride ?? shape.cols))
    return (Packed(w, type: type, offset: shape.offset), x)
  }

  @Test(arguments: InstructionSet.available, Packed.types)
  func productsAreSumsOfProducts(isa: InstructionSet, type: Int) {
    for shape in Self.shapes {
      let (w, x) = Self.operands(shape, type)
      let y = Self.product(w, x, shape, tokens: 0..<shape.tokens, rows: 0..<shape.rows) {
        nibble_matmul_isa(isa.code, UInt32(type), $0)
      }
      let yStride = shape.yStride ?? shape.rows
      for (index, value) in y.enumerated() where yStride > 0 {
        let (token, row) = (index / yStride, index % yStride)
        guard row < shape.rows, token < shape.tokens else {
          #expect(value == Self.hole, "\(shape) wrote outside of y")
          continue
        }
        var sum = 0.0
        var magnitude = 0.0
        for c in 0..<shape.cols {
          let term =
            Double(w.values[row * (shape.wStride ?? shape.cols) + c])
            * Double(x[token * (shape.xStride ?? shape.cols) + c])
          sum += term
          magnitude += abs(term)
        }
        #expect(
          abs(Double(value) - sum) <= Self.rounding * magnitude,
          "\(shape) token \(token) row \(row)")
      }
    }
  }

  /// Splitting by rows or by tokens changes no bit, whatever blocks the pieces fall into.
  @Test(arguments: InstructionSet.available, Packed.types)
  func splittingChangesNoBit(isa: InstructionSet, type: Int) {
    for cols in [5, 33, 64, 100] {
      let shape = Shape(rows: 21, cols: cols, tokens: 14)
      let (w, x) = Self.operands(shape, type)
      let whole = Self.product(w, x, shape, tokens: 0..<14, rows: 0..<21) {
        nibble_matmul_isa(isa.code, UInt32(type), $0)
      }
      for (rowStep, tokenStep) in [(1, 14), (21, 1), (1, 1), (7, 3), (8, 6), (2, 5)] {
        var pieces = [Float](repeating: Self.hole, count: whole.count)
        for row in stride(from: 0, to: 21, by: rowStep) {
          for token in stride(from: 0, to: 14, by: tokenStep) {
            let rows = row..<min(row + rowStep, 21)
            let tokens = token..<min(token + tokenStep, 14)
            let part = Self.product(w, x, shape, tokens: tokens, rows: rows) {
              nibble_matmul_isa(isa.code, UInt32(type), $0)
            }
            for t in tokens { for r in rows { pieces[t * 21 + r] = part[t * 21 + r] } }
          }
        }
        #expect(pieces.map(\.bitPattern) == whole.map(\.bitPattern), "\(rowStep) × \(tokenStep)")
      }
    }
  }

  /// The functions that the engine calls are those of the best instruction set, and the plain
  /// loops are near them.
  @Test func theBestInstructionSetIsUsed() {
    let shape = Shape(rows: 11, cols: 75, tokens: 8)
    typealias Kernel = (UnsafePointer<nibble_product>) -> Void
    let kernels: [(Int, Kernel, Kernel)] = [
      (Int(NIBBLE_TYPE_F16), { nibble_matmul_f16($0) }, { nibble_matmul_f16_scalar($0) }),
      (Int(NIBBLE_TYPE_BF16), { nibble_matmul_bf16($0) }, { nibble_matmul_bf16_scalar($0) }),
      (Int(NIBBLE_TYPE_F32), { nibble_matmul_f32($0) }, { nibble_matmul_f32_scalar($0) }),
    ]
    for (type, kernel, scalar) in kernels {
      let (w, x) = Self.operands(shape, type)
      let used = Self.product(w, x, shape, tokens: 0..<8, rows: 0..<11, kernel: kernel)
      let best = Self.product(w, x, shape, tokens: 0..<8, rows: 0..<11) {
        nibble_matmul_isa(nibble_isa_best(), UInt32(type), $0)
      }
      let plain = Self.product(w, x, shape, tokens: 0..<8, rows: 0..<11, kernel: scalar)
      #expect(used.map(\.bitPattern) == best.map(\.bitPattern))
      #expect(zip(used, plain).allSatisfy { abs($0 - $1) < 1e-4 })
    }
  }

  /// Every f16 and bf16, subnormals and infinities included, is itself when multiplied by one.
  @Test(arguments: InstructionSet.available, [Int(NIBBLE_TYPE_F16), Int(NIBBLE_TYPE_BF16)])
  func everyWeightIsExact(isa: InstructionSet, type: Int) {
    let isHalf = type == NIBBLE_TYPE_F16
    let values = (0...UInt16.max).map {
      isHalf ? nibble_half_to_float($0) : nibble_bfloat_to_float($0)
    }
    let w = Packed(values, type: type)
    for cols in [1, 4, 16] {
      // Row r has the values r * cols ..< (r + 1) * cols; token t picks the one at t.
      let shape = Shape(rows: values.count / cols, cols: cols, tokens: cols)
      var x = [Float](repeating: 0, count: cols * cols)
      for t in 0..<cols { x[t * cols + t] = 1 }
      let y = Self.product(w, x, shape, tokens: 0..<cols, rows: 0..<shape.rows) {
        nibble_matmul_isa(isa.code, UInt32(type), $0)
      }
      var wrong = 0
      for row in 0..<shape.rows {
        let weights = values[row * cols..<(row + 1) * cols]
        let isFinite = weights.allSatisfy { $0.isFinite }
        for (t, weight) in weights.enumerated() {
          let value = y[t * shape.rows + row]
          // 0 * infinity is a NaN, so infinities are seen alone.
          let isRight =
            isFinite || cols == 1
            ? value == weight || (value.isNaN && weight.isNaN) : value.isNaN || !value.isFinite
          if !isRight { wrong += 1 }
        }
      }
      #expect(wrong == 0, "\(cols) columns")
    }
  }
}
