import Quantization
import Testing

struct TensorTypeTests {
  @Test func bitsPerWeight() {
    let expected: [TensorType: Double] = [
      .f32: 32, .f16: 16, .bf16: 16, .q4_0: 4.5, .q4_1: 5, .q5_0: 5.5, .q5_1: 6, .q8_0: 8.5,
      .q4_K: 4.5, .q5_K: 5.5, .q6_K: 6.5625, .q2_K: 2.625, .q3_K: 3.4375, .iq4_NL: 4.5,
      .iq4_XS: 4.25, .mxfp4: 4.25, .nf4: 4.5, .fp4: 4.5,
    ]
    for type in TensorType.allCases {
      #expect(type.bitsPerWeight == expected[type], "\(type.name)")
    }
  }

  @Test(arguments: TensorType.allCases)
  func namesAreUnderstoodInAnyCase(_ type: TensorType) {
    #expect(TensorType(name: type.name) == type)
    #expect(TensorType(name: type.name.uppercased()) == type)
    #expect(type.name == type.name.lowercased())
  }

  @Test func unknownNamesAndCodes() {
    #expect(TensorType(name: "q4") == nil)
    #expect(TensorType(name: "") == nil)
    #expect(TensorType(rawValue: 9) == nil)
    #expect(TensorType(rawValue: 12) == .q4_K)
  }

  @Test func byteCounts() {
    #expect(TensorType.q4_0.byteCount(of: 64) == 36)
    #expect(TensorType.q4_0.byteCount(of: 0) == 0)
    #expect(TensorType.q4_0.byteCount(of: 33) == nil)
    #expect(TensorType.q4_0.byteCount(of: -32) == nil)
    #expect(TensorType.q6_K.byteCount(of: 512) == 420)
    #expect(TensorType.q4_K.byteCount(of: 32) == nil)
    #expect(TensorType.f32.byteCount(of: .max) == nil)
    #expect(TensorType.q8_0.byteCount(of: .max / 32 * 32) == nil)
  }

  @Test func onlyPlainFloatsAreNotQuantized() {
    #expect(TensorType.allCases.filter { !$0.isQuantized } == [.f32, .f16, .bf16])
  }
}
