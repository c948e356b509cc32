import Foundation
import ModelFiles
import TestSupport
import Testing

/// What `inspect` says of models other than the built-in one.
@Suite struct InspectTests {
  let nibble: Nibble

  init() throws { nibble = try Nibble() }

  /// What the forward pass does not use is listed, of a model that nibble runs.
  @Test func inspectListsUnusedTensors() throws {
    func write(_ architecture: String, extra: Bool) throws {
      let source = try ModelFile(path: randomModel("gemma3"))
      var writer = GGUFWriter()
      for (key, value) in source.metadata { writer.set(key, value) }
      writer.set("general.architecture", .string(architecture))
      for tensor in source.tensors {
        writer.addTensor(
          tensor.name, typeCode: tensor.type?.rawValue ?? 0, shape: tensor.shape,
          byteCount: tensor.byteCount
        ) { try $0.write(source.bytes(of: tensor)) }
      }
      if extra {
        writer.addTensor("mtp.weight", type: .f32, shape: [1], bytes: [0, 0, 0, 0])
      }
      try writer.write(to: nibble.path("m.gguf"))
    }
    for (architecture, extra) in [("gemma3", true), ("gemma3", false), ("unheard-of", true)] {
      try write(architecture, extra: extra)
      let isRun = architecture == "gemma3"
      let text = try nibble("inspect", "m.gguf")
      #expect(text.code == 0 && text.output.contains("totals by type"))
      let says = text.output.contains("\nnot used by the forward pass\n  mtp.weight\n\n")
      #expect(says == (extra && isRun))
      let listing = try #require(
        try JSONSerialization.jsonObject(
          with: Data(nibble("inspect", "m.gguf", "--format", "json").output.utf8))
          as? [String: Any])
      #expect(listing["unused_tensors"] as? [String] == (isRun ? extra ? ["mtp.weight"] : [] : nil))
    }
  }
}
