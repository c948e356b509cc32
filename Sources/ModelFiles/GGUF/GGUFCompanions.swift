import Quantization

/// What stands in a file for a matrix of nf4 or fp4, for which GGUF has no type.
///
/// The matrix `X` of shape `(rows, cols)`, with `cols` a multiple of 64, is four tensors, here
/// those of `nf4`; the matrices of experts, `(experts, rows, cols)`, have one dimension more in the
/// first two:
///
///     X.nf4                I8   (rows, cols / 2)    packed nibbles, the high one of a byte first
///     X.nf4.absmax         I8   (rows, cols / 64)   codes of the scales, one a block of 64 values
///     X.nf4.nested_absmax  F32  (groups)            scales of the codes, one for each 256 blocks
///     X.nf4.nested_offset  F32  (1)                 what is added to every scale
///
/// Blocks follow one another through the matrix, and so do groups of 256 blocks. nibble presents
/// the four as one tensor `X`, whose piece is ``NestedBlocks``; other readers find no `X`, and say
/// so.
enum GGUFCompanions {
  static let types = [TensorType.nf4, .fp4]
  static let suffixes = ["", ".absmax", ".nested_absmax", ".nested_offset"]
  private static let i8: UInt32 = 24

  /// Names of the four tensors of a matrix, in the order of ``suffixes``.
  static func names(of matrix: String, typeName: String) -> [String] {
    suffixes.map { "\(matrix).\(typeName)\($0)" }
  }

  static func isPossible(cols: Int) -> Bool { cols.isMultiple(of: TensorType.nf4.blockSize) }

  /// Shapes of the four tensors of one of `shape`, in the order of ``suffixes``.
  private static func shapes(of shape: [Int]) -> [[Int]] {
    let (outer, cols) = (Array(shape.dropLast()), shape.last ?? 1)
    let blocks = shape.reduce(1, *) / 64
    let groups = (blocks + NestedScales.groupSize - 1) / NestedScales.groupSize
    return [outer + [cols / 2], outer + [cols / 64], [groups], [1]]
  }

  /// Type codes, shapes and bytes of the four.
  static func entries(of shape: [Int]) -> [(typeCode: UInt32, shape: [Int], byteCount: Int)] {
    zip([i8, i8, TensorType.f32.rawValue, TensorType.f32.rawValue], shapes(of: shape))
      .map { code, shape in (code, shape, shape.reduce(1, *) * (code == i8 ? 1 : 4)) }
  }

  /// Presents every four tensors that belong together as one.
  ///
  /// - Throws: ``GGUFError/missingTensor(path:name:)``,
  ///   ``GGUFError/invalid(path:what:offset:expected:found:)``.
  static func join(_ tensors: [GGUFTensor], path: String) throws(GGUFError) -> [StoredTensor] {
    guard tensors.contains(where: { name in types.contains { name.name.hasSuffix("." + $0.name) } })
    else { return tensors.map(\.stored) }
    let byName = Dictionary(tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var parts: Set<String> = []
    var joined: [String: StoredTensor] = [:]
    for tensor in tensors {
      guard let type = types.first(where: { tensor.name.hasSuffix("." + $0.name) }),
        tensor.typeCode == i8, tensor.shape.count >= 2, let half = tensor.shape.last
      else { continue }
      let name = String(tensor.name.dropLast(type.name.count + 1))
      if let other = byName[name] {
        throw .invalid(
          path: path, what: "tensor \(name)", offset: other.bytes.lowerBound,
          expected: "there either as it is or as \(type.name)", found: "both")
      }
      let (cols, overflow) = half.multipliedReportingOverflow(by: 2)
      guard !overflow, isPossible(cols: cols) else {
        throw .invalid(
          path: path, what: "the rows of tensor \(tensor.name)", offset: tensor.bytes.lowerBound,
          expected: "a multiple of 32 bytes", found: "\(half)")
      }
      let shape = Array(tensor.shape.dropLast()) + [cols]
      var ranges: [Range<Int>] = []
      for (suffix, entry) in zip(suffixes, entries(of: shape)) {
        guard let part = byName[tensor.name + suffix] else {
          throw .missingTensor(path: path, name: tensor.name + suffix)
        }
        guard part.typeCode == entry.typeCode, part.shape == entry.shape else {
          throw .invalid(
            path: path, what: "tensor \(part.name)", offset: part.bytes.lowerBound,
            expected: "\(GGMLType.name(of: entry.typeCode)) \(entry.shape)",
            found: "\(part.typeName) \(part.shape)")
        }
        parts.insert(part.name)
        ranges.append(part.bytes)
      }
      guard let nested = NestedBlocks(ranges) else { continue }
      joined[tensor.name] = StoredTensor(
        name: name, typeName: type.name, shape: shape,
        pieces: [
          StoredTensor.Piece(
            file: 0, nested: nested, rows: shape.dropLast().reduce(1, *), type: type)
        ])
    }
    return tensors.compactMap { joined[$0.name] ?? (parts.contains($0.name) ? nil : $0.stored) }
  }
}
