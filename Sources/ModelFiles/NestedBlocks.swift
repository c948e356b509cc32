import Quantization

/// Blocks of nf4 or fp4 whose scales are quantized in their turn, as bitsandbytes stores a matrix:
/// four ranges of a file's bytes.
///
/// Blocks of 64 values follow one another through the matrix, and so do groups of 256 blocks. In
/// memory the nested scales are resolved: a block is then as ``TensorType/nf4`` has it, 4.5 bits a
/// weight in place of 4.127.
struct NestedBlocks {
  /// Packed nibbles, 32 bytes a block, the high one of a byte first.
  let nibbles: Range<Int>
  /// Codes of the scales, one byte a block.
  let codes: Range<Int>
  /// Scales of the codes, a float for each 256 blocks.
  let nested: Range<Int>
  /// What is added to every scale: one float.
  let offset: Range<Int>

  private static let bytesOfNibbles = TensorType.nf4.blockSize / 2
  private static let bytesOfBlock = TensorType.nf4.blockBytes  // and fp4's

  /// From the four in order; `nil` for another number.
  init?(_ ranges: [Range<Int>]) {
    guard ranges.count == 4 else { return nil }
    (nibbles, codes, nested, offset) = (ranges[0], ranges[1], ranges[2], ranges[3])
  }

  /// Bytes of the blocks in memory.
  var blockBytes: Int { nibbles.count / Self.bytesOfNibbles * Self.bytesOfBlock }

  /// Writes the blocks as they are in memory.
  func resolve(_ file: UnsafeRawBufferPointer, into blocks: UnsafeMutableRawBufferPointer) {
    let scales = NestedScales(
      codes: Array(file[codes]),
      nested: (0..<nested.count / 4).map {
        file.loadUnaligned(fromByteOffset: nested.lowerBound + 4 * $0, as: Float.self)
      },
      offset: file.loadUnaligned(fromByteOffset: offset.lowerBound, as: Float.self))
    for block in 0..<codes.count {
      let start = block * Self.bytesOfBlock
      blocks.storeBytes(of: scales.scale(of: block), toByteOffset: start, as: Float.self)
      let from = nibbles.lowerBound + Self.bytesOfNibbles * block
      UnsafeMutableRawBufferPointer(rebasing: blocks[start + 4..<start + Self.bytesOfBlock])
        .copyMemory(
          from: UnsafeRawBufferPointer(rebasing: file[from..<from + Self.bytesOfNibbles]))
    }
  }

  /// The bytes of the four, from blocks as they are in memory.
  static func split(_ blocks: [UInt8]) -> [[UInt8]] {
    let count = blocks.count / bytesOfBlock
    let absmax = blocks.withUnsafeBytes { bytes in
      (0..<count).map { bytes.loadUnaligned(fromByteOffset: $0 * bytesOfBlock, as: Float.self) }
    }
    let scales = NestedScales(quantizing: absmax)
    var nibbles: [UInt8] = []
    nibbles.reserveCapacity(count * bytesOfNibbles)
    for block in 0..<count {
      nibbles += blocks[block * bytesOfBlock + 4..<(block + 1) * bytesOfBlock]
    }
    return [
      nibbles, scales.codes, scales.nested.withUnsafeBytes(Array.init),
      withUnsafeBytes(of: scales.offset, Array.init),
    ]
  }

  /// Blocks as they are in memory, from the bytes of the four.
  static func joined(_ parts: [[UInt8]]) -> [UInt8] {
    var file: [UInt8] = []
    var ranges: [Range<Int>] = []
    for part in parts {
      ranges.append(file.count..<file.count + part.count)
      file += part
    }
    guard let nested = NestedBlocks(ranges) else { preconditionFailure("four parts") }
    var blocks = [UInt8](repeating: 0, count: nested.blockBytes)
    file.withUnsafeBytes { file in
      blocks.withUnsafeMutableBytes { nested.resolve(file, into: $0) }
    }
    return blocks
  }
}
