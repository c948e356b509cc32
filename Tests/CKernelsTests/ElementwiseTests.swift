import CKernels
import Foundation
import TestSupport
import Testing

@Suite struct ElementwiseTests {
  /// A few units in the last place of f32.
  static let rounding = 5e-7

  @Test(arguments: InstructionSet.available)
  func softmax(isa: InstructionSet) {
    var random = SeededGenerator(seed: 3)
    for count in 1...70 {
      for visible in Set([1, (count + 1) / 2, count]) {
        let x = (0..<count).map { _ in Float.random(in: -30...30, using: &random) }
        var y = x
        nibble_softmax_isa(isa.code, &y, count, visible, 0.25)
        let highest = Double(x[..<visible].max() ?? 0)
        let terms = x[..<visible].map { exp(0.25 * (Double($0) - highest)) }
        let sum = terms.reduce(0, +)
        for (value, term) in zip(y, terms) {
          // The argument of exp has f32's error, up to 15 of them.
          #expect(abs(Double(value) - term / sum) <= 20 * Self.rounding * term / sum)
        }
        #expect(y[visible...].allSatisfy { $0 == 0 })
      }
    }
  }

  /// Scores far apart, huge and equal: no NaN, no infinity, and the sum is one.
  @Test(arguments: InstructionSet.available)
  func softmaxOfExtremes(isa: InstructionSet) {
    let cases: [(x: [Float], expected: [Float])] = [
      ([3e38, -3e38, 0], [1, 0, 0]),
      ([-3e38, -3e38, -3e38, -3e38], [0.25, 0.25, 0.25, 0.25]),
      ([.leastNonzeroMagnitude, 0, -.leastNonzeroMagnitude], [1.0 / 3, 1.0 / 3, 1.0 / 3]),
      ([0, -200, -100, -89], [1, 0, 0, 0]),
      ([5], [1]),
    ]
    for (x, expected) in cases {
      var y = x
      nibble_softmax_isa(isa.code, &y, y.count, y.count, 1)
      #expect(zip(y, expected).allSatisfy { abs($0 - $1) < 1e-7 }, "\(x) → \(y)")
    }
    var infinite: [Float] = [.nan, 1, 2]
    nibble_softmax_isa(isa.code, &infinite, 3, 3, 1)
    #expect(infinite[0].isNaN, "a NaN is not hidden")
  }

  @Test(arguments: InstructionSet.available)
  func swiglu(isa: InstructionSet) {
    var random = SeededGenerator(seed: 5)
    for count in 1...70 {
      let gate = (0..<count).map { _ in Float.random(in: -90...90, using: &random) }
      let up = (0..<count).map { _ in Float.random(in: -3...3, using: &random) }
      var y = [Float](repeating: 0, count: count + 1)
      nibble_swiglu_isa(isa.code, gate, up, &y, count)
      for i in 0..<count {
        let expected = Double(gate[i]) / (1 + exp(-Double(gate[i]))) * Double(up[i])
        #expect(abs(Double(y[i]) - expected) <= Self.rounding * abs(expected) + 1e-35)
      }
      #expect(y[count] == 0)
      var inPlace = gate
      inPlace.withUnsafeMutableBufferPointer { gate in
        guard let base = gate.baseAddress else { return }
        nibble_swiglu_isa(isa.code, base, up, base, count)
      }
      #expect(inPlace == Array(y[..<count]))
    }
  }

  /// exp(-gate) overflows and vanishes; what is left is 0 or the gate itself.
  @Test(arguments: InstructionSet.available)
  func swigluOfExtremes(isa: InstructionSet) {
    let gate: [Float] = [
      -3e38, -1e30, -200, -89, -88.5, 0, .leastNonzeroMagnitude, 88.5, 89, 200, 1e30, 3e38,
      .infinity,
    ]
    let expected: [Float] = [0, 0, 0, 0, 0, 0, 0, 88.5, 89, 200, 1e30, 3e38, .infinity]
    let up = [Float](repeating: 1, count: gate.count)
    var y = up
    nibble_swiglu_isa(isa.code, gate, up, &y, gate.count)
    #expect(zip(y, expected).allSatisfy { $0 == $1 || abs($0 - $1) < 1e-35 }, "\(y)")
    var nan: [Float] = [0]
    nibble_swiglu_isa(isa.code, [.nan], [1], &nan, 1)
    #expect(nan[0].isNaN)
  }

  @Test func rmsNorm() {
    var random = SeededGenerator(seed: 9)
    for count in 1...70 {
      for size in [Float(1), 1e-20, 1e18] {
        let x = (0..<count).map { _ in size * Float.random(in: -2...2, using: &random) }
        let weight = (0..<count).map { _ in Float.random(in: 0.5...1.5, using: &random) }
        var y = [Float](repeating: 0, count: count)
        nibble_rms_norm(x, weight, &y, count, 1e-5)
        let mean = x.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(count)
        for i in 0..<count {
          let expected = Double(x[i]) / (mean + 1e-5).squareRoot() * Double(weight[i])
          #expect(abs(Double(y[i]) - expected) <= Self.rounding * abs(expected))
        }
      }
    }
  }

  @Test func add() {
    var random = SeededGenerator(seed: 11)
    for count in 0...70 {
      let a = (0..<count).map { _ in Float.random(in: -2...2, using: &random) }
      let b = (0..<count).map { _ in Float.random(in: -2...2, using: &random) }
      var y = a
      nibble_add(a, b, &y, count)
      #expect(y == zip(a, b).map { $0 + $1 })
    }
  }

  /// Each pair is turned by its angle, the rest of a head stays, in each layout.
  @Test(arguments: [(2, 2), (6, 4), (10, 10), (16, 8), (64, 64)])
  func rope(headSize: Int, rotated: Int) {
    var random = SeededGenerator(seed: 13)
    let heads = 3
    let x = (0..<heads * headSize).map { _ in Float.random(in: -2...2, using: &random) }
    let angles = (0..<rotated / 2).map { _ in Double.random(in: -100...100, using: &random) }
    let cosines = angles.map { Float(cos($0)) }
    let sines = angles.map { Float(sin($0)) }
    var interleaved = x
    nibble_rope_interleaved(&interleaved, heads, headSize, rotated, cosines, sines)
    var halves = x
    nibble_rope_halves(&halves, heads, headSize, rotated, cosines, sines)
    for (y, first, second) in [
      (interleaved, { 2 * $0 }, { 2 * $0 + 1 }), (halves, { $0 }, { $0 + rotated / 2 }),
    ] as [([Float], (Int) -> Int, (Int) -> Int)] {
      var expected = x.map { Double($0) }
      for head in 0..<heads {
        for (i, angle) in angles.enumerated() {
          let (a, b) = (head * headSize + first(i), head * headSize + second(i))
          expected[a] = Double(x[a]) * cos(angle) - Double(x[b]) * sin(angle)
          expected[b] = Double(x[a]) * sin(angle) + Double(x[b]) * cos(angle)
        }
      }
      #expect(zip(y, expected).allSatisfy { abs(Double($0) - $1) < 1e-6 })
    }
  }
}
