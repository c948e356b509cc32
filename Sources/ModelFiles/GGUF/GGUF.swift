/// A GGUF file: the model in it, and what else the file says, for those who list it or write
/// another.
///
/// Opening reads the header alone, and checks every count, offset and length in it against the
/// file's size.
///
/// The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
public struct GGUF: Sendable {
  public static let name = "GGUF"

  public let model: ModelFile
  /// Bytes of the whole file.
  public let fileSize: Int
  /// 2 or 3.
  public let version: Int
  /// Tensor data start at multiples of this many bytes.
  public let alignment: Int
  /// Where tensor data start.
  public let dataOffset: Int
  /// Tensors as the file lists them: a matrix of nf4 or fp4 is four.
  let entries: [GGUFTensor]
  private let indexByName: [String: Int]
  private let file: MappedFile

  /// Opens and checks a file.
  ///
  /// - Throws: ``GGUFError`` that names the file, what is wrong in it, and where.
  public init(path: String) throws(GGUFError) {
    let file = try MappedFile(path: path)
    let header = try GGUFHeader(file)
    self.file = file
    fileSize = file.bytes.count
    version = header.version
    alignment = header.alignment
    dataOffset = header.dataOffset
    entries = header.tensors
    indexByName = header.indexByName
    model = ModelFile(
      path: path, metadata: header.metadata,
      tensors: try GGUFCompanions.join(header.tensors, path: path), files: [file])
  }

  /// The entries that a tensor of the model is in the file: one, or its companions.
  func entries(of tensor: StoredTensor) -> [GGUFTensor] {
    let names =
      tensor.isMapped
      ? [tensor.name] : GGUFCompanions.names(of: tensor.name, typeName: tensor.typeName)
    return names.compactMap { indexByName[$0] }.map { entries[$0] }
  }

  /// The data of an entry of this file, valid as long as a copy of this value lives.
  func bytes(of entry: GGUFTensor) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: file.bytes[entry.bytes])
  }
}

extension GGUF: ModelFormat {
  static func recognizes(_ path: String, head: UnsafeRawBufferPointer) -> Bool {
    head.starts(with: GGUFHeader.magic.utf8)
  }

  static func open(_ path: String) throws(GGUFError) -> ModelFile {
    try GGUF(path: path).model
  }
}
