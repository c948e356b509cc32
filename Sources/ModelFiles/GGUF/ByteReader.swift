/// Reads little-endian fields from a mapped file, one after the other. Whatever would pass the
/// end throws ``GGUFError/truncated(path:what:offset:expected:found:)``.
struct ByteReader {
  let file: MappedFile
  private(set) var offset: Int

  init(_ file: MappedFile, offset: Int = 0) {
    self.file = file
    self.offset = offset
  }

  var remaining: Int { file.bytes.count - offset }

  /// - Parameter what: the field's name, for the error.
  mutating func read<T: FixedWidthInteger>(
    _ type: T.Type, _ what: @autoclosure () -> String
  ) throws(GGUFError) -> T {
    let start = offset
    try skip(MemoryLayout<T>.size, what())
    return T(littleEndian: file.bytes.loadUnaligned(fromByteOffset: start, as: T.self))
  }

  /// A 64-bit count that must fit what is left of the file, `minimumSize` bytes or more each.
  mutating func readCount(
    minimumSize: Int, _ what: @autoclosure () -> String
  ) throws(GGUFError) -> Int {
    let start = offset
    let count = try read(UInt64.self, what())
    let most = remaining / minimumSize
    guard count <= UInt64(most) else {
      throw .invalid(
        path: file.path, what: what(), offset: start,
        expected: "at most \(most), for which the file has room", found: "\(count)")
    }
    return Int(count)
  }

  /// The bytes of a string: a 64-bit length, then that many bytes.
  mutating func readStringBytes(
    _ what: @autoclosure () -> String
  ) throws(GGUFError) -> UnsafeRawBufferPointer {
    let start = offset
    let length = try read(UInt64.self, what())
    guard let count = Int(exactly: length), count <= remaining else {
      throw .truncated(
        path: file.path, what: what(), offset: start,
        expected: Int(clamping: length), found: remaining)
    }
    let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[offset..<offset + count])
    offset += count
    return bytes
  }

  /// A string that names something: UTF-8 with no control characters, which could play tricks on a
  /// terminal, neither empty nor longer than the format allows.
  mutating func readName(_ what: @autoclosure () -> String) throws(GGUFError) -> String {
    let start = offset
    let bytes = try readStringBytes(what())
    guard (1...65535).contains(bytes.count) else {
      throw .invalid(
        path: file.path, what: what(), offset: start,
        expected: "1 to 65535 bytes long", found: "\(bytes.count)")
    }
    guard let name = String(validating: bytes, as: UTF8.self),
      bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7f })
    else {
      throw .invalid(
        path: file.path, what: what(), offset: start, expected: "text in UTF-8",
        found: "other bytes")
    }
    return name
  }

  mutating func skip(_ count: Int, _ what: @autoclosure () -> String) throws(GGUFError) {
    guard count <= remaining else {
      throw .truncated(
        path: file.path, what: what(), offset: offset, expected: count, found: remaining)
    }
    offset += count
  }
}
