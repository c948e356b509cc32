import CKernels
import TestSupport
import Testing

@Suite struct StatisticsTests {
  @Test(arguments: InstructionSet.available)
  func sumsAreThoseOfSixteenLanes(isa: InstructionSet) {
    var random = SeededGenerator(seed: 11)
    for count in [0, 1, 7, 15, 16, 17, 100, 1003] {
      let values = (0..<count).map { _ in Float.random(in: -3...3, using: &random) }
      let sums = nibble_statistics_isa(isa.code, UInt32(NIBBLE_TYPE_F32), values, count)
      let lanes = (0..<16).map { lane in stride(from: lane, to: count, by: 16).map { values[$0] } }
      #expect(sums.sum == halved(lanes.map { $0.reduce(0) { $0 + Double($1) } }))
      #expect(sums.squares == halved(lanes.map { $0.reduce(0) { $0 + Double($1) * Double($1) } }))
      #expect(sums.min == values.min() ?? .infinity)
      #expect(sums.max == values.max() ?? -.infinity)
    }
  }

  /// Every float16 there is but NaNs, from any place.
  @Test(arguments: InstructionSet.available, [0, 1, 3])
  func halvesAreTheirFloats(isa: InstructionSet, offset: Int) {
    let halves = (0...UInt16.max).filter { !nibble_half_to_float($0).isNaN }
      .filter { nibble_half_to_float($0).isFinite || offset == 3 }
    let floats = halves.map { nibble_half_to_float($0) }
    let count = halves.count - offset
    let a = halves.withUnsafeBufferPointer {
      nibble_statistics_isa(
        isa.code, UInt32(NIBBLE_TYPE_F16), $0.baseAddress.map { $0 + offset }, count)
    }
    let b = floats.withUnsafeBufferPointer {
      nibble_statistics_isa(
        NIBBLE_ISA_SCALAR, UInt32(NIBBLE_TYPE_F32), $0.baseAddress.map { $0 + offset }, count)
    }
    #expect(a.sum.bitPattern == b.sum.bitPattern || a.sum.isNaN && b.sum.isNaN)
    #expect(a.squares == b.squares && a.min == b.min && a.max == b.max)
  }

  @Test(arguments: InstructionSet.available)
  func aNaNIsInTheSumsAndNotInTheRange(isa: InstructionSet) {
    for place in [0, 15, 16, 20] {
      var values = [Float](repeating: 2, count: 21)
      values[place] = .nan
      let sums = nibble_statistics_isa(isa.code, UInt32(NIBBLE_TYPE_F32), values, values.count)
      #expect(sums.sum.isNaN && sums.squares.isNaN && sums.min == 2 && sums.max == 2)
    }
  }

  private func halved(_ lanes: [Double]) -> Double {
    var lanes = lanes
    while lanes.count > 1 {
      let width = lanes.count / 2
      lanes = (0..<width).map { lanes[$0] + lanes[$0 + width] }
    }
    return lanes[0]
  }
}
