import Testing

@testable import Quantization

struct CascadeSumTests {
  /// An offset is the mean: of few values, of whole and broken rows, and of enough rows for every level.
  @Test func offsetsAreTheMeansOfPyTorch() throws {
    let source = try Fixture.floats("nested.source")
    let values = source + source + source
    let expected = try Fixture.bytes("nested.means").withUnsafeBytes { bytes in
      (0..<bytes.count / 8).map {
        (
          Int(bytes.loadUnaligned(fromByteOffset: 8 * $0, as: UInt32.self)),
          bytes.loadUnaligned(fromByteOffset: 8 * $0 + 4, as: Float.self)
        )
      }
    }
    #expect(expected.count == 90)
    for (count, mean) in expected {
      #expect(
        NestedScales(quantizing: Array(values.prefix(count))).offset == mean, "\(count) values")
    }
  }

  @Test func ofNothingTheMeanIsZero() {
    #expect(CascadeSum.mean([]) == 0)
  }
}
