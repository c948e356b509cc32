import Foundation
import Quantization
import TestSupport
import Testing

@testable import ModelFiles

/// What nibble writes, read by the gguf package through scripts/check-gguf.py.
///
/// `NIBBLE_PYTHON` names a python3 that has the packages gguf and numpy; where it is not set the
/// test is skipped, but not in CI.
struct PythonReaderTests {
  private static let python = ProcessInfo.processInfo.environment["NIBBLE_PYTHON"]
  private static let isCI = ProcessInfo.processInfo.environment["CI"] == "true"

  private struct Found: Decodable {
    struct Field: Decodable {
      let key: String
      let types: [String]
      let value: String
    }
    struct Tensor: Decodable {
      let name: String
      let type: String
      let shape: [Int]
      let offset: Int
      let bytes: Int
      let fnv: String
    }
    let version: Int
    let alignment: Int
    let metadata: [Field]
    let tensors: [Tensor]
  }

  @Test(.enabled(if: python != nil || isCI, "NIBBLE_PYTHON is not set"))
  func theGgufPackageReadsWhatIsWritten() throws {
    let directory = try ScratchFolder()
    var random = SeededGenerator(seed: 3)
    var writer = GGUFWriter(alignment: 64)
    writer.set("general.architecture", .string("llama"))
    writer.set("a.count", .uint64(1 << 40))
    writer.set("a.ratio", .float32(0.25))
    writer.set("a.truth", .bool(true))
    writer.set("b.words", .array(GGUFArray(["one", "zwei", "三"])))
    writer.set("b.numbers", .array(GGUFArray([1, -2] as [Int32])))
    let types = TensorType.allCases.filter { $0.canEncode && $0.rawValue < 0x100 }
    for type in types {
      let values = (0..<1024).map { _ in Float.random(in: -1...1, using: &random) }
      writer.addTensor(
        "\(type.name).weight", type: type, shape: [4, 256], bytes: try type.encode(values))
    }
    let path = directory.file("model.gguf")
    try writer.write(to: path)

    let found = try read(path)
    #expect((found.version, found.alignment) == (3, 64))
    #expect(
      found.metadata.map(\.key) == [
        "general.alignment", "general.architecture", "a.count", "a.ratio", "a.truth", "b.words",
        "b.numbers",
      ])
    #expect(
      found.metadata.map(\.value) == [
        "64", "llama", "1099511627776", "0.25", "True", "['one', 'zwei', '三']", "[1, -2]",
      ])
    #expect(found.metadata.suffix(2).map(\.types) == [["array", "string"], ["array", "int32"]])
    let file = try ModelFile(path: path)
    #expect(found.tensors.map(\.name) == types.map { "\($0.name).weight" })
    for (tensor, found) in zip(file.tensors, found.tensors) {
      #expect(found.type == tensor.typeName)
      #expect(found.shape == tensor.shape)
      #expect(found.offset == tensor.fileOffset)
      #expect(found.bytes == tensor.byteCount)
      let values = try file.values(of: tensor)
      #expect(found.fnv == String(values.withUnsafeBytes { fnv($0) }), "\(found.type)")
    }
  }

  private func read(_ path: String) throws -> Found {
    let python = try #require(
      Self.python, "CI has to set NIBBLE_PYTHON to a python3 that has gguf and numpy")
    let script = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("scripts/check-gguf.py").path
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [python, script, path]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return try JSONDecoder().decode(Found.self, from: data)
  }
}
