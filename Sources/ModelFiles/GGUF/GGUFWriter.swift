import Basics
import Quantization

/// Writes a GGUF file: metadata and tensors in the order in which they are given.
///
/// The file appears whole or not at all: it is written under another name beside its place, and
/// renamed once everything is stored.
public struct GGUFWriter {
  /// Takes a tensor's bytes while a file is written.
  public final class Sink {
    private let file: AtomicFile
    fileprivate private(set) var count = 0

    fileprivate init(_ file: AtomicFile) { self.file = file }

    /// Appends bytes to the tensor's data.
    ///
    /// - Throws: `FileWriteError`.
    public func write(_ bytes: UnsafeRawBufferPointer) throws {
      try file.write(bytes)
      count += bytes.count
    }

    /// Appends bytes to the tensor's data.
    ///
    /// - Throws: `FileWriteError`.
    public func write(_ bytes: [UInt8]) throws {
      try file.write(bytes)
      count += bytes.count
    }
  }

  private struct Entry {
    let name: String
    let typeCode: UInt32
    let shape: [Int]
    let byteCount: Int
    let data: (Sink) throws -> Void
  }

  private let version: Int
  private var keys: [String] = []
  private var values: [String: GGUFValue] = [:]
  private var entries: [Entry] = []

  /// - Parameters:
  ///   - version: 3, or 2 for readers that want it; the layout is the same.
  ///   - alignment: tensor data start at multiples of this power of two.
  /// - Precondition: such a version, such an alignment.
  public init(version: Int = 3, alignment: Int = 32) {
    precondition(version == 2 || version == 3, "GGUF version 2 or 3")
    precondition(
      alignment > 0 && alignment & (alignment - 1) == 0
        && alignment <= GGUFHeader.maximumAlignment, "a power of two")
    self.version = version
    if alignment != GGUFHeader.defaultAlignment {
      set(GGUFHeader.alignmentKey, .uint32(UInt32(alignment)))
    }
  }

  /// Sets a key, in its place if it is there already, else at the end.
  public mutating func set(_ key: String, _ value: GGUFValue) {
    if values.updateValue(value, forKey: key) == nil { keys.append(key) }
  }

  /// Adds a tensor whose bytes are at hand.
  ///
  /// - Parameter shape: row-major, outermost first.
  public mutating func addTensor(
    _ name: String, type: TensorType, shape: [Int], bytes: [UInt8]
  ) {
    addTensor(name, typeCode: type.rawValue, shape: shape, byteCount: bytes.count) {
      try $0.write(bytes)
    }
  }

  /// Adds a tensor whose bytes are made when the file is written, so that no more than one need be
  /// in memory at a time.
  ///
  /// - Parameters:
  ///   - typeCode: ggml's code; any that ``GGUF`` lists.
  ///   - shape: row-major, outermost first.
  ///   - byteCount: what `data` is going to write.
  ///   - data: writes the tensor's bytes, all of them.
  public mutating func addTensor(
    _ name: String, typeCode: UInt32, shape: [Int], byteCount: Int,
    data: @escaping (Sink) throws -> Void
  ) {
    entries.append(
      Entry(name: name, typeCode: typeCode, shape: shape, byteCount: byteCount, data: data))
  }

  /// Writes the file.
  ///
  /// - Throws: ``GGUFError/cannotDescribe(path:what:)`` if what was given is no valid GGUF,
  ///   `FileWriteError` if the system refuses, or what a tensor's `data`
  ///   throws. Nothing is left behind then.
  public func write(to path: String) throws {
    let alignment = try alignment(path)
    let header = try header(path, alignment: alignment)
    let file = try AtomicFile(path: path)
    try write(header, alignment: alignment, to: file)
    try file.commit()
  }

  func write(_ header: [UInt8], alignment: Int, to file: AtomicFile) throws {
    try file.write(header)
    try file.pad(to: alignment)
    for entry in entries {
      let sink = Sink(file)
      try entry.data(sink)
      guard sink.count == entry.byteCount else {
        throw GGUFError.cannotDescribe(
          path: file.path,
          what: "tensor \(entry.name) has \(sink.count) bytes of data, not \(entry.byteCount)")
      }
      try file.pad(to: alignment)
    }
  }

  private func alignment(_ path: String) throws(GGUFError) -> Int {
    guard let value = values[GGUFHeader.alignmentKey] else { return GGUFHeader.defaultAlignment }
    guard let alignment = value.int, (1...GGUFHeader.maximumAlignment).contains(alignment),
      alignment & (alignment - 1) == 0
    else {
      throw .cannotDescribe(path: path, what: "\(GGUFHeader.alignmentKey) is no power of two")
    }
    return alignment
  }

  /// Everything before the tensor data, without padding.
  func header(_ path: String, alignment: Int) throws(GGUFError) -> [UInt8] {
    var bytes = Array("GGUF".utf8)
    bytes.append(integer: UInt32(version))
    bytes.append(integer: UInt64(entries.count))
    bytes.append(integer: UInt64(keys.count))
    for key in keys {
      guard (1...65535).contains(key.utf8.count), let value = values[key] else {
        throw .cannotDescribe(path: path, what: "a metadata key is empty or too long")
      }
      bytes.append(string: key)
      bytes.append(integer: value.type.rawValue)
      bytes.append(payloadOf: value)
    }
    var names: Set<String> = []
    var offset = 0
    for entry in entries {
      guard names.insert(entry.name).inserted else {
        throw .cannotDescribe(path: path, what: "tensor \(entry.name) is there twice")
      }
      try check(entry, path)
      bytes.append(string: entry.name)
      bytes.append(integer: UInt32(entry.shape.count))
      for size in entry.shape.reversed() { bytes.append(integer: UInt64(size)) }
      bytes.append(integer: entry.typeCode)
      bytes.append(integer: UInt64(offset))
      offset += (entry.byteCount + alignment - 1) & ~(alignment - 1)
    }
    return bytes
  }

  /// The longest tensor name that ggml reads.
  private static let maximumNameLength = 63

  private func check(_ entry: Entry, _ path: String) throws(GGUFError) {
    guard (1...Self.maximumNameLength).contains(entry.name.utf8.count) else {
      throw .cannotDescribe(
        path: path,
        what: "tensor name '\(entry.name)' is not 1 to \(Self.maximumNameLength) bytes long")
    }
    guard (1...4).contains(entry.shape.count), entry.shape.allSatisfy({ $0 > 0 }) else {
      throw .cannotDescribe(
        path: path, what: "tensor \(entry.name) has the shape \(entry.shape)")
    }
    guard let type = GGMLType(code: entry.typeCode) else { return }
    let values = entry.shape.reduce(1, *)
    guard let cols = entry.shape.last, cols % type.blockSize == 0,
      values / type.blockSize * type.blockBytes == entry.byteCount
    else {
      throw .cannotDescribe(
        path: path,
        what: "tensor \(entry.name) of shape \(entry.shape) as \(type.name) does not take "
          + "\(entry.byteCount) bytes")
    }
  }
}
