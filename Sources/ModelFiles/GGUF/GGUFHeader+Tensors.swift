extension GGUFHeader {
  /// A tensor's entry as it stands in the file, before it is known where the data start.
  struct Entry {
    let name: String
    let typeCode: UInt32
    let shape: [Int]
    /// From the start of the data.
    let offset: Int
    /// `nil` for a type whose block size is not known.
    let byteCount: Int?
    /// Where the entry itself starts, for errors.
    let entryOffset: Int
  }

  mutating func readTensors(_ reader: inout ByteReader, count: Int) throws(GGUFError) {
    let file = reader.file
    var entries: [Entry] = []
    // Damage can make the count of a large file large; more room is taken as entries come.
    entries.reserveCapacity(Swift.min(count, 1 << 16))
    indexByName.reserveCapacity(Swift.min(count, 1 << 16))
    for index in 0..<count {
      let entry = try Self.readEntry(&reader, alignment: alignment)
      guard indexByName.updateValue(index, forKey: entry.name) == nil else {
        throw .invalid(
          path: file.path, what: "tensor \(entry.name)", offset: entry.entryOffset,
          expected: "there once", found: "repeated")
      }
      entries.append(entry)
    }
    dataOffset = (reader.offset + alignment - 1) & ~(alignment - 1)
    try place(entries, file)
  }

  private static func readEntry(
    _ reader: inout ByteReader, alignment: Int
  ) throws(GGUFError) -> Entry {
    let path = reader.file.path
    let start = reader.offset
    let name = try reader.readName("a tensor's name")
    let shape = try readShape(&reader, name: name)
    let typeCode = try reader.read(UInt32.self, "the type of tensor \(name)")
    let offsetStart = reader.offset
    let rawOffset = try reader.read(UInt64.self, "the offset of tensor \(name)")
    guard let offset = Int(exactly: rawOffset), offset % alignment == 0,
      offset <= maximumOffset
    else {
      throw .invalid(
        path: path, what: "the offset of tensor \(name)", offset: offsetStart,
        expected: "a multiple of \(alignment), and less than 2^60", found: "\(rawOffset)")
    }
    return Entry(
      name: name, typeCode: typeCode, shape: shape, offset: offset,
      byteCount: try byteCount(shape, typeCode, name: name, path: path, offset: start),
      entryOffset: start)
  }

  /// Dimensions come innermost first in the file, and go out outermost first.
  private static func readShape(
    _ reader: inout ByteReader, name: String
  ) throws(GGUFError) -> [Int] {
    let path = reader.file.path
    let start = reader.offset
    let dimensions = try reader.read(UInt32.self, "the number of dimensions of tensor \(name)")
    guard (1...4).contains(dimensions) else {
      throw .invalid(
        path: path, what: "the number of dimensions of tensor \(name)", offset: start,
        expected: "1 to 4", found: "\(dimensions)")
    }
    var shape: [Int] = []
    var product = 1
    for _ in 0..<dimensions {
      let start = reader.offset
      let length = try reader.read(UInt64.self, "a dimension of tensor \(name)")
      let (next, overflow) = product.multipliedReportingOverflow(by: Int(clamping: length))
      guard length > 0, !overflow, let size = Int(exactly: length) else {
        throw .invalid(
          path: path, what: "a dimension of tensor \(name)", offset: start,
          expected: "1 or more and small enough to count the values", found: "\(length)")
      }
      product = next
      shape.append(size)
    }
    return shape.reversed()
  }

  private static func byteCount(
    _ shape: [Int], _ typeCode: UInt32, name: String, path: String, offset: Int
  ) throws(GGUFError) -> Int? {
    guard let type = GGMLType(code: typeCode), let cols = shape.last else { return nil }
    guard cols % type.blockSize == 0 else {
      throw .invalid(
        path: path, what: "the row length of \(type.name) tensor \(name)", offset: offset,
        expected: "a multiple of \(type.blockSize)", found: "\(cols)")
    }
    let blocks = shape.reduce(1, *) / type.blockSize
    let (bytes, overflow) = blocks.multipliedReportingOverflow(by: type.blockBytes)
    guard !overflow else {
      throw .invalid(
        path: path, what: "the size of tensor \(name)", offset: offset,
        expected: "less than 2^63 bytes", found: "\(blocks) blocks of \(type.blockBytes) bytes")
    }
    return bytes
  }

  /// Checks that all data lie within the file and none over others, and fills ``tensors``.
  private mutating func place(_ entries: [Entry], _ file: MappedFile) throws(GGUFError) {
    // No sum below overflows: offsets and alignment are bounded where they are read.
    let available = Swift.max(file.bytes.count - dataOffset, 0)
    let order = entries.indices.sorted { entries[$0].offset < entries[$1].offset }
    var byteCounts = [Int](repeating: 0, count: entries.count)
    var last: (name: String, needed: Int)?
    for (place, index) in order.enumerated() {
      let entry = entries[index]
      let next = place + 1 < order.count ? entries[order[place + 1]] : nil
      let room = (next?.offset ?? Swift.max(available, entry.offset)) - entry.offset
      // Of a type that nobody here knows: whatever lies before the next tensor.
      let bytes = entry.byteCount ?? room
      if let next, room < bytes {
        throw .invalid(
          path: file.path, what: "the offset of tensor \(next.name)", offset: next.entryOffset,
          expected: "after tensor \(entry.name), which takes \(bytes) bytes from \(entry.offset)",
          found: "\(next.offset)")
      }
      byteCounts[index] = bytes
      last = (entry.name, Self.saturatingSum(entry.offset, bytes))
    }
    if let last, last.needed > available {
      throw .truncated(
        path: file.path, what: "the tensor data, up to tensor \(last.name),", offset: dataOffset,
        expected: last.needed, found: available)
    }
    for (index, entry) in entries.enumerated() where entry.byteCount == nil {
      try Self.checkCount(of: entry, bytes: byteCounts[index], path: file.path)
    }
    tensors = entries.indices.map { index in
      let entry = entries[index]
      let start = dataOffset + entry.offset
      return GGUFTensor(
        name: entry.name, typeCode: entry.typeCode, shape: entry.shape,
        bytes: start..<start + byteCounts[index])
    }
  }

  /// No format packs more values than this into a byte: one of a bit each has eight of them.
  private static let mostValuesPerByte = 256

  /// Checks that a tensor of a type that nobody here knows has room for its values, so that the
  /// counts of all tensors can be added up.
  private static func checkCount(
    of entry: Entry, bytes: Int, path: String
  ) throws(GGUFError) {
    let count = entry.shape.reduce(1, *)
    guard (count - 1) / mostValuesPerByte >= bytes else { return }
    throw .invalid(
      path: path, what: "the size of tensor \(entry.name)", offset: entry.entryOffset,
      expected: "at most \(mostValuesPerByte) values in each of its \(bytes) bytes",
      found: "\(count) values")
  }

  private static func saturatingSum(_ left: Int, _ right: Int) -> Int {
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? .max : sum
  }
}
