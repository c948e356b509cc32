import Foundation
import Quantization
import TestSupport
import Testing

@testable import ModelFiles

struct GGUFWriterTests {
  private let directory: ScratchFolder

  init() throws { directory = try ScratchFolder() }

  /// What was read and written again has the same bytes as the gguf package's file.
  @Test(arguments: ["v3", "v2", "aligned"])
  func rewritingGivesTheSameFile(_ name: String) throws {
    let file = try GGUF(path: try fixturePath("\(name).gguf"))
    var writer = GGUFWriter(version: file.version)
    for (key, value) in file.model.metadata { writer.set(key, value) }
    for entry in file.entries {
      writer.addTensor(
        entry.name, typeCode: entry.typeCode, shape: entry.shape, byteCount: entry.bytes.count
      ) {
        try $0.write(file.bytes(of: entry))
      }
    }
    let path = directory.file("copy.gguf")
    try writer.write(to: path)
    #expect(FileManager.default.contents(atPath: path) == Data(try fixtureBytes("\(name).gguf")))
  }

  @Test func settingAKeyAgainKeepsItsPlace() throws {
    var writer = GGUFWriter(alignment: 64)
    writer.set("a", .uint8(1))
    writer.set("b", .uint8(2))
    writer.set("a", .string("again"))
    writer.addTensor("t", type: .f32, shape: [2], bytes: [UInt8](repeating: 0, count: 8))
    let path = directory.file("model.gguf")
    try writer.write(to: path)
    let gguf = try GGUF(path: path)
    let file = gguf.model
    #expect(file.metadata.keys == ["general.alignment", "a", "b"])
    #expect(file.metadata["a"] == .string("again"))
    #expect(gguf.alignment == 64)
    #expect(file.tensors.first?.fileOffset.isMultiple(of: 64) == true)
    #expect(try directory.names == ["model.gguf"])
  }

  /// What would make no valid file is refused before anything is written.
  @Test func whatCannotBeRead() throws {
    let path = directory.file("model.gguf")
    func refused(_ build: (inout GGUFWriter) -> Void) -> Bool {
      var writer = GGUFWriter()
      build(&writer)
      do {
        try writer.write(to: path)
        return false
      } catch GGUFError.cannotDescribe(path, _) {
        return true
      } catch {
        return false
      }
    }
    let zeros = [UInt8](repeating: 0, count: 36)
    #expect(
      refused {
        $0.addTensor("t", type: .q4_0, shape: [2, 32], bytes: zeros)
        $0.addTensor("t", type: .q4_0, shape: [2, 32], bytes: zeros)
      })
    #expect(refused { $0.addTensor("t", type: .q4_0, shape: [4, 16], bytes: zeros) })
    #expect(refused { $0.addTensor("t", type: .q4_0, shape: [3, 32], bytes: zeros) })
    #expect(refused { $0.addTensor("t", type: .q4_0, shape: [], bytes: zeros) })
    #expect(refused { $0.addTensor("t", type: .q4_0, shape: [0, 32], bytes: []) })
    #expect(refused { $0.addTensor("t", type: .q4_0, shape: [1, 1, 1, 2, 32], bytes: zeros) })
    #expect(refused { $0.addTensor("", type: .q4_0, shape: [64], bytes: zeros) })
    #expect(
      refused {
        $0.addTensor(String(repeating: "n", count: 64), type: .q4_0, shape: [64], bytes: zeros)
      })
    #expect(refused { $0.set("", .bool(true)) })
    #expect(refused { $0.set("general.alignment", .uint32(33)) })
    #expect(
      refused {
        $0.addTensor("t", typeCode: 2, shape: [64], byteCount: 36) {
          try $0.write([1, 2, 3])
        }
      })
    #expect(try directory.names.isEmpty)
  }

  @Test func nothingIsLeftWhenATensorFails() throws {
    let path = directory.file("model.gguf")
    var writer = GGUFWriter()
    writer.addTensor("t", typeCode: 0, shape: [2], byteCount: 8) { _ in
      throw GGUFError.missingTensor(path: "elsewhere", name: "u")
    }
    #expect(throws: GGUFError.missingTensor(path: "elsewhere", name: "u")) {
      try writer.write(to: path)
    }
    #expect(try directory.names.isEmpty)
  }
}
