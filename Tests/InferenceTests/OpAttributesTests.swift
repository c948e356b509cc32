import Events
import Foundation
import ModelFiles
import TestSupport
import Testing

@testable import Inference

/// What operations say that they were computed with, against the metadata of the file.
@Suite struct OpAttributesTests {
  static func operations(_ fixture: String, _ batch: [(Int, [Int])]) throws -> [OpDescription] {
    let watcher = Watcher()
    var options = EngineOptions()
    options.sequences = batch.count
    let engine = try Engine(model: Fixture(fixture).model, options: options, observer: watcher)
    _ = try engine.forward(batch.map { (sequence: $0.0, tokens: $0.1) })
    return watcher.ops
  }

  /// The name without the number of the layer.
  static func stem(_ op: OpDescription) -> String {
    op.layer.map { String(op.name.dropLast("-\($0)".count)) } ?? op.name
  }

  @Test(arguments: Fixture.names)
  func areWhatTheFileSays(fixture: String) throws {
    let file = try ModelFile(path: Fixture.path("\(fixture).gguf"))
    let architecture = try file.metadata.string("general.architecture")
    func number(_ key: String) throws -> Double {
      Double(try file.metadata.float("\(architecture).\(key)"))
    }
    let heads = try number("attention.head_count")
    let kvHeads = try number("attention.head_count_kv")
    let headSize =
      file.metadata["\(architecture).attention.key_length"] == nil
      ? try number("embedding_length") / heads : try number("attention.key_length")
    let epsilon = ["epsilon": try number("attention.layer_norm_rms_epsilon")]
    let query = ["heads": heads, "head_size": headSize]
    let keys = ["heads": kvHeads, "head_size": headSize]
    let attention = ["heads": heads, "head_size": headSize, "kv_heads": kvHeads]
    var rope = [
      "base": file.metadata["\(architecture).rope.freq_base"] == nil
        ? 10000 : try number("rope.freq_base")
    ]
    if file.metadata["\(architecture).rope.dimension_count"] != nil {
      let rotated = try number("rope.dimension_count")
      if rotated != headSize { rope["dimensions"] = rotated }
    }
    for key in ["rope.scaling.factor", "rope.scale_linear"]
    where file.metadata["\(architecture).\(key)"] != nil {
      rope["factor"] = try number(key)
    }
    let expected: [String: [String: Double]] = [
      "attn_norm": epsilon, "ffn_norm": epsilon, "result_norm": epsilon,
      "Qcur": query, "Qcur_bias": query, "Kcur": keys, "Kcur_bias": keys, "Vcur": keys,
      "Vcur_bias": keys, "Qcur_normed": query.merging(epsilon) { $1 },
      "Kcur_normed": keys.merging(epsilon) { $1 }, "Qcur_rope": query.merging(rope) { $1 },
      "Kcur_rope": keys.merging(rope) { $1 }, "kv_append": keys, "kq": attention,
      "kq_soft_max": ["heads": heads, "scale": 1 / headSize.squareRoot()], "kqv_out": attention,
    ]
    for op in try Self.operations(fixture, [(0, [1, 2, 3])]) {
      let stem = Self.stem(op)
      guard let json = op.attributes.json else {
        #expect(expected[stem] == nil, "\(op.name) has attributes")
        continue
      }
      var found = try #require(
        try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
      let layout = found.removeValue(forKey: "layout") as? String
      #expect(layout == (op.kind == .rope ? architecture == "llama" ? "normal" : "neox" : nil))
      let numbers = try #require(found as? [String: Double])
      #expect(
        numbers.mapValues { Float($0) } == expected[stem]?.mapValues { Float($0) }, "\(op.name)")
    }
  }

  /// The line that calls an operation names it.
  @Test(arguments: Fixture.names)
  func linesAreThoseOfTheForwardPass(fixture: String) throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let family = fixture == "qwen3" ? "Qwen3" : "Llama"
    let lines = try String(
      contentsOf: root.appending(path: "Sources/Inference/Architectures/\(family).swift"),
      encoding: .utf8
    ).split(separator: "\n", omittingEmptySubsequences: false)
    let ops = try Self.operations(fixture, [(0, [1, 2, 3]), (1, [4])])
    #expect(Set(ops.map(Self.stem)).isSuperset(of: ["embd", "kq_soft_max", "l_out_last"]))
    for op in ops {
      let line = try #require(op.line)
      let name = Self.stem(op).replacing("_bias", with: "")
      let call = name == "l_out_last" ? "lastRows" : "\"\(name)\""
      #expect(lines[line - 1].contains(call), "\(op.name): line \(line)")
    }
  }

  @Test func jsonHasSortedKeysAndShortFloats() {
    #expect(OpAttributes().json == nil)
    #expect(OpAttributes(headSize: 64, heads: 9).json == #"{"head_size":64,"heads":9}"#)
    let all = OpAttributes(
      base: 10000, cap: 50, dimensions: 32, epsilon: 1e-5, expertsUsed: 8, factor: 0.1,
      headSize: 64, heads: 9, kvHeads: 3, layout: .halves, scale: 0.125, window: 512)
    let text =
      #"{"base":10000.0,"cap":50.0,"dimensions":32,"epsilon":1e-05,"experts_used":8,"#
      + #""factor":0.1,"head_size":64,"heads":9,"kv_heads":3,"layout":"neox","scale":0.125,"#
      + #""window":512}"#
    #expect(all.json == text)
    #expect(OpAttributes(json: text) == all)
  }

  @Test func whatIsNotKnownIsLeftOut() {
    #expect(OpAttributes(json: "{}") == OpAttributes())
    #expect(
      OpAttributes(json: #"{"other":[50],"heads":9,"scale":null,"window":4.0}"#)
        == OpAttributes(heads: 9, window: 4))
  }

  @Test(arguments: [
    "", "[]", "9", "{\"heads\":9", #"{"heads":"9"}"#, #"{"heads":1.5}"#, #"{"heads":0}"#,
    #"{"window":-1}"#, #"{"head_size":2147483648}"#, #"{"kv_heads":1e99}"#, #"{"scale":1e99}"#,
    #"{"base":true}"#, #"{"layout":"other"}"#, "{\"x\":\"\(String(repeating: "x", count: 4096))\"}",
  ])
  func whatIsDamagedIsRefused(json: String) {
    #expect(OpAttributes(json: json) == nil)
  }

  /// Every float reads back as itself, to the bit.
  @Test func floatsRoundTrip() throws {
    var random = SeededGenerator(seed: 15)
    for _ in 0..<2000 {
      let value = Float(bitPattern: UInt32.random(in: 1...0x7F7F_FFFF, using: &random))
      let json = try #require(OpAttributes(scale: value).json)
      let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Double]
      #expect(object?["scale"].map { Float($0) } == value, "\(json)")
      #expect(OpAttributes(json: json)?.scale == value, "\(json)")
    }
  }
}
