import Foundation
import Quantization
import TestSupport
import Testing

@testable import ModelFiles

/// A format beside GGUF: a folder with a matrix of two rows, each in a file of its own.
private enum Halves: ModelFormat {
  static let name = "halves"

  static func recognizes(_ path: String, head: UnsafeRawBufferPointer) -> Bool {
    path.hasSuffix(".halves")
  }

  static func open(_ path: String) throws(GGUFError) -> ModelFile {
    let files = [try MappedFile(path: path + "/0"), try MappedFile(path: path + "/1")]
    let pieces = [
      StoredTensor.Piece(file: 1, bytes: 4..<20, rows: 2, type: .f32),
      StoredTensor.Piece(file: 0, bytes: 0..<8, rows: 1, type: .f32),
    ]
    let tensor = StoredTensor(name: "w", typeName: "f32", shape: [3, 2], pieces: pieces)
    return ModelFile(
      path: path, metadata: GGUFMetadata(path: path), tensors: [tensor], files: files)
  }
}

struct ModelFormatTests {
  private let directory: ScratchFolder

  init() throws { directory = try ScratchFolder() }

  private func makeHalves() throws -> String {
    let path = directory.file("model.halves")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for (name, values) in [("0", [5, 6]), ("1", [-1, 1, 2, 3, 4])] as [(String, [Float])] {
      try Data(try TensorType.f32.encode(values)).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }
    return path
  }

  @Test func theFormatThatRecognizesAPathOpensIt() throws {
    let formats: [any ModelFormat.Type] = [GGUF.self, Halves.self]
    let halves = try ModelFile(path: makeHalves(), formats: formats)
    #expect(halves.tensors.map(\.name) == ["w"])
    let gguf = try ModelFile(path: fixturePath("v3.gguf"), formats: formats)
    #expect(gguf.tensor(named: "blk.0.attn_q.weight")?.shape == [3, 64])
  }

  /// Without a format that knows them, a folder and a file are refused as what they are.
  @Test func whatNoFormatRecognizesIsRefused() throws {
    let path = try makeHalves()
    #expect(throws: GGUFError.notAFile(path: path, found: "a directory")) {
      try ModelFile(path: path)
    }
    let file = path + "/0"
    #expect(throws: GGUFError.notGGUF(path: file, found: "something else")) {
      try ModelFile(path: file)
    }
    #expect(throws: GGUFError.notGGUF(path: try fixturePath("v3.gguf"), found: "something else")) {
      try ModelFile(path: fixturePath("v3.gguf"), formats: [Halves.self])
    }
  }

  /// Rows are found in the piece that holds them, whichever file that is in.
  @Test func aTensorMayBeSpreadOverFiles() throws {
    let file = try ModelFile(path: makeHalves(), formats: [Halves.self])
    let tensor = try file.requiredTensor(named: "w")
    #expect(tensor.type == .f32 && tensor.isMapped)
    #expect((tensor.byteCount, tensor.residentBytes, tensor.fileOffset) == (24, 24, 4))
    #expect(try file.values(of: tensor) == [1, 2, 3, 4, 5, 6])
    for (rows, values) in [
      (0..<1, [1, 2]), (1..<2, [3, 4]), (0..<2, [1, 2, 3, 4]), (2..<3, [5, 6]),
    ]
      as [(Range<Int>, [Float])]
    {
      #expect(try TensorType.f32.decode(file.bytes(of: tensor, rows: rows)) == values)
    }
    #expect((0..<6).map { tensor.fileOffset(ofBlock: $0) } == [4, 8, 12, 16, 0, 4])
    #expect((file.mappedBytes, file.resolvedBytes) == (24, 0))
    file.releasePages(of: tensor)
    #expect(try file.values(of: tensor) == [1, 2, 3, 4, 5, 6])
  }

  /// A tensor of pieces of several types is not one that nibble decodes.
  @Test func piecesOfSeveralTypesHaveNoType() {
    let pieces = [TensorType.f32, .f16].enumerated().map { index, type in
      StoredTensor.Piece(file: 0, bytes: 0..<8 / (index + 1), rows: 1, type: type)
    }
    let tensor = StoredTensor(name: "w", typeName: "mixed", shape: [2, 2], pieces: pieces)
    #expect(tensor.type == nil)
  }
}
