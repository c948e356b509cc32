/// Everything before the tensor data, read and checked.
struct GGUFHeader {
  static let magic = "GGUF"
  /// The alignment of a file that does not say.
  static let defaultAlignment = 32
  static let alignmentKey = "general.alignment"
  /// Larger alignments and tensor offsets are taken for damage; sums of them never overflow.
  static let maximumAlignment = 1 << 30
  static let maximumOffset = 1 << 60
  /// Arrays of arrays deeper than this are taken for damage.
  static let maximumNesting = 8

  let version: Int
  var alignment = Self.defaultAlignment
  var dataOffset = 0
  var metadata: GGUFMetadata
  var tensors: [GGUFTensor] = []
  var indexByName: [String: Int] = [:]

  init(_ file: MappedFile) throws(GGUFError) {
    var reader = ByteReader(file)
    version = try Self.readVersion(&reader)
    metadata = GGUFMetadata(path: file.path)
    // A tensor's entry takes at least 32 bytes, a key's at least 13: see where they are read.
    let tensorCount = try reader.readCount(minimumSize: 32, "the number of tensors")
    let keyCount = try reader.readCount(minimumSize: 13, "the number of metadata keys")
    for _ in 0..<keyCount { try readKey(&reader) }
    try readAlignment(file)
    try readTensors(&reader, count: tensorCount)
  }

  private static func readVersion(_ reader: inout ByteReader) throws(GGUFError) -> Int {
    let path = reader.file.path
    guard reader.file.bytes.starts(with: magic.utf8) else {
      throw .notGGUF(path: path, found: FileKind.describe(reader.file))
    }
    try reader.skip(4, "the magic")
    let version = try reader.read(UInt32.self, "the version")
    if version & 0xffff == 0, version != 0 { throw .bigEndian(path: path) }
    guard version == 2 || version == 3 else {
      throw .unsupportedVersion(path: path, version: Int(version))
    }
    return Int(version)
  }

  // MARK: Metadata

  private mutating func readKey(_ reader: inout ByteReader) throws(GGUFError) {
    let start = reader.offset
    let key = try reader.readName("a metadata key")
    let value = try Self.readValue(&reader, key: key)
    guard metadata.add(key, value) else {
      throw .invalid(
        path: reader.file.path, what: "metadata key \(key)", offset: start,
        expected: "there once", found: "repeated")
    }
  }

  private static func readType(
    _ reader: inout ByteReader, key: String
  ) throws(GGUFError) -> GGUFValueType {
    let start = reader.offset
    let code = try reader.read(UInt32.self, "the type of \(key)")
    guard let type = GGUFValueType(rawValue: code) else {
      throw .invalid(
        path: reader.file.path, what: "the type of \(key)", offset: start,
        expected: "0 to 12", found: "\(code)")
    }
    return type
  }

  private static func readValue(
    _ reader: inout ByteReader, key: String
  ) throws(GGUFError) -> GGUFValue {
    let what = "the value of \(key)"
    let start = reader.offset
    switch try readType(&reader, key: key) {
    case .uint8: return .uint8(try reader.read(UInt8.self, what))
    case .int8: return .int8(try reader.read(Int8.self, what))
    case .uint16: return .uint16(try reader.read(UInt16.self, what))
    case .int16: return .int16(try reader.read(Int16.self, what))
    case .uint32: return .uint32(try reader.read(UInt32.self, what))
    case .int32: return .int32(try reader.read(Int32.self, what))
    case .uint64: return .uint64(try reader.read(UInt64.self, what))
    case .int64: return .int64(try reader.read(Int64.self, what))
    case .float32: return .float32(Float(bitPattern: try reader.read(UInt32.self, what)))
    case .float64: return .float64(Double(bitPattern: try reader.read(UInt64.self, what)))
    case .bool:
      let byte = try reader.read(UInt8.self, what)
      guard byte <= 1 else {
        throw .invalid(
          path: reader.file.path, what: what, offset: start, expected: "a bool, 0 or 1",
          found: "\(byte)")
      }
      return .bool(byte == 1)
    case .string:
      return .string(String(decoding: try reader.readStringBytes(what), as: UTF8.self))
    case .array:
      return .array(try readArray(&reader, key: key, depth: 1))
    }
  }

  /// Checks an array, element by element where they vary in length, and remembers where it lies.
  private static func readArray(
    _ reader: inout ByteReader, key: String, depth: Int
  ) throws(GGUFError) -> GGUFArray {
    let what = "the array \(key)"
    let start = reader.offset
    guard depth <= maximumNesting else {
      throw .invalid(
        path: reader.file.path, what: what, offset: start,
        expected: "nested at most \(maximumNesting) deep", found: "deeper")
    }
    let type = try readType(&reader, key: key)
    // The shortest string is its length of 8 bytes, the shortest array a type and a count.
    let minimumSize = type.size ?? (type == .string ? 8 : 12)
    let count = try reader.readCount(minimumSize: minimumSize, "the length of \(what)")
    let first = reader.offset
    switch type {
    case .string:
      for _ in 0..<count { _ = try reader.readStringBytes("a string in \(what)") }
    case .array:
      for _ in 0..<count { _ = try readArray(&reader, key: key, depth: depth + 1) }
    default:
      try reader.skip(count * minimumSize, what)
    }
    return GGUFArray(
      elementType: type, count: count, file: reader.file, range: first..<reader.offset)
  }

  private mutating func readAlignment(_ file: MappedFile) throws(GGUFError) {
    guard let value = metadata[Self.alignmentKey] else { return }
    guard let found = value.int, (1...Self.maximumAlignment).contains(found),
      found & (found - 1) == 0
    else {
      throw .wrongValue(
        path: file.path, key: Self.alignmentKey, expected: "a power of two up to 2^30",
        found: value.int.map(String.init) ?? value.typeDescription)
    }
    alignment = found
  }
}
