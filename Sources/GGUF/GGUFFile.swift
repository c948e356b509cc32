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
    tensors = header.tensors
    indexByName = header.indexByName
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

  /// A tensor's packed bytes, in the mapping: valid as long as this object lives.
  ///
  /// - Precondition: the tensor is one of this file's.
  public func bytes(of tensor: GGUFTensor) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(
      rebasing: file.bytes[tensor.fileOffset..<tensor.fileOffset + tensor.byteCount])
  }

  /// Gives the pages that hold nothing but these rows of a tensor, by default all, back to the
  /// system. They are read anew where they are touched again.
  ///
  /// - Precondition: the tensor is one of this file's and has these rows.
  public func releasePages(of tensor: GGUFTensor, rows: Range<Int>? = nil) {
    let rows = rows ?? 0..<tensor.rows
    precondition(rows.lowerBound >= 0 && rows.upperBound <= tensor.rows, "rows of the tensor")
    guard tensor.rows > 0 else { return }
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
    let rowBytes = tensor.byteCount / tensor.rows
    return UnsafeRawBufferPointer(
      rebasing: bytes(of: tensor)[rows.lowerBound * rowBytes..<rows.upperBound * rowBytes])
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
