import CKernels
import TestSupport
import Testing

/// Integer products of every instruction set, against the plain reference and against sums in
/// Double of what the dequantizers make of the same blocks.
@Suite struct IntegerTests {
  /// What f32 accumulation may lose, relative to the sum of the magnitudes of the terms.
  static let rounding = 2e-6
  /// What rounding the values of nf4 and fp4 to 127 steps may add: half a step.
  static let tableRounding = 0.5 / 127

  /// Instruction sets, with AVX-512 with VNNI or NEON with dot products where they are.
  static let instructionSets = Array(0...nibble_integer_isa_best().rawValue)

  /// Every block format.
  static let types = (UInt32(0)..<0x200).filter { nibble_has_integers($0) == 1 }

  /// A matrix of random blocks, and random activations.
  struct Operands {
    let type: UInt32
    let rows: Int
    let cols: Int
    let tokens: Int
    /// As in a file.
    var packed: [UInt8]
    var x: [Float]

    init(_ type: UInt32, rows: Int, cols: Int, tokens: Int, seed: UInt64 = 1) {
      self.type = type
      self.rows = rows
      self.cols = cols
      self.tokens = tokens
      var random = SeededGenerator(seed: seed)
      let size = Int(nibble_block_bytes(type))
      packed = []
      for _ in 0..<rows * cols / Int(nibble_block_values(type)) {
        packed += Self.block(type, size, &random)
      }
      x = (0..<tokens * cols).map { _ in Float.random(in: -3...3, using: &random) }
    }

    /// Any bytes whose values are numbers of a common size.
    static func block(_ type: UInt32, _ size: Int, _ random: inout SeededGenerator) -> [UInt8] {
      while true {
        let block = (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }
        if nibble_magnitude_bound(type, block, nibble_block_values(type)) < 100 { return block }
      }
    }

    func quantized(_ isa: UInt32) -> [nibble_int8_block] {
      var blocks = [nibble_int8_block](repeating: nibble_int8_block(), count: tokens * cols / 32)
      nibble_int8_quantize_isa(nibble_isa(isa), x, cols, tokens, cols, &blocks)
      return blocks
    }

    var interleaved: [UInt8] {
      var bytes = [UInt8](repeating: 0, count: packed.count)
      nibble_interleave(type, packed, &bytes, rows, cols)
      return bytes
    }

    /// `(tokens, rows)`; `isa` of `nil` is the reference. Rows outside of `range` stay 0.
    func product(_ isa: UInt32?, rows range: Range<Int>? = nil) -> [Float] {
      var y = [Float](repeating: 0, count: tokens * rows)
      let blocks = quantized(isa ?? 0)
      let weights = isa == nil ? packed : interleaved
      weights.withUnsafeBytes { w in
        blocks.withUnsafeBufferPointer { x in
          y.withUnsafeMutableBufferPointer { y in
            var product = nibble_integer_product(
              type: type, w: w.baseAddress, rows: rows, cols: cols, x: x.baseAddress,
              tokens: tokens, y: y.baseAddress, y_stride: rows)
            let range = range ?? 0..<rows
            if let isa {
              nibble_integer_matmul_isa(
                nibble_isa(isa), &product, range.lowerBound, range.count)
            } else {
              nibble_integer_matmul_scalar(&product)
            }
          }
        }
      }
      return y
    }
  }

  @Test func everyBlockFormatHasIntegers() {
    for type in UInt32(0)..<0x200 where nibble_block_values(type) > 1 {
      #expect(nibble_has_integers(type) == 1, "type \(type)")
    }
    #expect(Self.types.count >= 8)
  }

  /// Panels and the rows after them, groups of tokens of every size, one block and several.
  @Test(arguments: types)
  func productsAreThoseOfTheReference(type: UInt32) {
    let hasFloats = [NIBBLE_TYPE_NF4, NIBBLE_TYPE_FP4].contains { UInt32($0) == type }
    let rounding = Self.rounding + (hasFloats ? Self.tableRounding : 0)
    for (rows, blocks, tokens) in [(16, 1, 1), (35, 2, 2), (7, 1, 3), (48, 1, 27), (33, 3, 9)] {
      let operands = Operands(
        type, rows: rows, cols: blocks * Int(nibble_block_values(type)), tokens: tokens)
      let reference = operands.product(nil)
      let bound = operands.bound()
      for isa in Self.instructionSets {
        let y = operands.product(isa)
        if isa > 0 { #expect(y == reference, "isa \(isa), \(rows) rows, \(tokens) tokens") }
        for (index, value) in y.enumerated() {
          #expect(
            abs(Double(value) - bound.sums[index]) <= rounding * bound.magnitudes[index],
            "isa \(isa), \(rows) rows, \(tokens) tokens, value \(index)")
        }
      }
    }
  }

  /// Splitting by rows or by tokens changes no bit.
  @Test(arguments: types)
  func splittingChangesNoBit(type: UInt32) {
    let whole = Operands(type, rows: 40, cols: Int(nibble_block_values(type)), tokens: 14)
    for isa in Self.instructionSets {
      let y = whole.product(isa)
      let parts = [0..<16, 16..<32, 32..<40].map { whole.product(isa, rows: $0) }
      #expect(y == zip(zip(parts[0], parts[1]), parts[2]).map { $0.0 + $0.1 + $1 })
      for token in 0..<whole.tokens {
        var one = Operands(type, rows: whole.rows, cols: whole.cols, tokens: 1)
        one.packed = whole.packed
        one.x = Array(whole.x[token * whole.cols..<(token + 1) * whole.cols])
        #expect(one.product(isa) == Array(y[token * whole.rows..<(token + 1) * whole.rows]))
      }
    }
  }

  @Test(arguments: types)
  func interleavingMovesBytesAndAddsNone(type: UInt32) {
    let operands = Operands(type, rows: 35, cols: Int(nibble_block_values(type)), tokens: 1)
    let interleaved = operands.interleaved
    let panels = operands.packed.count / 35 * 32
    #expect(interleaved.sorted() == operands.packed.sorted())
    #expect(interleaved != operands.packed)
    #expect(interleaved[panels...] == operands.packed[panels...])
  }

  @Test(arguments: types)
  func aRowOfPanelsIsTheRowThatItWas(type: UInt32) {
    let cols = 2 * Int(nibble_block_values(type))
    let operands = Operands(type, rows: 35, cols: cols, tokens: 1)
    let rowBytes = operands.packed.count / operands.rows
    let interleaved = operands.interleaved
    for row in 0..<operands.rows {
      var expected = [Float](repeating: 0, count: cols)
      var found = expected
      let packed = Array(operands.packed[row * rowBytes..<(row + 1) * rowBytes])
      nibble_dequantize_f32(type, packed, &expected, cols)
      nibble_dequantize_interleaved(type, interleaved, operands.rows, cols, row, &found)
      #expect(found == expected, "row \(row)")
    }
  }

  /// Scales that are zero, tiny or infinite, and the largest quants.
  @Test(arguments: types)
  func extremeBlocks(type: UInt32) {
    let cols = Int(nibble_block_values(type))
    for byte in [UInt8(0), 1, 0x7f, 0x80, 0xfc, 0xff] {
      var operands = Operands(type, rows: 17, cols: cols, tokens: 2)
      operands.packed = [UInt8](repeating: byte, count: operands.packed.count)
      let reference = operands.product(nil)
      // Far enough from infinity for all sums.
      let isFinite = nibble_magnitude_bound(type, operands.packed, 17 * cols) < 1e30
      for isa in Self.instructionSets where isa > 0 {
        let y = operands.product(isa)
        for (value, expected) in zip(y, reference) {
          #expect(value == expected || (value.isNaN && expected.isNaN), "byte \(byte), isa \(isa)")
        }
        if isFinite { #expect(!y.contains { !$0.isFinite }, "byte \(byte)") }
      }
    }
  }

  /// The largest magnitude becomes 127, the rest the nearest whole number.
  @Test func activationsAreRoundedToInt8() {
    let operands = Operands(2, rows: 1, cols: 96, tokens: 1, seed: 7)
    for isa in Self.instructionSets {
      for (index, block) in operands.quantized(isa).enumerated() {
        let x = operands.x[32 * index..<32 * index + 32]
        let q = withUnsafeBytes(of: block.q) { Array($0.bindMemory(to: Int8.self)) }
        #expect(block.d == (x.map(abs).max() ?? 0) / 127)
        #expect(q.map { abs(Int($0)) }.max() == 127)
        for (value, q) in zip(x, q) {
          #expect(abs(value - block.d * Float(q)) <= block.d * 0.5001)
        }
        let sums = [q[..<16], q[16...]].map { half in half.reduce(0) { $0 + Int($1) } }
        #expect(block.half.0 == block.d * Float(sums[0]))
        #expect(block.half.1 == block.d * Float(sums[1]))
        #expect(block.sum == block.d * Float(sums[0] + sums[1]))
      }
    }
  }

  @Test func extremeActivations() {
    for (values, isFinite) in [
      ([Float](repeating: 0, count: 32), true),
      ([Float](repeating: .leastNonzeroMagnitude, count: 32), true),
      ([Float](repeating: .greatestFiniteMagnitude, count: 32), true),
      ([1, .infinity] + [Float](repeating: 0, count: 30), false),
      ([1, .nan] + [Float](repeating: 0, count: 30), false),
    ] {
      var operands = Operands(2, rows: 1, cols: 32, tokens: 1)
      operands.x = values
      for isa in Self.instructionSets {
        #expect(operands.quantized(isa)[0].d.isFinite == isFinite)
      }
    }
  }
}

extension IntegerTests.Operands {
  /// For each result, the sum in Double of dequantized weights times dequantized activations, and
  /// of the magnitudes of all terms that integer products have.
  func bound() -> (sums: [Double], magnitudes: [Double]) {
    var w = [Float](repeating: 0, count: rows * cols)
    nibble_dequantize_f32_scalar(type, packed, &w, w.count)
    var x = [Float](repeating: 0, count: tokens * cols)
    for token in 0..<tokens {
      let one = IntegerTests.Operands(self, token: token)
      for (index, block) in one.quantized(0).enumerated() {
        withUnsafeBytes(of: block.q) { q in
          for (i, q) in q.bindMemory(to: Int8.self).enumerated() {
            x[token * cols + 32 * index + i] = block.d * Float(q)
          }
        }
      }
    }
    // u is up to 128 steps away from the value that it stands for.
    let largest = Double(nibble_magnitude_bound(type, packed, rows * cols))
    var sums: [Double] = []
    var magnitudes: [Double] = []
    for token in 0..<tokens {
      for row in 0..<rows {
        var sum = 0.0
        var magnitude = 0.0
        for c in 0..<cols {
          sum += Double(w[row * cols + c]) * Double(x[token * cols + c])
          magnitude += 2 * largest * abs(Double(x[token * cols + c]))
        }
        sums.append(sum)
        magnitudes.append(magnitude)
      }
    }
    return (sums, magnitudes)
  }

  /// One token alone.
  private init(_ all: Self, token: Int) {
    self.init(all.type, rows: 0, cols: all.cols, tokens: 1)
    x = Array(all.x[token * all.cols..<(token + 1) * all.cols])
  }
}
