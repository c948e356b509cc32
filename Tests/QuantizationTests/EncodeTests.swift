import Foundation
import Quantization
import Testing

struct EncodeTests {
  @Test(arguments: [TensorType.q8_0, .q4_0, .q4_1, .q5_0, .q5_1, .f16, .bf16])
  func bytesAreThoseOfTheGgufPackage(_ type: TensorType) throws {
    let values = try Fixture.floats("encode.values")
    let encoded = try type.encode(values)
    let expected = try Fixture.bytes("\(type.name).encoded")
    #expect(encoded.count == expected.count)
    let difference = zip(encoded, expected).enumerated().first { $0.element.0 != $0.element.1 }
    #expect(difference == nil)
  }

  /// Values halfway between two quants: the product is rounded before the half is added, as NumPy
  /// does it. The bytes are the gguf package's.
  @Test func ties() throws {
    let values = (-64 ..< -32).map { Float($0) / 37 }
    #expect(
      try TensorType.q5_0.encode(values) == [
        235, 46, 0, 0, 0, 0, 64, 64, 81, 81, 81, 81, 98, 98, 98, 98, 115, 115, 115, 115, 132, 132,
      ])
  }

  @Test func floatsAreStoredAsTheyAre() throws {
    let values: [Float] = [1, -0.0, .infinity, .leastNonzeroMagnitude]
    let encoded = try TensorType.f32.encode(values)
    let decoded = try encoded.withUnsafeBytes { try TensorType.f32.decode($0) }
    #expect(firstDifference(decoded, values) == nil)
  }

  private struct Reference: Decodable {
    let first: Int
    let end: Int
    let rmse: Double
    let max: Double
  }

  /// ggml's own quantizer on the same values left the errors in q4_k.json and so on.
  @Test(arguments: [TensorType.q4_K, .q5_K, .q6_K])
  func superBlocksLoseNoMoreThanGgmls(_ type: TensorType) throws {
    let values = try Fixture.floats("encode.values")
    let json = Data(try Fixture.bytes("\(type.name).json"))
    let references = try JSONDecoder().decode([String: Reference].self, from: json)
    #expect(references.count == 3)
    for (name, reference) in references {
      let statistics = try roundTrip(type, Array(values[reference.first..<reference.end]))
      #expect(statistics.rmse <= 1.001 * reference.rmse, "\(name)")
      #expect(Double(statistics.maximumError) <= 1.25 * reference.max, "\(name)")
    }
  }

  /// Blocks that a search could stumble over: constant, all of one sign, tiny, zero, one outlier.
  static let awkwardBlocks: [String: [Float]] = [
    "zero": [Float](repeating: 0, count: 256),
    "constant": [Float](repeating: 0.5, count: 256),
    "negative constant": [Float](repeating: -0.5, count: 256),
    "positive": (1...256).map { Float($0) },
    "negative": (1...256).map { -Float($0) },
    "large outlier": [1000] + [Float](repeating: 0.001, count: 255),
    "one value": (0..<256).map { $0 == 77 ? Float(-4) : 0 },
    "subnormal": [Float](repeating: .leastNonzeroMagnitude, count: 256),
  ]

  @Test(arguments: awkwardBlocks.keys.sorted(), [TensorType.q4_K, .q5_K, .q6_K])
  func superBlocksHoldAwkwardValues(_ name: String, _ type: TensorType) throws {
    let values = try #require(Self.awkwardBlocks[name])
    let statistics = try roundTrip(type, values)
    let range = max(values.max() ?? 0, 0) - min(values.min() ?? 0, 0)
    // Half a step of a sub-block's quants, and half a step of its scale and of its minimum.
    #expect(statistics.maximumError <= range / 30 + range / 60 + .leastNonzeroMagnitude)
  }

  /// The same bits on every machine: FNV-1a of them as x86-64 has them.
  @Test(arguments: [
    (TensorType.q4_K, 12_314_319_061_735_225_176 as UInt64), (.q5_K, 15_273_600_477_823_001_826),
    (.q6_K, 15_170_784_040_900_893_949),
  ])
  func superBlocksAreReproducible(_ type: TensorType, _ expected: UInt64) throws {
    let encoded = try type.encode(try Fixture.floats("encode.values"))
    let hash = encoded.reduce(0xcbf2_9ce4_8422_2325) { (hash: UInt64, byte) in
      (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
    }
    #expect(hash == expected)
  }

  /// What bitsandbytes stores for the same values: nibbles, and scales that are quantized themselves.
  @Test(arguments: [TensorType.nf4, .fp4])
  func blocksAreThoseOfBitsandbytes(_ type: TensorType) throws {
    let source = try Fixture.floats("nested.source")
    let state = try Fixture.bytes("\(type.name).state")
    let count = source.count / 64
    let blocks = try type.encode(source)
    let nibbles = (0..<count).flatMap { blocks[36 * $0 + 4..<36 * $0 + 36] }
    let same = zip(nibbles, state).filter { $0 == $1 }.count
    #expect(same == nibbles.count)

    let scales = (0..<count).map { block in
      blocks.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 36 * block, as: Float.self) }
    }
    let stored = try Self.scales(state, count: count)
    #expect(NestedScales(quantizing: scales) == stored)
  }

  /// Scales of a file become the ones that bitsandbytes makes of them, to the last bit.
  @Test(arguments: [TensorType.nf4, .fp4])
  func nestedScalesAreThoseOfBitsandbytes(_ type: TensorType) throws {
    let state = try Fixture.bytes("\(type.name).state")
    let blocks = try Fixture.bytes("\(type.name).blocks")
    let count = 96 * 576 / 64
    let scales = try Self.scales(state, count: count)
    for block in 0..<count {
      let expected = blocks.withUnsafeBytes {
        $0.loadUnaligned(fromByteOffset: 36 * block, as: Float.self)
      }
      #expect(scales.scale(of: block) == expected)
    }
  }

  /// The scales in TYPE.state, behind the nibbles of `count` blocks.
  private static func scales(_ state: [UInt8], count: Int) throws -> NestedScales {
    let groups = (count + NestedScales.groupSize - 1) / NestedScales.groupSize
    try #require(state.count == 33 * count + 4 * groups + 4)
    let floats = (0...groups).map { index in
      state.withUnsafeBytes {
        $0.loadUnaligned(fromByteOffset: 33 * count + 4 * index, as: Float.self)
      }
    }
    return NestedScales(
      codes: Array(state[32 * count..<33 * count]), nested: Array(floats.dropLast()),
      offset: floats[groups])
  }

  @Test(arguments: [TensorType.q8_0, .q4_0, .q4_1, .q5_0, .q5_1, .q4_K, .q5_K, .q6_K, .nf4, .fp4])
  func encodingWhatWasDecodedLosesLittle(_ type: TensorType) throws {
    let values = try Fixture.floats("encode.values")
    let stored = try decode(type, try type.encode(values))
    let again = try decode(type, try type.encode(stored))
    var statistics = QuantizationStatistics()
    stored.withUnsafeBufferPointer { stored in
      again.withUnsafeBufferPointer { statistics.add(stored, stored: $0) }
    }
    #expect(statistics.relativeRMSE < 0.01)
  }

  @Test(arguments: TensorType.allCases.filter { $0.canEncode && $0.isQuantized })
  func onlyFiniteNumbersThatFitAreStored(_ type: TensorType) {
    var values = [Float](repeating: 1, count: 512)
    values[300] = .nan
    #expect(throws: QuantizationError.notFinite(type: type, index: 300)) { try type.encode(values) }
    values[300] = -.infinity
    #expect(throws: QuantizationError.notFinite(type: type, index: 300)) { try type.encode(values) }
    values[300] = -3e38
    if [.nf4, .fp4].contains(type) { return }  // their scale is a float32
    #expect(throws: QuantizationError.tooLarge(type: type, index: 300, value: -3e38)) {
      try type.encode(values)
    }
  }

  /// The span of a block is infinite where both of its ends are not.
  @Test func spansThatOverflowAreRefused() {
    var values = [Float](repeating: 1, count: 512)
    values[300] = -3e38
    values[301] = 3.2e38
    for type in TensorType.allCases
    where type.canEncode && type.isQuantized && ![.nf4, .fp4].contains(type) {
      #expect(throws: QuantizationError.tooLarge(type: type, index: 301, value: 3.2e38)) {
        try type.encode(values)
      }
    }
  }

  @Test func plainFloatsThatWouldBecomeInfiniteAreRefused() throws {
    #expect(throws: QuantizationError.tooLarge(type: .f16, index: 1, value: 65520)) {
      try TensorType.f16.encode([65504, 65520])
    }
    #expect(throws: QuantizationError.tooLarge(type: .bf16, index: 0, value: 3.4e38)) {
      try TensorType.bf16.encode([3.4e38])
    }
    #expect(try TensorType.f16.encode([.infinity, -.infinity]) == [0x00, 0x7c, 0x00, 0xfc])
  }

  @Test(arguments: TensorType.allCases.filter { !$0.canEncode })
  func typesThatAreOnlyReadSaySo(_ type: TensorType) {
    #expect(throws: QuantizationError.cannotEncode(type: type)) {
      try type.encode([Float](repeating: 1, count: 256))
    }
    #expect("\(QuantizationError.cannotEncode(type: type))".contains("q4_k"))
  }

  @Test func partsOfBlocksAreRefused() {
    #expect(throws: QuantizationError.notWholeBlocks(type: .q4_0, values: 31)) {
      try TensorType.q4_0.encode([Float](repeating: 1, count: 31))
    }
  }

  private func decode(_ type: TensorType, _ bytes: [UInt8]) throws -> [Float] {
    try bytes.withUnsafeBytes { try type.decode($0) }
  }

  private func roundTrip(
    _ type: TensorType, _ values: [Float]
  ) throws -> QuantizationStatistics {
    let stored = try decode(type, try type.encode(values))
    var statistics = QuantizationStatistics()
    values.withUnsafeBufferPointer { values in
      stored.withUnsafeBufferPointer { statistics.add(values, stored: $0) }
    }
    return statistics
  }
}
