import Foundation
import TestSupport
import Testing

@testable import ModelFiles

/// Files that are no GGUF files, or damaged ones: one sentence that names the file and the fault.
struct BadFileTests {
  private let directory: ScratchFolder

  init() throws { directory = try ScratchFolder() }

  /// Opens what must not open, checks that the sentence names the file, and returns the error.
  private func error(
    _ path: String, sourceLocation: SourceLocation = #_sourceLocation
  ) -> GGUFError? {
    do {
      _ = try ModelFile(path: path)
      Issue.record("opened", sourceLocation: sourceLocation)
      return nil
    } catch {
      #expect("\(error)".hasPrefix(path), sourceLocation: sourceLocation)
      return error
    }
  }

  private func error(
    _ made: HandMadeFile, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> GGUFError? {
    error(try directory.write(made.bytes), sourceLocation: sourceLocation)
  }

  /// The error must be ``GGUFError/invalid(path:what:offset:expected:found:)`` about `what`.
  private func expectInvalid(
    _ what: String, found: String, _ made: HandMadeFile,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    guard case .invalid(_, what, _, _, found) = try error(made, sourceLocation: sourceLocation)
    else {
      Issue.record(
        "another error: \(String(describing: try error(made)))", sourceLocation: sourceLocation)
      return
    }
  }

  // MARK: Not a file, or not this kind

  @Test func missing() {
    let path = directory.file("none.gguf")
    #expect(error(path) == .cannotOpen(path: path, reason: "No such file or directory"))
  }

  @Test func directories() {
    #expect(error(directory.path) == .notAFile(path: directory.path, found: "a directory"))
  }

  @Test func pipes() {
    let path = directory.file("pipe")
    #expect(mkfifo(path, 0o600) == 0)
    #expect(error(path) == .notAFile(path: path, found: "a pipe"))
  }

  @Test func devices() {
    #expect(error("/dev/null") == .notAFile(path: "/dev/null", found: "a device"))
  }

  @Test(.enabled(if: geteuid() != 0, "root may read everything"))
  func noPermission() throws {
    let path = try directory.write(HandMadeFile().bytes)
    chmod(path, 0)
    #expect(error(path) == .cannotOpen(path: path, reason: "Permission denied"))
  }

  @Test func empty() throws {
    let path = try directory.write([])
    #expect(error(path) == .empty(path: path))
  }

  @Test(arguments: [
    ("SQLite format 3\0", "an SQLite database, perhaps a trace of nibble's"),
    ("PK\u{3}\u{4}…", "a zip archive, as PyTorch checkpoints are"),
    (
      "\u{10}\0\0\0\0\0\0\0{\"a\":1}         ",
      "safetensors, which has to be converted to GGUF first"
    ),
    ("<!DOCTYPE html><html>", "a web page"),
    (
      "version https://git-lfs.github.com/spec/v1\n",
      "a Git LFS pointer, whose model has yet to be fetched"
    ),
    ("tjgg\u{3}", "a GGML file from before GGUF"),
    ("{\"model\": 1}", "JSON"),
    ("Once upon a time\n", "a text"),
    ("\0\0\0\0\0\0\0\0", "nothing but zeros"),
    ("G", "a text"),
    ("GGU\u{1}\u{2}", "something else"),
  ])
  func otherKinds(_ content: String, _ kind: String) throws {
    let path = try directory.write(Array(content.utf8))
    #expect(error(path) == .notGGUF(path: path, found: kind))
  }

  @Test func otherVersions() throws {
    let path = directory.file("model.gguf")
    #expect(try error(HandMadeFile(version: 1)) == .unsupportedVersion(path: path, version: 1))
    #expect(try error(HandMadeFile(version: 4)) == .unsupportedVersion(path: path, version: 4))
    #expect(try error(HandMadeFile(version: 0)) == .unsupportedVersion(path: path, version: 0))
    #expect(try error(HandMadeFile(version: 3 << 24)) == .bigEndian(path: path))
  }

  // MARK: Cut short

  /// Every length at which the fixture can be cut, up to the end of the last tensor's data.
  @Test func everyTruncation() throws {
    let bytes = try fixtureBytes("v3.gguf")
    let whole = try GGUF(path: try fixturePath("v3.gguf"))
    let end = whole.model.tensors.map { $0.fileOffset + $0.byteCount }.max() ?? 0
    for length in 1..<end {
      let path = try directory.write(Array(bytes[..<length]))
      switch error(path) {
      case .truncated(_, _, _, let expected, let found): #expect(expected > found)
      case .invalid(_, _, _, _, _): #expect(length < whole.dataOffset)
      case .notGGUF: #expect(length < 4)
      case let other: Issue.record("\(length): \(String(describing: other))")
      }
    }
    _ = try ModelFile(path: try directory.write(Array(bytes[..<end])))
  }

  @Test func missingBytesAreCounted() throws {
    var made = HandMadeFile(tensors: 2)
    made.tensor("first", dims: [8])
    made.tensor("last", dims: [64, 2], type: 2, offset: 32)
    made.data(32 + 72 - 5)
    let found = try error(made)
    #expect("\(try #require(found))".contains("5 too few"))
    #expect("\(try #require(found))".contains("last"))
  }

  // MARK: Counts and lengths

  @Test func counts() throws {
    try expectInvalid("the number of tensors", found: "\(UInt64.max)", HandMadeFile(tensors: .max))
    try expectInvalid("the number of metadata keys", found: "1000", HandMadeFile(keys: 1000))
  }

  @Test func stringsLongerThanTheFile() throws {
    for length in [UInt64(1000), UInt64(Int.max), .max] {
      var made = HandMadeFile(keys: 1)
      made.bytes.append(integer: length)
      made.bytes += [UInt8](repeating: 0x61, count: 30)
      guard case .truncated(_, "a metadata key", 24, _, 30) = try error(made) else {
        Issue.record("\(length)")
        continue
      }
    }
  }

  @Test func arraysLongerThanTheFile() throws {
    for type in [GGUFValueType.string, .uint8, .float64, .array] {
      var made = HandMadeFile(keys: 1)
      made.bytes.append(string: "k")
      made.bytes.append(integer: GGUFValueType.array.rawValue)
      made.bytes.append(integer: type.rawValue)
      made.bytes.append(integer: UInt64(1) << 61)
      made.data(64)
      try expectInvalid("the length of the array k", found: "\(UInt64(1) << 61)", made)
    }
  }

  @Test func arraysNestedTooDeep() throws {
    var made = HandMadeFile(keys: 1)
    made.bytes.append(string: "k")
    made.bytes.append(integer: GGUFValueType.array.rawValue)
    for _ in 0..<100_000 {
      made.bytes.append(integer: GGUFValueType.array.rawValue)
      made.bytes.append(integer: UInt64(1))
    }
    made.data(64)
    try expectInvalid("the array k", found: "deeper", made)
  }

  @Test func valueTypes() throws {
    var made = HandMadeFile(keys: 1)
    made.bytes.append(string: "k")
    made.bytes.append(integer: UInt32(13))
    made.data(64)
    try expectInvalid("the type of k", found: "13", made)
    made = HandMadeFile(keys: 1)
    made.bytes.append(string: "k")
    made.bytes.append(integer: GGUFValueType.bool.rawValue)
    made.bytes += [2, 0, 0, 0]
    try expectInvalid("the value of k", found: "2", made)
  }

  @Test func names() throws {
    var made = HandMadeFile(keys: 1)
    made.key("", .bool(true))
    made.data(64)
    try expectInvalid("a metadata key", found: "0", made)
    made = HandMadeFile(keys: 1)
    made.bytes.append(integer: UInt64(2))
    made.bytes += [0xc3, 0x28]
    made.data(64)
    try expectInvalid("a metadata key", found: "other bytes", made)
    made = HandMadeFile(keys: 1)
    made.key("\u{1b}[2J", .bool(true))
    made.data(64)
    try expectInvalid("a metadata key", found: "other bytes", made)
    made = HandMadeFile(keys: 2)
    made.key("twice", .bool(true))
    made.key("twice", .bool(true))
    try expectInvalid("metadata key twice", found: "repeated", made)
  }

  @Test(arguments: [
    GGUFValue.uint32(0), .uint32(48), .uint64(1 << 40), .int32(-32), .string("32"), .float32(32),
  ])
  func alignments(_ value: GGUFValue) throws {
    var made = HandMadeFile(keys: 1)
    made.key("general.alignment", value)
    made.data(64)
    guard case .wrongValue(_, "general.alignment", _, _) = try error(made) else {
      Issue.record("\(value)")
      return
    }
  }

  // MARK: Tensors

  private func expectInvalidTensor(
    _ what: String, found: String, dims: [UInt64], type: UInt32 = 0, offset: UInt64 = 0,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    var made = HandMadeFile(tensors: 1)
    made.tensor("t", dims: dims, type: type, offset: offset)
    made.data(256)
    try expectInvalid(what, found: found, made, sourceLocation: sourceLocation)
  }

  @Test func shapes() throws {
    try expectInvalidTensor("the number of dimensions of tensor t", found: "0", dims: [])
    try expectInvalidTensor(
      "the number of dimensions of tensor t", found: "5", dims: [1, 1, 1, 1, 1])
    try expectInvalidTensor("a dimension of tensor t", found: "0", dims: [32, 0])
    try expectInvalidTensor(
      "a dimension of tensor t", found: "\(1 << 32)", dims: [1 << 32, 1 << 32])
    try expectInvalidTensor("a dimension of tensor t", found: "\(UInt64.max)", dims: [.max])
    try expectInvalidTensor(
      "the size of tensor t", found: "\(1 << 62) blocks of 4 bytes", dims: [1 << 62])
    try expectInvalidTensor(
      "the row length of q4_0 tensor t", found: "33", dims: [33, 32], type: 2)
  }

  @Test func offsets() throws {
    try expectInvalidTensor("the offset of tensor t", found: "8", dims: [8], offset: 8)
    try expectInvalidTensor(
      "the offset of tensor t", found: "\(UInt64.max)", dims: [8], offset: .max)
    try expectInvalidTensor(
      "the offset of tensor t", found: "\(UInt64(1) << 62)", dims: [8], offset: 1 << 62)
    for type in [UInt32(0), 999] {
      var made = HandMadeFile(tensors: 1)
      made.tensor("t", dims: [8], type: type, offset: 1 << 40)
      made.data(256)
      guard case .truncated(_, _, _, _, 256) = try error(made) else {
        Issue.record("type \(type)")
        continue
      }
    }
  }

  /// Sums over the tensors of a file that opens never overflow, whatever their types.
  @Test func moreValuesThanBytesCanHold() throws {
    var made = HandMadeFile(tensors: 2)
    made.tensor("t", dims: [1 << 62], type: 99)
    made.tensor("u", dims: [1 << 62], type: 99, offset: 32)
    made.data(64)
    try expectInvalid("the size of tensor t", found: "\(1 << 62) values", made)
    try expectInvalidTensor(
      "the size of tensor t", found: "65537 values", dims: [65537], type: 99)
    made = HandMadeFile(tensors: 1)
    made.tensor("t", dims: [65536], type: 99)
    made.data(256)
    let file = try ModelFile(path: try directory.write(made.bytes))
    #expect(file.tensors[0].count == 65536 && file.tensors[0].byteCount == 256)
  }

  /// A count that a file of 64 GiB has room for takes no memory before the first entry is read.
  @Test func countsOfHugeFiles() throws {
    let path = try directory.write(HandMadeFile(tensors: 1 << 30).bytes)
    #expect(truncate(path, 1 << 36) == 0)
    guard case .invalid(_, "a tensor's name", _, _, "0") = error(path) else {
      Issue.record("\(String(describing: error(path)))")
      return
    }
  }

  @Test func repeatedAndOverlappingTensors() throws {
    var made = HandMadeFile(tensors: 2)
    made.tensor("t", dims: [8])
    made.tensor("t", dims: [8], offset: 32)
    made.data(256)
    try expectInvalid("tensor t", found: "repeated", made)
    made = HandMadeFile(tensors: 2)
    made.tensor("t", dims: [16])
    made.tensor("u", dims: [8], offset: 32)
    made.data(256)
    try expectInvalid("the offset of tensor u", found: "32", made)
  }
}
