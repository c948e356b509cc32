import CKernels
import TestSupport
import Testing

/// Conversions in plain C against the compiler's own.
struct HalfTests {
  #if !(os(macOS) && arch(x86_64))
    @Test func everyHalfBecomesItsFloat() {
      for bits in UInt16.min ... .max {
        let expected = Float(Float16(bitPattern: bits))
        let found = nibble_half_to_float(bits)
        if expected.isNaN {
          #expect(found.isNaN)
        } else if found.bitPattern != expected.bitPattern {
          Issue.record("\(bits): \(found), not \(expected)")
        }
      }
    }

    @Test func floatsRoundToTheNearestHalf() {
      var random = SeededGenerator(seed: 16)
      for _ in 0..<200_000 {
        check(Float(bitPattern: UInt32.random(in: 0 ... .max, using: &random)))
      }
      // Halves, what lies exactly between two, and the floats beside that.
      for bits in UInt16(0)..<0x7c00 {
        let value = Float(Float16(bitPattern: bits))
        let between = (value + Float(Float16(bitPattern: bits + 1))) / 2
        for value in [value, between, between.nextUp, between.nextDown] {
          check(value)
          check(-value)
        }
      }
      for value in [Float(65504), 65519.996, 65520, 65536, .infinity, .greatestFiniteMagnitude] {
        check(value)
        check(-value)
      }
    }

    private func check(_ value: Float) {
      let expected = Float16(value)
      let found = nibble_float_to_half(value)
      if expected.isNaN {
        if found & 0x7fff <= 0x7c00 { Issue.record("\(value) became \(found)") }
      } else if found != expected.bitPattern {
        Issue.record("\(value) became \(found), not \(expected.bitPattern)")
      }
    }
  #endif
}
