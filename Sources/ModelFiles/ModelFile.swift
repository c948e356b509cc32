import Quantization

/// A model as its files have it: what it says of itself, and where its tensors are.
///
/// The files are memory-mapped, and stay so as long as a copy of this value lives. Tensor data are
/// touched when somebody reads them. A reader (``ModelFormat``) has checked that every tensor lies
/// within its file.
public struct ModelFile: Sendable {
  /// The file or folder that was opened.
  public let path: String
  /// In GGUF's vocabulary, whatever the format.
  public let metadata: GGUFMetadata
  /// In the order of the file.
  public let tensors: [StoredTensor]
  private let indexByName: [String: Int]
  private let files: [MappedFile]
  private let resolved: ResolvedBlocks

  /// - Parameter files: those that the pieces of `tensors` are in.
  init(path: String, metadata: GGUFMetadata, tensors: [StoredTensor], files: [MappedFile]) {
    self.path = path
    self.metadata = metadata
    self.tensors = tensors
    self.files = files
    resolved = ResolvedBlocks()
    indexByName = Dictionary(
      tensors.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The tensor of that name, or `nil`.
  public func tensor(named name: String) -> StoredTensor? {
    indexByName[name].map { tensors[$0] }
  }

  /// The tensor of that name.
  ///
  /// - Throws: ``GGUFError/missingTensor(path:name:)``.
  public func requiredTensor(named name: String) throws(GGUFError) -> StoredTensor {
    guard let tensor = tensor(named: name) else { throw .missingTensor(path: path, name: name) }
    return tensor
  }

  /// A tensor's type, where nibble can decode it.
  ///
  /// - Throws: ``GGUFError/unsupportedType(path:tensor:type:)``.
  public func type(of tensor: StoredTensor) throws(GGUFError) -> TensorType {
    guard let type = tensor.type else {
      throw .unsupportedType(path: path, tensor: tensor.name, type: tensor.typeName)
    }
    return type
  }

  /// The packed bytes of a tensor of one piece, valid as long as a copy of this value lives: in the
  /// mapping, or in memory for blocks that had to be put together.
  ///
  /// - Precondition: the tensor is one of this model's.
  public func bytes(of tensor: StoredTensor) -> UnsafeRawBufferPointer {
    precondition(tensor.pieces.count == 1, "a tensor of one piece")
    return bytes(of: tensor.pieces[0])
  }

  /// The packed bytes of some rows of a tensor, valid as long as a copy of this value lives.
  ///
  /// - Precondition: the tensor is one of this model's, and has these rows in one piece.
  /// - Throws: ``GGUFError/unsupportedType(path:tensor:type:)``.
  public func bytes(
    of tensor: StoredTensor, rows: Range<Int>
  ) throws(GGUFError) -> UnsafeRawBufferPointer {
    _ = try type(of: tensor)
    for (piece, found) in tensor.pieces(of: rows) where found.count == rows.count {
      let all = bytes(of: piece)
      let rowBytes = all.count / piece.rows
      return UnsafeRawBufferPointer(
        rebasing: all[found.lowerBound * rowBytes..<found.upperBound * rowBytes])
    }
    preconditionFailure("rows of one piece of the tensor")
  }

  private func bytes(of piece: StoredTensor.Piece) -> UnsafeRawBufferPointer {
    let file = files[piece.file]
    if let nested = piece.nested { return resolved.bytes(of: piece, nested, in: file) }
    return UnsafeRawBufferPointer(rebasing: file.bytes[piece.ranges[0]])
  }

  /// A tensor's values as float32, row-major.
  ///
  /// - Throws: ``GGUFError/unsupportedType(path:tensor:type:)``.
  public func values(of tensor: StoredTensor) throws(GGUFError) -> [Float] {
    let type = try type(of: tensor)
    do {
      var values: [Float] = []
      for piece in tensor.pieces { values += try type.decode(bytes(of: piece)) }
      return values
    } catch {
      throw .quantization(path: path, tensor: tensor.name, error: error)
    }
  }
}

// MARK: - Memory

extension ModelFile {
  /// Bytes of tensors that are used where the files are mapped.
  public var mappedBytes: Int {
    tensors.reduce(0) { sum, tensor in
      tensor.pieces.reduce(sum) { $0 + ($1.nested == nil ? $1.byteCount : 0) }
    }
  }

  /// Bytes of blocks that are put together in memory, all together.
  public var resolvedBytes: Int { tensors.reduce(-mappedBytes) { $0 + $1.residentBytes } }

  /// Frees the blocks of a tensor that had to be put together; they are made again if somebody asks
  /// for them.
  ///
  /// - Precondition: nobody uses its bytes any more.
  func forget(_ tensor: StoredTensor) { tensor.pieces.forEach(resolved.forget) }

  /// Returns the pages that hold nothing but these rows of a tensor, by default all, to the system.
  /// They are read again when they are touched again.
  ///
  /// - Precondition: the tensor is one of this model's and has these rows.
  public func releasePages(of tensor: StoredTensor, rows: Range<Int>? = nil) {
    let rows = rows ?? 0..<tensor.rows
    for (piece, found) in tensor.pieces(of: rows) where piece.nested == nil {
      let rowBytes = piece.byteCount / piece.rows
      let start = piece.offset + found.lowerBound * rowBytes
      files[piece.file].release(start..<start + found.count * rowBytes)
    }
  }

  /// Bytes of the tensors' data that are in this process's memory now; `nil` on systems that do not
  /// tell, unlike Linux.
  public var residentTensorBytes: Int? {
    var sum = 0
    for (index, file) in files.enumerated() {
      let ranges = tensors.flatMap(\.pieces).filter { $0.file == index }.flatMap(\.ranges)
      guard let first = ranges.map(\.lowerBound).min(), let end = ranges.map(\.upperBound).max()
      else { continue }
      guard let bytes = file.residentBytes(in: first..<end) else { return nil }
      sum += bytes
    }
    return sum
  }
}

extension StoredTensor {
  /// The pieces that hold some rows, each with those rows, counted from the piece's first.
  ///
  /// - Precondition: the tensor has these rows.
  fileprivate func pieces(of rows: Range<Int>) -> [(piece: Piece, rows: Range<Int>)] {
    precondition(rows.lowerBound >= 0 && rows.upperBound <= self.rows, "rows of the tensor")
    var first = 0
    return pieces.compactMap { piece in
      defer { first += piece.rows }
      let found = rows.clamped(to: first..<first + piece.rows)
      guard !found.isEmpty || rows.isEmpty else { return nil }
      return (piece, found.lowerBound - first..<found.upperBound - first)
    }
  }
}
