/// A kind of file, or of folder, that holds a model.
protocol ModelFormat: Sendable {
  /// As people call it: `GGUF`.
  static var name: String { get }
  /// True if `path` is of this format.
  ///
  /// - Parameter head: its first bytes; none of a folder, or of what cannot be read.
  static func recognizes(_ path: String, head: UnsafeRawBufferPointer) -> Bool
  /// Opens and checks it. No tensor is read.
  ///
  /// - Throws: ``GGUFError`` that names the file, what is wrong in it, and where.
  static func open(_ path: String) throws(GGUFError) -> ModelFile
}

/// Every format, in the order in which they are asked.
let modelFormats: [any ModelFormat.Type] = [GGUF.self]

extension ModelFile {
  /// Opens and checks a model: its header alone is read.
  ///
  /// - Throws: ``GGUFError`` that names the file, what is wrong in it, and where.
  public init(path: String) throws(GGUFError) {
    try self.init(path: path, formats: modelFormats)
  }

  init(path: String, formats: [any ModelFormat.Type]) throws(GGUFError) {
    let file = Result { () throws(GGUFError) in try MappedFile(path: path) }
    let format = withExtendedLifetime(file) {
      let bytes = (try? file.get())?.bytes ?? UnsafeRawBufferPointer(start: nil, count: 0)
      let head = UnsafeRawBufferPointer(rebasing: bytes.prefix(4096))
      return formats.first { $0.recognizes(path, head: head) }
    }
    guard let format else { throw .notGGUF(path: path, found: FileKind.describe(try file.get())) }
    self = try format.open(path)
  }
}
