import Foundation
import TestSupport
import Testing

@testable import ModelFiles

struct GGUFMetadataTests {
  private func metadata() throws -> GGUFMetadata {
    try ModelFile(path: try fixturePath("v3.gguf")).metadata
  }

  @Test func integersOfEveryWidth() throws {
    let metadata = try metadata()
    #expect(try metadata.int("a.uint8") == 200)
    #expect(try metadata.int("a.int8") == -100)
    #expect(try metadata.int("a.uint16") == 60000)
    #expect(try metadata.int("a.int16") == -30000)
    #expect(try metadata.int("a.uint32") == 4_000_000_000)
    #expect(try metadata.int("a.int32") == -2_000_000_000)
    #expect(try metadata.int("a.int64") == -(1 << 62))
    // One that an Int cannot hold.
    #expect(metadata["a.uint64"] == .uint64(1 << 63 + 1))
    #expect(throws: GGUFError.self) { try metadata.int("a.uint64") }
  }

  @Test func otherTypes() throws {
    let metadata = try metadata()
    #expect(try metadata.string("general.architecture") == "llama")
    #expect(try metadata.string("a.empty") == "")
    #expect(try metadata.float("a.float32") == 0.15625)
    #expect(try metadata.float("a.float64") == 0.1)
    #expect(try metadata.float("a.uint8") == 200)
    #expect(try metadata.bool("a.bool"))
    #expect(try metadata.strings("b.strings") == ["", "a", "Ġthe", "日本語"])
    #expect(try metadata.ints("b.int32s") == [-1, 0, Int(Int32.max)])
    #expect(try metadata.ints("b.uint64s") == [1, 1 << 40])
    #expect(try metadata.ints("b.bytes") == [0, 255])
    #expect(try metadata.floats("b.float32s") == [0.5, -1.25])
  }

  @Test func missingKeysAreNamedOrHaveDefaults() throws {
    let metadata = try metadata()
    let error = GGUFError.missingKey(path: metadata.path, key: "no.such")
    #expect(throws: error) { try metadata.string("no.such") }
    #expect(throws: error) { try metadata.int("no.such") }
    #expect(throws: error) { try metadata.float("no.such") }
    #expect(throws: error) { try metadata.bool("no.such") }
    #expect(throws: error) { try metadata.strings("no.such") }
    #expect(throws: error) { try metadata.ints("no.such") }
    #expect(throws: error) { try metadata.floats("no.such") }
    #expect("\(error)".contains("no.such") && "\(error)".contains("v3.gguf"))
    #expect(try metadata.optionalString("no.such") == nil)
    #expect(try metadata.optionalStrings("no.such") == nil)
    #expect(try metadata.int("no.such", default: 3) == 3)
    #expect(try metadata.float("no.such", default: 0.5) == 0.5)
    #expect(try metadata.bool("no.such", default: true))
    #expect(try metadata.int("a.uint8", default: 3) == 200)
  }

  /// A default is for a key that is missing, not for one that is wrong.
  @Test func otherTypesThanWantedAreErrors() throws {
    let metadata = try metadata()
    #expect(
      throws: GGUFError.wrongValue(
        path: metadata.path, key: "a.empty", expected: "an integer of at most 63 bits",
        found: "string")
    ) {
      try metadata.int("a.empty", default: 3)
    }
    #expect(
      throws: GGUFError.wrongValue(
        path: metadata.path, key: "b.int32s", expected: "an array of strings",
        found: "array of 3 int32")
    ) {
      try metadata.optionalStrings("b.int32s")
    }
    #expect(throws: GGUFError.self) { try metadata.string("a.uint8") }
    #expect(throws: GGUFError.self) { try metadata.bool("a.uint8") }
    #expect(throws: GGUFError.self) { try metadata.ints("b.float32s") }
    #expect(throws: GGUFError.self) { try metadata.ints("a.uint8") }
    #expect(throws: GGUFError.self) { try metadata.floats("b.int32s") }
    #expect(throws: GGUFError.self) { try metadata.float("a.empty") }
  }
}

struct GGUFArrayTests {
  @Test func madeAndReadBack() {
    #expect(GGUFArray(["a", "", "ß"]).strings == ["a", "", "ß"])
    #expect(GGUFArray([1, -2] as [Int32]).ints == [1, -2])
    #expect(GGUFArray([1, .max] as [UInt32]).ints == [1, Int(UInt32.max)])
    #expect(GGUFArray([1.5, -0.0] as [Float]).floats == [1.5, 0])
    #expect(GGUFArray([1] as [Int32]).strings == nil)
    #expect(GGUFArray(["a"]).ints == nil)
    #expect(GGUFArray([String]()).strings == [])
  }

  @Test func arraysOfArrays() {
    let inner = [GGUFArray(["x", "y"]), GGUFArray(["z"])].map(GGUFValue.array)
    let outer = GGUFArray(
      elementType: .array,
      [.array(GGUFArray(elementType: .array, inner)), .array(GGUFArray([1.0]))])
    #expect(outer.count == 2)
    #expect(outer.values().first?.arrayValue?.values() == inner)
    #expect(outer.values(limit: 1).count == 1)
    #expect(outer.values(limit: -1).isEmpty)
    #expect(outer.values().last?.arrayValue?.floats == [1])
  }

  @Test func integersThatDoNotFitAreNone() {
    #expect(GGUFArray(elementType: .uint64, [.uint64(.max)]).ints == nil)
    #expect(GGUFArray(elementType: .uint64, [.uint64(7)]).ints == [7])
  }

  /// Vocabularies of some tokenizers have pieces that are no UTF-8.
  @Test func bytesThatAreNoTextAreStillThere() throws {
    let directory = try ScratchFolder()
    var made = HandMadeFile(keys: 1)
    made.bytes.append(string: "tokens")
    made.bytes.append(integer: GGUFValueType.array.rawValue)
    made.bytes.append(integer: GGUFValueType.string.rawValue)
    made.bytes.append(integer: UInt64(1))
    made.bytes.append(integer: UInt64(2))
    made.bytes += [0x61, 0xff]
    let file = try ModelFile(path: try directory.write(made.bytes))
    #expect(try file.metadata.strings("tokens") == ["a\u{fffd}"])
    var pieces: [[UInt8]] = []
    file.metadata["tokens"]?.arrayValue?.forEachString { pieces.append(Array($0)) }
    #expect(pieces == [[0x61, 0xff]])
  }
}
