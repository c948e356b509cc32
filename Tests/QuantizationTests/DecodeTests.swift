import CKernels
import Quantization
import TestSupport
import Testing

struct DecodeTests {
  /// Random blocks, and blocks whose scales are zero, subnormal, huge, infinite or no numbers.
  @Test(arguments: TensorType.allCases)
  func valuesAreThoseOfTheGgufPackage(_ type: TensorType) throws {
    let blocks = try Fixture.bytes("\(type.name).blocks")
    let expected = try Fixture.floats("\(type.name).values")
    let decoded = try blocks.withUnsafeBytes { try type.decode($0) }
    #expect(decoded.count == expected.count)
    #expect(firstDifference(decoded, expected) == nil)
  }

  /// The instruction sets that this machine has.
  static let instructionSets = (0...nibble_isa_best().rawValue).map { nibble_isa($0) }

  @Test(arguments: TensorType.allCases)
  func everyInstructionSetGivesTheSameBits(_ type: TensorType) {
    var random = SeededGenerator(seed: UInt64(type.rawValue) + 1)
    for count in [1, 2, 3, 5, 8, 15, 16, 17, 33, 64] {
      // An odd start: nothing may need alignment.
      let bytes = (0..<count * type.blockBytes + 1).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      let values = count * type.blockSize
      bytes.withUnsafeBytes { bytes in
        let source = bytes.baseAddress.map { $0 + 1 }
        var expected = [Float](repeating: 1, count: values)
        var expectedHalf = [UInt16](repeating: 1, count: values)
        nibble_dequantize_f32_scalar(type.rawValue, source, &expected, values)
        nibble_dequantize_f16_scalar(type.rawValue, source, &expectedHalf, values)
        #expect(firstDifference(expected.map(halfBits), expectedHalf) == nil)
        for isa in Self.instructionSets {
          // One more than asked for: nothing may be written past the end.
          var found = [Float](repeating: 7, count: values + 1)
          var foundHalf = [UInt16](repeating: 7, count: values + 1)
          nibble_dequantize_f32_isa(isa, type.rawValue, source, &found, values)
          nibble_dequantize_f16_isa(isa, type.rawValue, source, &foundHalf, values)
          #expect(firstDifference(found, expected + [7]) == nil)
          #expect(firstDifference(foundHalf, expectedHalf + [7]) == nil)
        }
      }
    }
  }

  @Test(arguments: TensorType.allCases)
  func boundIsTheLargestMagnitudeThatScalesAllow(_ type: TensorType) throws {
    let blocks = try Fixture.bytes("\(type.name).blocks")
    var finite = 0
    for start in stride(from: 0, to: blocks.count, by: type.blockBytes) {
      let block = Array(blocks[start..<start + type.blockBytes])
      let (values, bound) = try block.withUnsafeBytes {
        (try type.decode($0), try type.magnitudeBound($0))
      }
      let largest = values.map(\.magnitude).max() ?? 0
      if values.allSatisfy(\.isFinite) {
        #expect(largest <= bound)
        if type.isQuantized == false { #expect(largest == bound) }
        finite += bound.isFinite ? 1 : 0
      } else {
        #expect(bound == .infinity)
      }
    }
    #expect(finite > 0)
    let whole = try blocks.withUnsafeBytes { try type.magnitudeBound($0) }
    #expect(whole == .infinity)
  }

  /// The two blocks at the end of each fixture have all quants at an end, under scales of 1: one
  /// of them meets the bound.
  @Test(arguments: [TensorType.q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .iq4_NL])
  func boundIsTight(_ type: TensorType) throws {
    let blocks = try Fixture.bytes("\(type.name).blocks").suffix(2 * type.blockBytes)
    let (values, bound) = try Array(blocks).withUnsafeBytes {
      (try type.decode($0), try type.magnitudeBound($0))
    }
    let expected: [TensorType: Float] = [
      .q4_0: 8, .q4_1: 16, .q5_0: 16, .q5_1: 32, .q8_0: 128, .iq4_NL: 127,
    ]
    #expect(bound == expected[type])
    #expect(values.map(\.magnitude).max() ?? 0 <= bound)
  }

  @Test func sizesThatDoNotMatchAreRefused() {
    let bytes = [UInt8](repeating: 0, count: 40)
    var values = [Float](repeating: 0, count: 64)
    bytes.withUnsafeBytes { bytes in
      #expect(throws: QuantizationError.wrongByteCount(type: .q4_0, expected: 54, found: 40)) {
        try TensorType.q4_0.decode(bytes)
      }
      #expect(throws: QuantizationError.wrongByteCount(type: .q4_0, expected: 36, found: 40)) {
        try values.withUnsafeMutableBufferPointer { try TensorType.q4_0.decode(bytes, into: $0) }
      }
      #expect(throws: QuantizationError.notWholeBlocks(type: .q4_K, values: 64)) {
        try values.withUnsafeMutableBufferPointer { try TensorType.q4_K.decode(bytes, into: $0) }
      }
    }
  }

  @Test func nothingDecodesToNothing() throws {
    let empty = UnsafeRawBufferPointer(start: nil, count: 0)
    #expect(try TensorType.q4_K.decode(empty).isEmpty)
    #expect(try TensorType.q4_K.magnitudeBound(empty) == 0)
  }
}

func halfBits(_ value: Float) -> UInt16 { nibble_float_to_half(value) }
