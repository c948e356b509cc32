import CKernels
import Foundation
import Quantization
import Testing

/// Files that scripts/fixtures/quantization.py wrote.
enum Fixture {
  static func bytes(_ name: String) throws -> [UInt8] {
    let url = try #require(
      Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: nil), "fixture \(name)")
    return Array(try Data(contentsOf: url))
  }

  static func floats(_ name: String) throws -> [Float] {
    try bytes(name).withUnsafeBytes { bytes in
      (0..<bytes.count / 4).map {
        Float(bitPattern: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self))
      }
    }
  }
}

/// The index of the first value whose bits differ, NaNs counting as equal.
func firstDifference(_ left: [Float], _ right: [Float]) -> Int? {
  guard left.count == right.count else { return min(left.count, right.count) }
  return zip(left, right).enumerated().first { _, pair in
    pair.0.bitPattern != pair.1.bitPattern && !(pair.0.isNaN && pair.1.isNaN)
  }?.offset
}

/// The same for float16 bit patterns.
func firstDifference(_ left: [UInt16], _ right: [UInt16]) -> Int? {
  func isNaN(_ bits: UInt16) -> Bool { bits & 0x7fff > 0x7c00 }
  guard left.count == right.count else { return min(left.count, right.count) }
  return zip(left, right).enumerated().first { _, pair in
    pair.0 != pair.1 && !(isNaN(pair.0) && isNaN(pair.1))
  }?.offset
}

/// A generator whose numbers are the same in every run.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

extension TensorType: CustomTestStringConvertible {
  public var testDescription: String { name }
}
