import Quantization

/// A GGUF file, memory-mapped: its metadata, its tensors, and their bytes where they lie.
///
/// Opening reads the header alone, and checks every count, offset and length in it against the
/// file's size. Tensor data are touched when somebody reads them.
///
/// The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
public final class GGUFFile: Sendable {
  public let path: String
  /// Bytes of the whole file.
  public let fileSize: Int
  /// 2 or 3.
  public let version: Int
  /// Tensor data start at multiples of this many bytes.
  public let alignment: Int
  /// Where tensor data start.
  public let dataOffset: Int
  public let metadata: GGUFMetadata
  /// In the order of the file.
  public let tensors: [GGUFTensor]
  private let indexByName: [String: Int]
  private let file: MappedFile
  private let resolved = ResolvedTensors()

  /// Opens and checks a file.
  ///
  /// - Throws: ``GGUFError`` that names the file, what is wrong in it, and where.
  public init(path: String) throws(GGUFError) {
    let file = try MappedFile(path: path)
    let header = try GGUFHeader(file)
    self.file = file
    self.path = path
    fileSize = file.bytes.count
    version = header.version
    alignment = header.alignment
    dataOffset = header.dataOffset
    metadata = header.metadata
    let tensors = try GGUFCompanions.join(header.tensors, path: path)
    self.tensors = tensors
    indexByName = Dictionary(
      tensors.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The tensor of that name, or `nil`.
  public func tensor(named name: String) -> GGUFTensor? {
    indexByName[name].map { tensors[$0] }
  }

  /// The tensor of that name.
  ///
  /// - Throws: ``GGUFError/missingTensor(path:name:)``.
  public func requiredTensor(named name: String) throws(GGUFError) -> GGUFTensor {
    guard let tensor = tensor(named: name) else { throw .missingTensor(path: path, name: name) }
    return tensor
  }

  /// A tensor's type, where nibble can decode it.
  ///
  /// - Throws: ``GGUFError/unsupportedType(path:tensor:type:)``.
  public func type(of tensor: GGUFTensor) throws(GGUFError) -> TensorType {
    guard let type = tensor.type else {
      throw .unsupportedType(path: path, tensor: tensor.name, type: tensor.typeName)
    }
    return type
  }

  /// A tensor's packed bytes, valid as long as this object lives: in the mapping, or in memory for one
  /// that is made of companions.
  ///
  /// - Precondition: the tensor is one of this file's.
  public func bytes(of tensor: GGUFTensor) -> UnsafeRawBufferPointer {
    if let companions = tensor.companions {
      return resolved.bytes(of: tensor.name, companions, in: file)
    }
    return UnsafeRawBufferPointer(
      rebasing: file.bytes[tensor.fileOffset..<tensor.fileOffset + tensor.byteCount])
  }

  /// Gives back what was made of a tensor's companions; for those who do not come back to it.
  ///
  /// - Precondition: nobody uses its bytes any more.
  func forget(_ tensor: GGUFTensor) { resolved.forget(tensor.name) }

  /// The tensors that a tensor is in the file: itself, or its companions.
  func parts(
    of tensor: GGUFTensor
  ) -> [(name: String, typeCode: UInt32, shape: [Int], bytes: UnsafeRawBufferPointer)] {
    guard let companions = tensor.companions else {
      return [(tensor.name, tensor.typeCode, tensor.shape, bytes(of: tensor))]
    }
    let ranges = [companions.nibbles, companions.codes, companions.nested, companions.offset]
    let entries = GGUFCompanions.entries(rows: tensor.rows, cols: tensor.cols)
    return zip(GGUFCompanions.suffixes, zip(ranges, entries)).map { suffix, part in
      (
        "\(tensor.name).\(companions.type.name)\(suffix)", part.1.typeCode, part.1.shape,
        UnsafeRawBufferPointer(rebasing: file.bytes[part.0])
      )
    }
  }

  /// Gives the pages that hold nothing but these rows of a tensor, by default all, back to the
  /// system. They are read anew where they are touched again.
  ///
  /// - Precondition: the tensor is one of this file's and has these rows.
  public func releasePages(of tensor: GGUFTensor, rows: Range<Int>? = nil) {
    let rows = rows ?? 0..<tensor.rows
    precondition(rows.lowerBound >= 0 && rows.upperBound <= tensor.rows, "rows of the tensor")
    guard tensor.isMapped, tensor.rows > 0 else { return }
    let rowBytes = tensor.byteCount / tensor.rows
    let start = tensor.fileOffset + rows.lowerBound * rowBytes
    file.release(start..<start + rows.count * rowBytes)
  }

  /// Bytes of the tensors' data that are in this process's memory now; `nil` where the system does
  /// not tell, as Linux does.
  public var residentTensorBytes: Int? { file.residentBytes(in: dataOffset..<fileSize) }

  /// The packed bytes of some rows of a tensor, valid as long as this object lives.
  ///
  /// - Precondition: the tensor is one of this file's and has these rows.
  /// - Throws: ``GGUFError/unsupportedType(path:tensor:type:)``.
  public func bytes(
    of tensor: GGUFTensor, rows: Range<Int>
  ) throws(GGUFError) -> UnsafeRawBufferPointer {
    _ = try type(of: tensor)
    precondition(rows.lowerBound >= 0 && rows.upperBound <= tensor.rows, "rows of the tensor")
    let all = bytes(of: tensor)
    let rowBytes = all.count / tensor.rows
    return UnsafeRawBufferPointer(
      rebasing: all[rows.lowerBound * rowBytes..<rows.upperBound * rowBytes])
  }

  /// A tensor's values as float32, row-major.
  ///
  /// - Throws: ``GGUFError/unsupportedType(path:tensor:type:)``.
  public func values(of tensor: GGUFTensor) throws(GGUFError) -> [Float] {
    let type = try type(of: tensor)
    do {
      return try type.decode(bytes(of: tensor))
    } catch {
      throw .quantization(path: path, tensor: tensor.name, error: error)
    }
  }
}
