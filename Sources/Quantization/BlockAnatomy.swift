/// One block laid open: every stored number, where it lies, and the values it gives.
///
/// With `s` the sub-block of value `i`,
/// `values[i] == s.scale * Float(quants[i] - quantOffset)` in float32, plus `s.minimum` where there
/// is one, or minus it if ``minimumIsSubtracted``; where there is a ``quantTable``,
/// `values[i] == s.scale * quantTable[quants[i]]`.
public struct BlockAnatomy: Equatable, Sendable {
  public let type: TensorType
  /// The block as it is stored.
  public let bytes: [UInt8]
  /// What the bytes are, in order.
  public let fields: [BlockField]
  /// How a value is made: `value = d × (q − 8)`.
  public let formula: String
  /// The scale `d` of the block or super-block; `nil` for plain floats.
  public let scale: Float?
  /// The minimum `m`, or a super-block's scale of minimums `dmin`; `nil` where there is none.
  public let minimum: Float?
  /// Whether minimums are subtracted, as the K formats have it, and not added.
  public var minimumIsSubtracted: Bool {
    type == .q2_K || type == .q4_K || type == .q5_K
  }
  /// What is subtracted from a quant before it is scaled: 8 for `q4_0`.
  public let quantOffset: Int
  /// What each stored quant stands for, where that is a table: `q` is then read off it.
  public let quantTable: [Float]?
  /// Runs of values that share a scale: one, or the 8 or 16 of a K format; none for plain floats.
  public let subBlocks: [SubBlock]
  /// The small integers, as they are stored; none for plain floats.
  public let quants: [Int]
  /// The values, as decoding gives them.
  public let values: [Float]

  /// Where the bits of one quant lie, low bits first; none for plain floats.
  ///
  /// - Precondition: `index` is one of ``values``.
  public func bits(ofQuant index: Int) -> [QuantBits] {
    precondition(values.indices.contains(index), "a value of the block")
    return type.format?.quantBits(index) ?? []
  }

  /// The sub-block of a value, or `nil` for plain floats.
  public func subBlock(of index: Int) -> SubBlock? {
    subBlocks.first { $0.range.contains(index) }
  }
}

/// A named run of bytes in a block.
public struct BlockField: Equatable, Sendable {
  /// `d`, `qs`, …
  public let name: String
  /// From the start of the block.
  public let offset: Int
  public let length: Int
  /// What it is, in a few words.
  public let meaning: String
}

/// Values that share a scale.
public struct SubBlock: Equatable, Sendable {
  /// Indices of its values in the block.
  public let range: Range<Int>
  /// The small integer that the scale is stored as, in a K format.
  public let scaleCode: Int?
  /// The small integer that the minimum is stored as, in a K format that has minimums.
  public let minimumCode: Int?
  /// What the quants are multiplied by.
  public let scale: Float
  /// What is added, or in a K format subtracted; `nil` where there is none.
  public let minimum: Float?
}

/// Some bits of one byte, and what they are in a quant.
public struct QuantBits: Equatable, Sendable {
  /// From the start of the block.
  public let byte: Int
  /// The lowest of the bits.
  public let shift: Int
  public let count: Int
  /// Where they go in the quant: 4 for the fifth bit.
  public let position: Int
}

extension TensorType {
  /// Lays one block open.
  ///
  /// - Parameter bytes: exactly one block.
  /// - Throws: ``QuantizationError/wrongByteCount(type:expected:found:)``.
  public func anatomy(
    of bytes: UnsafeRawBufferPointer
  ) throws(QuantizationError) -> BlockAnatomy {
    try check(values: blockSize, bytes: bytes.count)
    let values = try decode(bytes)
    guard let format else {
      return BlockAnatomy(
        type: self, bytes: Array(bytes),
        fields: [BlockField(name: "value", offset: 0, length: bytes.count, meaning: name)],
        formula: "value = the \(name) number itself", scale: nil, minimum: nil, quantOffset: 0,
        quantTable: nil, subBlocks: [], quants: [], values: values)
    }
    let (scale, minimum) = format.scales(bytes)
    return BlockAnatomy(
      type: self, bytes: Array(bytes), fields: format.fields, formula: format.formula,
      scale: scale, minimum: minimum, quantOffset: format.quantOffset,
      quantTable: format.quantTable,
      subBlocks: format.subBlocks(bytes),
      quants: (0..<blockSize).map { format.quant($0, in: bytes) }, values: values)
  }

  /// How the type's blocks are laid out; `nil` for plain floats.
  var format: (any BlockFormat.Type)? {
    switch self {
    case .q4_0: Q4_0.self
    case .q4_1: Q4_1.self
    case .q5_0: Q5_0.self
    case .q5_1: Q5_1.self
    case .q8_0: Q8_0.self
    case .q4_K: Q4_K.self
    case .q5_K: Q5_K.self
    case .q6_K: Q6_K.self
    case .q2_K: Q2_K.self
    case .q3_K: Q3_K.self
    case .iq4_NL: IQ4_NL.self
    case .iq4_XS: IQ4_XS.self
    case .mxfp4: MXFP4.self
    case .nf4: NF4.self
    case .fp4: FP4.self
    case .f32, .f16, .bf16: nil
    }
  }
}
