import Foundation
import Quantization
import TestSupport
import Testing

@testable import ModelFiles

struct ModelFileTests {
  private struct Expected: Decodable {
    struct Value: Decodable {
      let type: String
      let value: String?
      let values: [String]?
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
    let keys: [String]
    let metadata: [String: Value]
    let tensors: [Tensor]
  }

  private func open(_ name: String) throws -> (file: ModelFile, expected: Expected) {
    let file = try ModelFile(path: try fixturePath("\(name).gguf"))
    let json = Data(try fixtureBytes("\(name).json"))
    return (file, try JSONDecoder().decode(Expected.self, from: json))
  }

  static let fixtures = ["v3", "v2", "aligned"]

  @Test(arguments: fixtures)
  func headerIsWhatTheGgufPackageWrote(_ name: String) throws {
    let (file, expected) = try open(name)
    let gguf = try GGUF(path: file.path)
    #expect(gguf.version == expected.version)
    #expect(gguf.alignment == expected.alignment)
    #expect(file.metadata.keys == expected.keys)
    #expect(gguf.fileSize == (try fixtureBytes("\(name).gguf").count))
    #expect(file.metadata.map(\.key) == expected.keys)
  }

  @Test(arguments: fixtures)
  func metadataAreWhatTheGgufPackageWrote(_ name: String) throws {
    let (file, expected) = try open(name)
    for (key, expected) in expected.metadata {
      let value = try #require(file.metadata[key])
      if let values = expected.values {
        let array = try #require(value.arrayValue)
        #expect(array.elementType.name == expected.type)
        #expect(array.values().map(pythonDescription) == values)
      } else {
        #expect(value.type.name == expected.type)
        #expect(pythonDescription(value) == expected.value)
      }
    }
  }

  @Test(arguments: fixtures)
  func tensorsAreWhatTheGgufPackageWrote(_ name: String) throws {
    let (file, expected) = try open(name)
    #expect(file.tensors.map(\.name) == expected.tensors.map(\.name))
    for (tensor, expected) in zip(file.tensors, expected.tensors) {
      #expect(tensor.typeName == expected.type)
      #expect(tensor.shape == expected.shape)
      #expect(tensor.fileOffset == expected.offset)
      #expect(tensor.byteCount == expected.bytes)
      #expect(String(fnv(file.bytes(of: tensor))) == expected.fnv)
      #expect(file.tensor(named: tensor.name) == tensor)
      #expect(tensor.count == expected.shape.reduce(1, *))
    }
  }

  /// As Python prints it.
  private func pythonDescription(_ value: GGUFValue) -> String {
    switch value {
    case .bool(let value): value ? "True" : "False"
    case .string(let value): value
    case .float32(let value): "\(value)"
    case .float64(let value): "\(value)"
    case .uint64(let value): "\(value)"
    default: value.int.map { "\($0)" } ?? "?"
    }
  }

  @Test func rowsAreSlicesOfTheTensor() throws {
    let (file, _) = try open("v3")
    let tensor = try file.requiredTensor(named: "blk.0.attn_q.weight")
    let all = try file.values(of: tensor)
    let row = try file.bytes(of: tensor, rows: 1..<2)
    #expect(row.count == 36)
    #expect(try TensorType.q4_0.decode(row) == Array(all[64..<128]))
    #expect((tensor.rows, tensor.cols, tensor.bitsPerWeight) == (3, 64, 4.5))
  }

  @Test func shapesAreRowMajor() throws {
    let (file, _) = try open("v3")
    let tensor = try file.requiredTensor(named: "blk.0.brain.weight")
    #expect(tensor.shape == [2, 2, 2, 3])
    #expect((tensor.rows, tensor.cols) == (8, 3))
  }

  /// A type that nibble cannot decode is listed, and refused only when its values are wanted.
  @Test(arguments: [
    ("blk.0.unread.weight", "iq2_xxs"), ("blk.0.mx.weight", "tq2_0"), ("output.weight", "iq1_s"),
  ])
  func unsupportedTypesAreListed(_ name: String, _ type: String) throws {
    let (file, _) = try open("v3")
    let tensor = try file.requiredTensor(named: name)
    #expect(tensor.type == nil)
    #expect(tensor.typeName == type)
    #expect(file.bytes(of: tensor).count == tensor.byteCount)
    let error = GGUFError.unsupportedType(path: file.path, tensor: name, type: type)
    #expect(throws: error) { try file.type(of: tensor) }
    #expect(throws: error) { try file.values(of: tensor) }
    #expect(throws: error) { try file.bytes(of: tensor, rows: 0..<1) }
    #expect("\(error)".contains(type))
    #expect("\(error)".contains("q4_k"))
  }

  /// A code that ggml never gave: what lies before the next tensor is taken for its data.
  @Test func unknownTypeCodesAreListed() throws {
    let directory = try ScratchFolder()
    var made = HandMadeFile(tensors: 2)
    made.tensor("strange", dims: [7], type: 999)
    made.tensor("known", dims: [8], offset: 64)
    made.data(96)
    let file = try ModelFile(path: try directory.write(made.bytes))
    let strange = try file.requiredTensor(named: "strange")
    #expect(strange.typeName == "type 999")
    #expect(strange.byteCount == 64)
    #expect(try file.values(of: try file.requiredTensor(named: "known")).count == 8)
  }

  @Test func missingTensorsAreNamed() throws {
    let (file, _) = try open("v3")
    #expect(file.tensor(named: "no.such") == nil)
    #expect(throws: GGUFError.missingTensor(path: file.path, name: "no.such")) {
      try file.requiredTensor(named: "no.such")
    }
  }

  /// The bytes are the page cache's own: no copy is made, however large the file.
  @Test func openingALargeFileReadsItsHeaderAlone() throws {
    let directory = try ScratchFolder()
    let rows = 5 << 20
    var made = HandMadeFile(tensors: 1)
    made.tensor("huge", dims: [256, UInt64(rows)])
    made.data(0)
    let path = try directory.write(made.bytes)
    // A hole: the file is 5 GiB long, and has a few KiB.
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try handle.truncate(atOffset: UInt64(made.bytes.count + rows * 1024))
    try handle.close()
    let file = try ModelFile(path: path)
    let tensor = try file.requiredTensor(named: "huge")
    #expect(tensor.byteCount == 5 << 30)
    let last = try file.bytes(of: tensor, rows: rows - 1..<rows)
    #expect(last.allSatisfy { $0 == 0 })
  }

  @Test func aFileWithNothingInItOpens() throws {
    let directory = try ScratchFolder()
    let file = try ModelFile(path: try directory.write(HandMadeFile().bytes))
    #expect(file.tensors.isEmpty)
    #expect(file.metadata.keys.isEmpty)
  }
}
