import Quantization

/// The sixteen values that each weight can have: every 32 weights share a scale and a minimum,
/// which training leaves as they are.
///
/// `value = scale × (q - offset) + minimum` with `q` the nibble, for `q4_0`, `q4_1` and `q4_K`.
struct Int4Grid {
  /// Weights that share a scale.
  static let groupSize = 32
  static let types: [TensorType] = [.q4_0, .q4_1, .q4_K]

  /// One for each group.
  let scales: [Float]
  /// What is added, one for each group.
  let minimums: [Float]
  let offset: Float
  let blockSize: Int
  let blockBytes: Int
  /// Where the nibble of each weight of a block lies: its byte, and its lowest bit.
  let places: [(byte: Int, shift: UInt8)]

  /// Reads the scales of packed blocks.
  ///
  /// - Throws: `QuantizationError.wrongByteCount`.
  init(type: TensorType, packed: [UInt8]) throws {
    precondition(Self.types.contains(type), "a type with a grid")
    blockSize = type.blockSize
    blockBytes = type.blockBytes
    var scales: [Float] = []
    var minimums: [Float] = []
    var places: [(Int, UInt8)] = []
    var offset = 0
    try packed.withUnsafeBytes { bytes in
      for start in stride(from: 0, to: bytes.count, by: type.blockBytes) {
        let block = UnsafeRawBufferPointer(rebasing: bytes[start...].prefix(type.blockBytes))
        let anatomy = try type.anatomy(of: block)
        for group in anatomy.subBlocks {
          scales.append(group.scale)
          let minimum = group.minimum ?? 0
          minimums.append(anatomy.minimumIsSubtracted ? -minimum : minimum)
        }
        if places.isEmpty {
          offset = anatomy.quantOffset
          places = (0..<type.blockSize).compactMap { index in
            anatomy.bits(ofQuant: index).first.map { ($0.byte, UInt8($0.shift)) }
          }
        }
      }
    }
    self.scales = scales
    self.minimums = minimums
    self.places = places
    self.offset = Float(offset)
  }

  /// Half the distance between neighbouring values, on average over all weights.
  var halfStep: Double {
    scales.reduce(0) { $0 + Double(abs($1)) } / 2 / Double(max(scales.count, 1))
  }
}

/// A grid in memory that the ledger counts, over packed weights whose nibbles it changes.
struct GridMemory {
  private let grid: Int4Grid
  private let weights: PackedWeights
  private let scales: Matrix
  private let minimums: Matrix

  init(_ grid: Int4Grid, _ weights: PackedWeights, _ memory: TrainingMemory) throws {
    self.grid = grid
    self.weights = weights
    scales = try memory.matrix(grid.scales, rows: 1, cols: grid.scales.count, .workspace)
    minimums = try memory.matrix(grid.minimums, rows: 1, cols: grid.minimums.count, .workspace)
  }

  /// Gives each weight the value of the grid that is nearest to what `desired` makes of its value
  /// now.
  ///
  /// - Parameter changed: told of each weight whether its nibble is another than before.
  func move(
    to desired: (_ index: Int, _ value: Float) -> Float,
    changed: (_ index: Int, _ isOther: Bool) -> Void
  ) {
    let bytes = weights.packed.assumingMemoryBound(to: UInt8.self)
    let offset = grid.offset
    grid.places.withUnsafeBufferPointer { places in
      var index = 0
      for block in 0..<weights.rows * weights.cols / grid.blockSize {
        let start = bytes + block * grid.blockBytes
        for place in places {
          let group = index / Int4Grid.groupSize
          let scale = scales.values[group]
          let minimum = minimums.values[group]
          let byte = start[place.byte]
          let now = byte >> place.shift & 15
          let value = scale * (Float(now) - offset) + minimum
          let next = nibble(
            nearest: desired(index, value), scale: scale, minimum: minimum, or: now)
          if next != now {
            start[place.byte] = byte & ~(15 << place.shift) | next << place.shift
          }
          changed(index, next != now)
          index += 1
        }
      }
    }
  }

  /// The nibble whose value is nearest; where all sixteen are one value, the one there is.
  @inline(__always)
  private func nibble(
    nearest value: Float, scale: Float, minimum: Float, or now: UInt8
  ) -> UInt8 {
    guard scale != 0 else { return now }
    let level = ((value - minimum) / scale + grid.offset).rounded(.toNearestOrEven)
    // In this order, a NaN becomes 0.
    return level >= 15 ? 15 : level > 0 ? UInt8(level) : 0
  }
}
