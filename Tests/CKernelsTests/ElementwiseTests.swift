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
      for (first, end) in [(0, 1), (0, (count + 1) / 2), (0, count), (count / 3, count / 3 + 1)] {
        let x = (0..<count).map { _ in Float.random(in: -30...30, using: &random) }
        var y = x
        nibble_softmax_isa(isa.code, &y, count, first, end, 0.25)
        let highest = Double(x[first..<end].max() ?? 0)
        let terms = x[first..<end].map { exp(0.25 * (Double($0) - highest)) }
        let sum = terms.reduce(0, +)
        for (value, term) in zip(y[first..<end], terms) {
          // The argument of exp has f32's error, up to 15 of them.
          #expect(abs(Double(value) - term / sum) <= 20 * Self.rounding * term / sum)
        }
        #expect((y[..<first] + y[end...]).allSatisfy { $0 == 0 })
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
      nibble_softmax_isa(isa.code, &y, y.count, 0, y.count, 1)
      #expect(zip(y, expected).allSatisfy { abs($0 - $1) < 1e-7 }, "\(x) → \(y)")
    }
    var infinite: [Float] = [.nan, 1, 2]
    nibble_softmax_isa(isa.code, &infinite, 3, 0, 3, 1)
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

  @Test(arguments: InstructionSet.available)
  func geglu(isa: InstructionSet) {
    var random = SeededGenerator(seed: 6)
    for count in 1...70 {
      let gate = (0..<count).map { _ in Float.random(in: -12...12, using: &random) }
      let up = (0..<count).map { _ in Float.random(in: -3...3, using: &random) }
      var y = [Float](repeating: 0, count: count)
      nibble_geglu_isa(isa.code, gate, up, &y, count)
      for i in 0..<count {
        let v = Double(gate[i])
        let gelu = v / 2 * (1 + tanh((2 / Double.pi).squareRoot() * (v + 0.044715 * v * v * v)))
        let expected = gelu * Double(up[i])
        // Where gelu all but vanishes, exp's argument of up to 100 has f32's error.
        #expect(abs(Double(y[i]) - expected) <= 60 * Self.rounding * abs(expected) + 1e-12)
      }
    }
  }

  @Test func softCap() {
    let x: [Float] = [0, 1e-3, -0.5, 3, -7, 40, -1000, 3e38, -.infinity]
    var y = x
    nibble_soft_cap(&y, x.count, 0.5, 4)
    for (x, y) in zip(x, y) {
      #expect(abs(Double(y) - 4 * tanh(0.5 * Double(x) / 4)) < 1e-6, "\(x)")
    }
    var nan: [Float] = [.nan]
    nibble_soft_cap(&nan, 1, 1, 4)
    #expect(nan[0].isNaN, "a NaN is not hidden")
  }

  @Test func theFirstValueThatIsNotFinite() {
    for count in [0, 1, 15, 64, 4095, 4096, 9000] {
      var x = [Float](repeating: .greatestFiniteMagnitude, count: count)
      #expect(nibble_first_not_finite(x, count) == count)
      for (index, value) in [(count - 1, Float.nan), (count / 2, -.infinity), (0, .infinity)]
      where count > 0 {
        x[index] = value
        #expect(nibble_first_not_finite(x, count) == index)
      }
    }
  }

  /// Against a plain softmax over all experts, of which the highest are kept and divided by their sum.
  @Test func routes() {
    var random = SeededGenerator(seed: 7)
    for (count, used) in [(1, 1), (4, 2), (8, 8), (128, 8)] {
      var logits = (0..<count).map { _ in Float.random(in: -5...5, using: &random) }
      if count == 8 { logits[5] = logits[2] }  // the lower number is first
      var experts = [Int32](repeating: -1, count: used)
      var weights = [Float](repeating: -1, count: used)
      nibble_route(logits, count, used, &experts, &weights)
      let order = logits.indices.sorted { (-logits[$0], $0) < (-logits[$1], $1) }.prefix(used)
      #expect(experts.map(Int.init) == Array(order))
      let all = logits.map { exp(Double($0)) }
      let chosen = order.map { all[$0] / all.reduce(0, +) }
      for (weight, probability) in zip(weights, chosen) {
        #expect(abs(Double(weight) - probability / chosen.reduce(0, +)) < 1e-6)
      }
    }
  }

  @Test func weightedRows() {
    var random = SeededGenerator(seed: 8)
    let rows = (0..<3 * 37).map { _ in Float.random(in: -1...1, using: &random) }
    let weights: [Float] = [0.5, 0.3, 0.2]
    var y = [Float](repeating: 9, count: 37)
    nibble_weighted_rows(rows, weights, 3, 37, &y)
    for c in 0..<37 {
      let expected = (0..<3).reduce(0.0) { $0 + Double(weights[$1]) * Double(rows[$1 * 37 + c]) }
      #expect(abs(Double(y[c]) - expected) < 1e-6)
    }
  }
}
