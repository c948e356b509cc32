/// The little-endian bytes of integers, one after the other.
func littleEndianBytes<T: FixedWidthInteger>(_ values: [T]) -> [UInt8] {
  values.map(\.littleEndian).withUnsafeBytes { Array($0) }
}

extension [UInt8] {
  mutating func append<T: FixedWidthInteger>(integer value: T) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }

  /// A string as the format has it: a 64-bit length, then the UTF-8 bytes.
  mutating func append(string: String) {
    append(integer: UInt64(string.utf8.count))
    append(contentsOf: string.utf8)
  }

  /// A value without its type; of an array, its element type and its count come first.
  mutating func append(payloadOf value: GGUFValue) {
    switch value {
    case .uint8(let value): append(integer: value)
    case .int8(let value): append(integer: value)
    case .uint16(let value): append(integer: value)
    case .int16(let value): append(integer: value)
    case .uint32(let value): append(integer: value)
    case .int32(let value): append(integer: value)
    case .uint64(let value): append(integer: value)
    case .int64(let value): append(integer: value)
    case .float32(let value): append(integer: value.bitPattern)
    case .float64(let value): append(integer: value.bitPattern)
    case .bool(let value): append(value ? 1 : 0)
    case .string(let value): append(string: value)
    case .array(let array):
      append(integer: array.elementType.rawValue)
      append(integer: UInt64(array.count))
      array.withBytes { append(contentsOf: $0) }
    }
  }
}
