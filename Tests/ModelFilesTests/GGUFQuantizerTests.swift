import Foundation
import Quantization
import TestSupport
import Testing

@testable import ModelFiles

struct GGUFQuantizerTests {
  private let directory: ScratchFolder

  init() throws { directory = try ScratchFolder() }

  /// Matrices whose rows are multiples of 256, of 32 and of neither, and what is never quantized.
  private func source() throws -> GGUF {
    var random = SeededGenerator(seed: 7)
    var writer = GGUFWriter()
    writer.set("general.architecture", .string("llama"))
    writer.set("general.file_type", .uint32(0))
    writer.set("quantize.imatrix.file", .string("old"))
    for (name, shape) in [
      ("token_embd.weight", [8, 512]), ("blk.0.attn_norm.weight", [512]),
      ("blk.0.attn_q.weight", [4, 512]), ("blk.0.ffn_up.weight", [4, 96]),
      ("blk.0.odd.weight", [4, 40]), ("blk.0.attn_q.bias", [1, 512]),
      ("blk.0.ffn_gate_inp.weight", [2, 512]),
    ] {
      let values = (0..<shape.reduce(1, *)).map { _ in Float.random(in: -1...1, using: &random) }
      writer.addTensor(name, type: .f32, shape: shape, bytes: try TensorType.f32.encode(values))
    }
    let path = directory.file("source.gguf")
    try writer.write(to: path)
    return try GGUF(path: path)
  }

  private final class Log {
    var reports: [GGUFQuantizer.Report] = []
  }

  private func quantize(
    _ source: GGUF, _ target: TensorType, rules: [GGUFQuantizer.Rule] = [], threads: Int = 1,
    _ name: String = "out.gguf"
  ) throws -> (file: GGUF, reports: [GGUFQuantizer.Report]) {
    let log = Log()
    let quantizer = try GGUFQuantizer(target: target, rules: rules, threads: threads)
    try quantizer.quantize(source, to: directory.file(name)) { log.reports.append($0) }
    return (try GGUF(path: directory.file(name)), log.reports)
  }

  @Test func typesByTensor() throws {
    let source = try source()
    let (file, reports) = try quantize(source, .q4_K)
    #expect(file.model.tensors.map(\.name) == source.model.tensors.map(\.name))
    #expect(
      file.model.tensors.map(\.type) == [.q4_K, .f32, .q4_K, .q5_0, .f16, .f32, .f32])
    #expect(
      reports.map(\.outcome) == [
        .converted, .copied(reason: "not a matrix"), .converted, .fellBack(blockSize: 256),
        .fellBack(blockSize: 256), .copied(reason: "not a weight"),
        .copied(reason: "ffn_gate_inp is never quantized"),
      ])
    #expect(try file.model.metadata.int("general.file_type") == 14)
    #expect(try file.model.metadata.int("general.quantization_version") == 2)
    #expect(file.model.metadata["quantize.imatrix.file"] == nil)
    #expect(try file.model.metadata.string("general.architecture") == "llama")
  }

  /// Every target: what is stored decodes to the source within the error that was reported.
  @Test(arguments: TensorType.allCases.filter(\.canEncode))
  func reportedErrorsAreTrue(_ target: TensorType) throws {
    let source = try source()
    let (file, reports) = try quantize(source, target)
    #expect(reports.map(\.name) == source.model.tensors.map(\.name))
    for (tensor, report) in zip(file.model.tensors, reports) {
      let before = try source.model.values(of: try source.model.requiredTensor(named: tensor.name))
      let after = try file.model.values(of: tensor)
      let largest = zip(before, after).map { abs($0 - $1) }.max()
      #expect(largest == report.statistics?.maximumError ?? 0)
      #expect(report.to == tensor.typeName)
      #expect(report.bytesAfter == tensor.byteCount)
      #expect(report.bitsPerWeight == tensor.bitsPerWeight)
      #expect((report.statistics == nil) == (report.from == report.to))
    }
  }

  @Test func threadsDoNotMatter() throws {
    let source = try source()
    _ = try quantize(source, .q4_K, threads: 1, "one.gguf")
    _ = try quantize(source, .q4_K, threads: 3, "three.gguf")
    let one = FileManager.default.contents(atPath: directory.file("one.gguf"))
    #expect(one != nil)
    #expect(one == FileManager.default.contents(atPath: directory.file("three.gguf")))
  }

  /// The first rule that matches a name counts.
  @Test func rulesKeepTensorsOrGiveThemAnotherType() throws {
    func rule(_ pattern: String, _ type: TensorType?) -> GGUFQuantizer.Rule {
      GGUFQuantizer.Rule(pattern: pattern, type: type)
    }
    let (file, _) = try quantize(
      try source(), .q8_0,
      rules: [rule("token_*", nil), rule("blk.?.attn_q.weight", .q4_0), rule("blk.*", .q4_1)])
    #expect(file.model.tensor(named: "token_embd.weight")?.type == .f32)
    #expect(file.model.tensor(named: "blk.0.attn_q.weight")?.type == .q4_0)
    // Most values are those of token_embd.
    #expect(try file.model.metadata.int("general.file_type") == 0)
    let path = directory.file("source.gguf")
    #expect(throws: GGUFError.noTensorMatches(path: path, pattern: "no.such*")) {
      try quantize(try source(), .q8_0, rules: [rule("no.such*", nil)])
    }
  }

  /// As in llama.cpp; nf4 and fp4, which it does not have, to q4_0.
  @Test(arguments: [
    (TensorType.q4_K, TensorType.q5_0), (.q5_K, .q5_1), (.q6_K, .q8_0), (.nf4, .q4_0),
    (.fp4, .q4_0),
  ])
  func rowsThatFitNoBlocksFallBack(_ target: TensorType, _ expected: TensorType) throws {
    var writer = GGUFWriter()
    let values = [Float](repeating: 0.5, count: 2 * 96)
    writer.addTensor("output.weight", typeCode: 0, shape: [2, 96], byteCount: 768) {
      try $0.write(values.withUnsafeBytes(Array.init))
    }
    try writer.write(to: directory.file("rows.gguf"))
    let (file, reports) = try quantize(try GGUF(path: directory.file("rows.gguf")), target)
    #expect(file.model.tensors[0].type == expected)
    #expect(reports.map(\.outcome) == [.fellBack(blockSize: target.blockSize)])
  }

  @Test func packingAnewIsNoticed() throws {
    let source = try source()
    let rule = GGUFQuantizer.Rule(pattern: "token_embd*", type: .q8_0)
    let (packed, _) = try quantize(source, .q4_K, rules: [rule], "packed.gguf")
    #expect(try GGUFQuantizer(target: .q4_0).repackedTypes(in: source.model).isEmpty)
    #expect(
      Set(try GGUFQuantizer(target: .q6_K).repackedTypes(in: packed.model)) == [
        .q5_0, .q8_0, .q4_K,
      ])
    #expect(try GGUFQuantizer(target: .f16).repackedTypes(in: packed.model).isEmpty)
  }

  /// A matrix of nf4 is four tensors in the file, and one for who reads it with nibble.
  @Test(arguments: [TensorType.nf4, .fp4])
  func companionsAreOneTensor(_ type: TensorType) throws {
    let (file, reports) = try quantize(try source(), type)
    let name = "blk.0.attn_q.weight"
    let tensor = try file.model.requiredTensor(named: name)
    #expect(tensor.type == type && !tensor.isMapped)
    let report = try #require(reports.first { $0.name == name })
    #expect(report.to == type.name && report.bytesAfter == tensor.byteCount)
    #expect(tensor.bitsPerWeight < 4.3)
    #expect(tensor.residentBytes == type.byteCount(of: tensor.count))
    let nested = file.model.tensors.filter { !$0.isMapped }
    #expect(nested.count > 1)
    #expect(file.model.resolvedBytes == nested.reduce(0) { $0 + $1.residentBytes })
    #expect(
      file.model.mappedBytes + nested.reduce(0) { $0 + $1.byteCount }
        == file.model.tensors.reduce(0) { $0 + $1.byteCount })

    // Written again they stay what they are, and as f32 they are their values.
    let (again, _) = try quantize(file, type, "again.gguf")
    #expect(
      try again.model.values(of: again.model.requiredTensor(named: name))
        == file.model.values(of: tensor))
    let (floats, _) = try quantize(file, .f32, "floats.gguf")
    #expect(
      try floats.model.values(of: floats.model.requiredTensor(named: name))
        == file.model.values(of: tensor))
  }

  /// Companions that are missing, of another shape, or there beside the tensor itself.
  @Test(arguments: [
    (["w.nf4", "w.nf4.nested_absmax", "w.nf4.nested_offset"], "w.nf4.absmax"),
    (["w.nf4", "w.nf4.absmax", "w.nf4.nested_absmax"], "w.nf4.nested_offset"),
    (["w.nf4", "w.nf4.absmax", "w.nf4.nested_absmax", "w.nf4.nested_offset", "w"], "w"),
    (["w.nf4", "w.nf4.absmax", "w.nf4.nested_absmax", "w.nf4.nested_offset", "wide"], nil),
  ])
  func companionsThatDoNotFitAreRefused(_ names: [String], _ culprit: String?) throws {
    var writer = GGUFWriter()
    let isWide = names.contains("wide")
    for name in names where name != "wide" {
      let isCodes = name == "w.nf4" || name.hasSuffix(".absmax") && !name.contains("nested")
      let shape = name == "w.nf4" ? [2, 32] : isCodes ? [2, isWide ? 2 : 1] : [1]
      let bytes = shape.reduce(1, *) * (isCodes ? 1 : 4)
      writer.addTensor(name, typeCode: isCodes ? 24 : 0, shape: shape, byteCount: bytes) {
        try $0.write([UInt8](repeating: 0, count: bytes))
      }
    }
    try writer.write(to: directory.file("bad.gguf"))
    let error = #expect(throws: GGUFError.self) {
      try GGUF(path: directory.file("bad.gguf"))
    }
    #expect("\(String(describing: error))".contains(culprit ?? "w.nf4.absmax"))
  }

  /// nibble's own type codes mean nothing in a file.
  @Test func privateTypeCodesAreUnknown() throws {
    var writer = GGUFWriter()
    writer.addTensor("w", typeCode: 0x100, shape: [1, 64], byteCount: 36) {
      try $0.write([UInt8](repeating: 0, count: 36))
    }
    try writer.write(to: directory.file("private.gguf"))
    #expect(try ModelFile(path: directory.file("private.gguf")).tensors[0].type == nil)
  }

  /// Tensors of types that nibble cannot decode go through untouched.
  @Test func unknownTypesAreCopied() throws {
    var writer = GGUFWriter()
    let codes = (0..<66).map { UInt8($0) }
    writer.addTensor("output.weight", typeCode: 16, shape: [1, 256], byteCount: 66) {
      try $0.write(codes)
    }
    let path = directory.file("q2.gguf")
    try writer.write(to: path)
    let (file, reports) = try quantize(try GGUF(path: path), .q8_0)
    let after = try file.model.requiredTensor(named: "output.weight")
    #expect(after.typeName == "iq2_xxs")
    #expect(file.model.bytes(of: after).elementsEqual(codes))
    #expect(reports.last?.outcome == .copied(reason: "nibble cannot decode it"))
  }

  @Test func theSourceMayBeReplaced() throws {
    let source = try source()
    let before = try source.model.values(
      of: try source.model.requiredTensor(named: "token_embd.weight"))
    let (file, _) = try quantize(source, .q8_0, "source.gguf")
    #expect(file.model.tensor(named: "token_embd.weight")?.type == .q8_0)
    #expect(
      try source.model.values(of: try source.model.requiredTensor(named: "token_embd.weight"))
        == before)
  }

  @Test func valuesThatCannotBeStoredAreNamed() throws {
    var writer = GGUFWriter()
    var values = [Float](repeating: 1, count: 64 * 512)
    values[40 * 512 + 3] = .nan
    writer.addTensor(
      "blk.0.attn_q.weight", type: .f32, shape: [64, 512], bytes: try TensorType.f32.encode(values))
    let path = directory.file("nan.gguf")
    try writer.write(to: path)
    #expect(
      throws: GGUFError.quantization(
        path: path, tensor: "blk.0.attn_q.weight",
        error: .notFinite(type: .q4_0, index: 40 * 512 + 3))
    ) {
      try quantize(try GGUF(path: path), .q4_0, threads: 3)
    }
    #expect(try directory.names == ["nan.gguf"])
  }

  @Test func targetsThatCannotBeWritten() {
    #expect(throws: QuantizationError.cannotEncode(type: .q2_K)) {
      try GGUFQuantizer(target: .q2_K)
    }
  }
}
