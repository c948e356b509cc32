import TestSupport
import Testing

@testable import TraceStore

@Suite struct ValueStatisticsTests {
  @Test(arguments: [0, 1, 7, 8, 9, 64, 1003])
  func sumsAndRangeOfFloats(count: Int) {
    var random = SeededGenerator(seed: UInt64(count))
    let values = (0..<count).map { _ in Float(Int64(bitPattern: random.next()) >> 40) / 1000 }
    let statistics = values.withUnsafeBufferPointer { ValueStatistics($0) }
    let exact = values.reduce(0) { $0 + Double($1) }
    let squares = values.reduce(0) { $0 + Double($1) * Double($1) }
    #expect(statistics.count == count)
    #expect(abs(statistics.sum - exact) <= 1e-9 * max(1, abs(exact)))
    #expect(statistics.rms.isApproximately((squares / Double(max(1, count))).squareRoot()))
    if count > 0 {
      #expect(statistics.min == values.min().map(Double.init))
      #expect(statistics.max == values.max().map(Double.init))
    }
  }

  @Test func aSmallValueIsNotLostBesideALargeOne() {
    let values = [Float](repeating: 1, count: 1000) + [1e10] + [Float](repeating: 1, count: 1000)
    let statistics = values.withUnsafeBufferPointer { ValueStatistics($0) }
    #expect(statistics.sum == 1e10 + 2000)
  }

  @Test func aNaNIsSeen() {
    let values: [Float] = [1, .nan, 3]
    let statistics = values.withUnsafeBufferPointer { ValueStatistics($0) }
    #expect(statistics.sum.isNaN && statistics.rms.isNaN)
    #expect(statistics.min == 1 && statistics.max == 3)
  }

  @Test(arguments: [0, 1, 1003, 4096, 9001])
  func halvesAndFloatsAgree(count: Int) {
    let halves = (0..<count).map { (index: Int) -> UInt16 in
      let sign: UInt16 = index % 2 == 0 ? 0x8000 : 0
      return UInt16((index * 61) % 0x7C00) | sign
    }
    let floats = halves.map { Float(Float16(bitPattern: $0)) }
    let a = halves.withUnsafeBufferPointer { ValueStatistics(halves: $0) }
    let b = floats.withUnsafeBufferPointer { ValueStatistics($0) }
    #expect(a == b)
  }
}

extension Double {
  /// Whether two sums of the same values in another order agree.
  fileprivate func isApproximately(_ other: Double) -> Bool {
    abs(self - other) <= 1e-12 * Swift.max(abs(self), abs(other), 1)
  }
}
