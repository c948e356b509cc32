import CKernels
import TestSupport
import Testing

@Suite struct MagnitudeTests {
  /// The bound is the reference's, for scales of every kind.
  @Test(arguments: [
    NIBBLE_TYPE_F32, NIBBLE_TYPE_F16, NIBBLE_TYPE_BF16, NIBBLE_TYPE_Q4_0, NIBBLE_TYPE_Q4_1,
    NIBBLE_TYPE_Q5_0, NIBBLE_TYPE_Q5_1, NIBBLE_TYPE_Q8_0, NIBBLE_TYPE_Q4_K, NIBBLE_TYPE_Q5_K,
    NIBBLE_TYPE_Q6_K,
  ])
  func boundIsTheReferences(type: Int) {
    let type = UInt32(type)
    let (values, bytes) = (nibble_block_values(type), nibble_block_bytes(type))
    var random = SeededGenerator(seed: UInt64(type))
    var finite = 0
    for round in 0..<2000 {
      let blocks = 1 + round % 9
      var packed = (0..<blocks * bytes).map { _ in UInt8.random(in: 0...255, using: &random) }
      if round % 2 == 0, values == 32 {
        // Exponents below the largest, for d and for m.
        for block in 0..<blocks { for byte in [1, 3] { packed[block * bytes + byte] &= 0xbb } }
      }
      let bound = nibble_magnitude_bound(type, packed, blocks * values)
      #expect(bound == nibble_magnitude_bound_scalar(type, packed, blocks * values))
      if bound.isFinite { finite += 1 }
    }
    #expect(finite > 100)
  }

  @Test func aScaleThatIsNoNumberIsInfinite() {
    for bits: UInt16 in [0x7c00, 0xfc00, 0x7e00, 0xfe01] {
      for type in [NIBBLE_TYPE_Q4_0, NIBBLE_TYPE_Q4_1, NIBBLE_TYPE_Q8_0] {
        let type = UInt32(type)
        var packed = [UInt8](repeating: 0, count: 3 * nibble_block_bytes(type))
        packed[nibble_block_bytes(type)] = UInt8(bits & 0xff)
        packed[nibble_block_bytes(type) + 1] = UInt8(bits >> 8)
        #expect(nibble_magnitude_bound(type, packed, 96) == .infinity)
      }
    }
  }
}
