import Testing

@testable import Quantization

struct BlockAnatomyTests {
  static let blockTypes = TensorType.allCases.filter(\.isQuantized)

  /// The parts give the decoded values, by the formula that is shown.
  @Test(arguments: blockTypes)
  func partsMakeTheValues(_ type: TensorType) throws {
    try forEachBlock(of: type) { anatomy in
      #expect(anatomy.values.count == type.blockSize)
      #expect(anatomy.quants.count == type.blockSize)
      let made = try anatomy.values.indices.map { index in
        let subBlock = try #require(anatomy.subBlock(of: index))
        let quant = anatomy.quants[index]
        if let table = anatomy.quantTable { return subBlock.scale * table[quant] }
        let product = subBlock.scale * Float(quant - anatomy.quantOffset)
        guard let minimum = subBlock.minimum else { return product }
        return anatomy.minimumIsSubtracted ? product - minimum : product + minimum
      }
      #expect(firstDifference(made, anatomy.values) == nil)
    }
  }

  @Test(arguments: blockTypes)
  func fieldsCoverTheBlock(_ type: TensorType) throws {
    try forEachBlock(of: type) { anatomy in
      var end = 0
      for field in anatomy.fields {
        #expect(field.offset == end)
        end += field.length
      }
      #expect(end == type.blockBytes)
      #expect(anatomy.bytes.count == type.blockBytes)
    }
  }

  /// Every bit of the fields that hold quants belongs to exactly one quant.
  @Test(arguments: blockTypes)
  func quantsShareNoBits(_ type: TensorType) throws {
    let block = [UInt8](repeating: 0, count: type.blockBytes)
    let anatomy = try block.withUnsafeBytes { try type.anatomy(of: $0) }
    var owners = [Int](repeating: 0, count: 8 * type.blockBytes)
    for index in anatomy.values.indices {
      for bits in anatomy.bits(ofQuant: index) {
        for bit in bits.shift..<bits.shift + bits.count { owners[8 * bits.byte + bit] += 1 }
      }
    }
    let quantFields = anatomy.fields.filter { ["qs", "qh", "ql", "hmask"].contains($0.name) }
    for (bit, count) in owners.enumerated() {
      let holdsQuants = quantFields.contains {
        $0.offset <= bit / 8 && bit / 8 < $0.offset + $0.length
      }
      #expect(count == (holdsQuants ? 1 : 0), "bit \(bit)")
    }
  }

  /// A block written by hand: d = 0.5, nibbles 0, 1, 2, …
  @Test func q4_0ByHand() throws {
    let nibbles = (0..<16).map { UInt8($0 | (15 - $0) << 4) }
    let anatomy = try ([0x00, 0x38] + nibbles).withUnsafeBytes {
      try TensorType.q4_0.anatomy(of: $0)
    }
    #expect(anatomy.formula == "value = d × (q − 8)")
    #expect(anatomy.scale == 0.5)
    #expect(anatomy.minimum == nil)
    #expect(anatomy.quants == Array(0..<16) + Array(0..<16).reversed())
    #expect(anatomy.values.first == -4)
    #expect(anatomy.values[16] == 3.5)
    #expect(
      anatomy.bits(ofQuant: 17) == [QuantBits(byte: 3, shift: 4, count: 4, position: 0)])
  }

  @Test func plainFloatsHaveNoParts() throws {
    let anatomy = try [UInt8]([0x00, 0x3c]).withUnsafeBytes { try TensorType.f16.anatomy(of: $0) }
    #expect(anatomy.values == [1])
    #expect(anatomy.quants.isEmpty)
    #expect(anatomy.scale == nil)
    #expect(anatomy.bits(ofQuant: 0).isEmpty)
  }

  @Test func aBlockIsExactlyOne() {
    let bytes = [UInt8](repeating: 0, count: 36)
    #expect(throws: QuantizationError.wrongByteCount(type: .q4_0, expected: 18, found: 36)) {
      try bytes.withUnsafeBytes { try TensorType.q4_0.anatomy(of: $0) }
    }
  }

  private func forEachBlock(
    of type: TensorType, _ body: (BlockAnatomy) throws -> Void
  ) throws {
    let blocks = try Fixture.bytes("\(type.name).blocks")
    for start in stride(from: 0, to: blocks.count, by: type.blockBytes) {
      let block = Array(blocks[start..<start + type.blockBytes])
      try body(try block.withUnsafeBytes { try type.anatomy(of: $0) })
    }
  }
}
