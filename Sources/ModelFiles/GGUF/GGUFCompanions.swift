import Quantization

/// What stands in a file for a matrix of nf4 or fp4, for which GGUF has no type.
///
/// The matrix `X` of shape `(rows, cols)`, with `cols` a multiple of 64, is four tensors, here those
/// of `nf4`:
///
///     X.nf4                I8   (rows, cols / 2)    packed nibbles, the high one of a byte first
///     X.nf4.absmax         I8   (rows, cols / 64)   codes of the scales, one a block of 64 values
///     X.nf4.nested_absmax  F32  (groups)            scales of the codes, one for each 256 blocks
///     X.nf4.nested_offset  F32  (1)                 what is added to every scale
///
/// Blocks follow one another through the matrix, and so do groups of 256 blocks. nibble presents the
/// four as one tensor `X`; other readers find no `X`, and say so. In memory the nested scales are
/// resolved: a block is then as ``TensorType/nf4`` has it, 4.5 bits a weight in place of 4.127.
struct GGUFCompanions: Sendable, Equatable {
  let type: TensorType
  let nibbles, codes, nested, offset: Range<Int>

  static let types = [TensorType.nf4, .fp4]
  static let suffixes = ["", ".absmax", ".nested_absmax", ".nested_offset"]
  private static let i8: UInt32 = 24

  static func isPossible(cols: Int) -> Bool { cols.isMultiple(of: TensorType.nf4.blockSize) }

  /// Shapes of the four tensors of a matrix, in the order of ``suffixes``.
  static func shapes(rows: Int, cols: Int) -> [[Int]] {
    let blocks = rows * cols / 64
    let groups = (blocks + NestedScales.groupSize - 1) / NestedScales.groupSize
    return [[rows, cols / 2], [rows, cols / 64], [groups], [1]]
  }

  /// Type codes and bytes of the four.
  static func entries(rows: Int, cols: Int) -> [(typeCode: UInt32, shape: [Int], byteCount: Int)] {
    zip([i8, i8, TensorType.f32.rawValue, TensorType.f32.rawValue], shapes(rows: rows, cols: cols))
      .map { code, shape in (code, shape, shape.reduce(1, *) * (code == i8 ? 1 : 4)) }
  }

  /// Presents every four tensors that belong together as one.
  ///
  /// - Throws: ``GGUFError/missingTensor(path:name:)``, ``GGUFError/invalid(path:what:offset:expected:found:)``.
  static func join(_ tensors: [GGUFTensor], path: String) throws(GGUFError) -> [GGUFTensor] {
    guard tensors.contains(where: { name in types.contains { name.name.hasSuffix("." + $0.name) } })
    else { return tensors }
    let byName = Dictionary(tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var parts: Set<String> = []
    var joined: [String: GGUFTensor] = [:]
    for tensor in tensors {
      guard let type = types.first(where: { tensor.name.hasSuffix("." + $0.name) }),
        tensor.typeCode == i8, tensor.shape.count == 2
      else { continue }
      let name = String(tensor.name.dropLast(type.name.count + 1))
      if let other = byName[name] {
        throw .invalid(
          path: path, what: "tensor \(name)", offset: other.fileOffset,
          expected: "there either as it is or as \(type.name)", found: "both")
      }
      let (rows, half) = (tensor.shape[0], tensor.shape[1])
      let (cols, overflow) = half.multipliedReportingOverflow(by: 2)
      guard !overflow, isPossible(cols: cols) else {
        throw .invalid(
          path: path, what: "the rows of tensor \(tensor.name)", offset: tensor.fileOffset,
          expected: "a multiple of 32 bytes", found: "\(half)")
      }
      var ranges: [Range<Int>] = []
      for (suffix, entry) in zip(suffixes, entries(rows: rows, cols: cols)) {
        guard let part = byName[tensor.name + suffix] else {
          throw .missingTensor(path: path, name: tensor.name + suffix)
        }
        guard part.typeCode == entry.typeCode, part.shape == entry.shape else {
          throw .invalid(
            path: path, what: "tensor \(part.name)", offset: part.fileOffset,
            expected: "\(GGMLType.name(of: entry.typeCode)) \(entry.shape)",
            found: "\(part.typeName) \(part.shape)")
        }
        parts.insert(part.name)
        ranges.append(part.fileOffset..<part.fileOffset + part.byteCount)
      }
      joined[tensor.name] = GGUFTensor(
        name: name, typeCode: type.rawValue, shape: [rows, cols], fileOffset: tensor.fileOffset,
        byteCount: ranges.reduce(0) { $0 + $1.count },
        companions: GGUFCompanions(
          type: type, nibbles: ranges[0], codes: ranges[1], nested: ranges[2], offset: ranges[3]))
    }
    return tensors.compactMap { joined[$0.name] ?? (parts.contains($0.name) ? nil : $0) }
  }

  /// The four of a matrix, from its blocks as they are in memory.
  static func split(_ blocks: [UInt8]) -> [[UInt8]] {
    let size = TensorType.nf4.blockBytes
    let count = blocks.count / size
    let absmax = blocks.withUnsafeBytes { bytes in
      (0..<count).map { bytes.loadUnaligned(fromByteOffset: $0 * size, as: Float.self) }
    }
    let scales = NestedScales(quantizing: absmax)
    var nibbles: [UInt8] = []
    nibbles.reserveCapacity(count * 32)
    for block in 0..<count { nibbles += blocks[block * size + 4..<(block + 1) * size] }
    return [
      nibbles, scales.codes, scales.nested.withUnsafeBytes(Array.init),
      withUnsafeBytes(of: scales.offset, Array.init),
    ]
  }

  /// The blocks as they are in memory, from the four.
  static func joined(_ parts: [[UInt8]]) -> [UInt8] {
    var file: [UInt8] = []
    var ranges: [Range<Int>] = []
    for part in parts {
      ranges.append(file.count..<file.count + part.count)
      file += part
    }
    let companions = GGUFCompanions(
      type: .nf4, nibbles: ranges[0], codes: ranges[1], nested: ranges[2], offset: ranges[3])
    var blocks = [UInt8](repeating: 0, count: companions.blockBytes)
    file.withUnsafeBytes { file in
      blocks.withUnsafeMutableBytes { companions.resolve(file, into: $0) }
    }
    return blocks
  }

  /// Bytes of the blocks in memory.
  var blockBytes: Int { nibbles.count / 32 * type.blockBytes }

  /// Writes the blocks as they are in memory.
  func resolve(
    _ file: UnsafeRawBufferPointer, into blocks: UnsafeMutableRawBufferPointer
  ) {
    let scales = NestedScales(
      codes: Array(file[codes]),
      nested: (0..<nested.count / 4).map {
        file.loadUnaligned(fromByteOffset: nested.lowerBound + 4 * $0, as: Float.self)
      },
      offset: file.loadUnaligned(fromByteOffset: offset.lowerBound, as: Float.self))
    for block in 0..<codes.count {
      let start = block * type.blockBytes
      blocks.storeBytes(of: scales.scale(of: block), toByteOffset: start, as: Float.self)
      let from = nibbles.lowerBound + 32 * block
      UnsafeMutableRawBufferPointer(rebasing: blocks[start + 4..<start + type.blockBytes])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: file[from..<from + 32]))
    }
  }
}
