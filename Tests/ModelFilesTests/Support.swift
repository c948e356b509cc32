import Foundation
import Testing

@testable import ModelFiles

/// Files that scripts/fixtures/gguf_files.py wrote.
func fixturePath(_ name: String) throws -> String {
  try #require(
    Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: nil), "fixture \(name)"
  ).path
}

func fixtureBytes(_ name: String) throws -> [UInt8] {
  Array(try Data(contentsOf: URL(fileURLWithPath: fixturePath(name))))
}

/// FNV-1a, 64 bits.
func fnv(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
  bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
}

/// A GGUF file put together field by field, for what no writer would write.
struct HandMadeFile {
  var bytes: [UInt8] = []

  init(version: UInt32 = 3, tensors: UInt64 = 0, keys: UInt64 = 0) {
    bytes = Array("GGUF".utf8)
    bytes.append(integer: version)
    bytes.append(integer: tensors)
    bytes.append(integer: keys)
  }

  mutating func key(_ name: String, _ value: GGUFValue) {
    bytes.append(string: name)
    bytes.append(integer: value.type.rawValue)
    bytes.append(payloadOf: value)
  }

  /// - Parameter dims: innermost first, as in the file.
  mutating func tensor(_ name: String, dims: [UInt64], type: UInt32 = 0, offset: UInt64 = 0) {
    bytes.append(string: name)
    bytes.append(integer: UInt32(dims.count))
    for size in dims { bytes.append(integer: size) }
    bytes.append(integer: type)
    bytes.append(integer: offset)
  }

  /// Zeros to the next multiple of `alignment`, then `count` bytes of data.
  mutating func data(_ count: Int, alignment: Int = 32) {
    while bytes.count % alignment != 0 { bytes.append(0) }
    bytes += [UInt8](repeating: 1, count: count)
  }
}
