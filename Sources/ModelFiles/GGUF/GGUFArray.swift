/// An array in the metadata: elements of one type, kept as the bytes that the file has.
///
/// Nothing is decoded until asked for, so that a vocabulary of 150,000 strings costs nothing to
/// open. The bytes were checked when the file was opened: every element lies within them.
public struct GGUFArray: Sendable {
  public let elementType: GGUFValueType
  public let count: Int
  private let storage: Storage

  private enum Storage: Sendable {
    case mapped(MappedFile, Range<Int>)
    case owned([UInt8])
  }

  /// An array that lies in a file, already checked.
  init(elementType: GGUFValueType, count: Int, file: MappedFile, range: Range<Int>) {
    self.elementType = elementType
    self.count = count
    storage = .mapped(file, range)
  }

  private init(elementType: GGUFValueType, count: Int, bytes: [UInt8]) {
    self.elementType = elementType
    self.count = count
    storage = .owned(bytes)
  }

  public init(_ strings: [String]) {
    var bytes: [UInt8] = []
    for string in strings { bytes.append(string: string) }
    self.init(elementType: .string, count: strings.count, bytes: bytes)
  }

  public init(_ values: [Int32]) {
    self.init(elementType: .int32, count: values.count, bytes: littleEndianBytes(values))
  }

  public init(_ values: [UInt32]) {
    self.init(elementType: .uint32, count: values.count, bytes: littleEndianBytes(values))
  }

  public init(_ values: [Float]) {
    let bytes = littleEndianBytes(values.map(\.bitPattern))
    self.init(elementType: .float32, count: values.count, bytes: bytes)
  }

  /// An array of any one type.
  ///
  /// - Precondition: every element is of type `elementType`.
  public init(elementType: GGUFValueType, _ values: [GGUFValue]) {
    var bytes: [UInt8] = []
    for value in values {
      precondition(value.type == elementType, "an array has elements of one type")
      bytes.append(payloadOf: value)
    }
    self.init(elementType: elementType, count: values.count, bytes: bytes)
  }

  /// The elements' bytes as in the file: numbers little endian, strings each after its length.
  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    switch storage {
    case .mapped(let file, let range):
      body(UnsafeRawBufferPointer(rebasing: file.bytes[range]))
    case .owned(let bytes):
      bytes.withUnsafeBytes(body)
    }
  }

  /// Calls `body` with each string's bytes, or not at all for an array of another type.
  public func forEachString(_ body: (UnsafeRawBufferPointer) -> Void) {
    guard elementType == .string else { return }
    withBytes { bytes in
      var offset = 0
      for _ in 0..<count {
        let length = Int(
          UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
        body(UnsafeRawBufferPointer(rebasing: bytes[offset + 8..<offset + 8 + length]))
        offset += 8 + length
      }
    }
  }

  /// The strings, or `nil` for an array of another type. Bytes that are no UTF-8 become U+FFFD.
  public var strings: [String]? {
    guard elementType == .string else { return nil }
    var strings: [String] = []
    strings.reserveCapacity(count)
    forEachString { strings.append(String(decoding: $0, as: UTF8.self)) }
    return strings
  }

  /// The numbers, or `nil` unless all are integers that an `Int` holds.
  public var ints: [Int]? {
    switch elementType {
    case .uint8: return integers(UInt8.self)
    case .int8: return integers(Int8.self)
    case .uint16: return integers(UInt16.self)
    case .int16: return integers(Int16.self)
    case .uint32: return integers(UInt32.self)
    case .int32: return integers(Int32.self)
    case .uint64: return integers(UInt64.self)
    case .int64: return integers(Int64.self)
    case .float32, .float64, .bool, .string, .array: return nil
    }
  }

  /// The numbers as float32, or `nil` unless the elements are floats.
  public var floats: [Float]? {
    switch elementType {
    case .float32: numbers(UInt32.self) { Float(bitPattern: $0) }
    case .float64: numbers(UInt64.self) { Float(Double(bitPattern: $0)) }
    default: nil
    }
  }

  /// The first elements, at most `limit` of them.
  public func values(limit: Int = .max) -> [GGUFValue] {
    let wanted = Swift.min(count, Swift.max(limit, 0))
    return withBytes { bytes in
      var cursor = ValueCursor(bytes: bytes)
      return (0..<wanted).map { _ in cursor.next(elementType) }
    }
  }

  private func integers<T: FixedWidthInteger>(_ type: T.Type) -> [Int]? {
    let values = numbers(type) { Int(exactly: $0) }
    let present = values.compactMap(\.self)
    return present.count == values.count ? present : nil
  }

  private func numbers<T: FixedWidthInteger, Value>(
    _ type: T.Type, _ convert: (T) -> Value
  ) -> [Value] {
    withBytes { bytes in
      (0..<count).map { index in
        convert(
          T(
            littleEndian: bytes.loadUnaligned(
              fromByteOffset: index * MemoryLayout<T>.size, as: T.self)))
      }
    }
  }
}

extension GGUFArray: Equatable {
  /// Whether type, count and bytes are the same.
  public static func == (left: GGUFArray, right: GGUFArray) -> Bool {
    left.elementType == right.elementType && left.count == right.count
      && left.withBytes { leftBytes in right.withBytes { leftBytes.elementsEqual($0) } }
  }
}

/// Decodes bytes that were checked before, one value after the other.
private struct ValueCursor {
  let bytes: UnsafeRawBufferPointer
  var offset = 0

  mutating func integer<T: FixedWidthInteger>(_ type: T.Type) -> T {
    defer { offset += MemoryLayout<T>.size }
    return T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
  }

  mutating func next(_ type: GGUFValueType) -> GGUFValue {
    switch type {
    case .uint8: return .uint8(integer(UInt8.self))
    case .int8: return .int8(integer(Int8.self))
    case .uint16: return .uint16(integer(UInt16.self))
    case .int16: return .int16(integer(Int16.self))
    case .uint32: return .uint32(integer(UInt32.self))
    case .int32: return .int32(integer(Int32.self))
    case .uint64: return .uint64(integer(UInt64.self))
    case .int64: return .int64(integer(Int64.self))
    case .float32: return .float32(Float(bitPattern: integer(UInt32.self)))
    case .float64: return .float64(Double(bitPattern: integer(UInt64.self)))
    case .bool: return .bool(integer(UInt8.self) != 0)
    case .string:
      let length = Int(integer(UInt64.self))
      defer { offset += length }
      return .string(String(decoding: bytes[offset..<offset + length], as: UTF8.self))
    case .array:
      guard let elementType = GGUFValueType(rawValue: integer(UInt32.self)) else {
        preconditionFailure("array element types are checked when a file is opened")
      }
      let count = Int(integer(UInt64.self))
      let start = offset
      for _ in 0..<count { _ = next(elementType) }
      return .array(
        GGUFArray(elementType: elementType, count: count, copying: bytes[start..<offset]))
    }
  }
}

extension GGUFArray {
  fileprivate init(
    elementType: GGUFValueType, count: Int, copying bytes: Slice<UnsafeRawBufferPointer>
  ) {
    self.init(elementType: elementType, count: count, bytes: Array(bytes))
  }
}
