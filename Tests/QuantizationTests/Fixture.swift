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

extension TensorType: CustomTestStringConvertible {
  public var testDescription: String { name }
}
