import Foundation
import Quantization
import Testing

@testable import GGUF

struct GGUFQuantizerTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  /// Matrices whose rows are multiples of 256, of 32 and of neither, and what is never quantized.
  private func source() throws -> GGUFFile {
    var random = SplitMix64(state: 7)
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
    return try GGUFFile(path: path)
  }

  private final class Log {
    var reports: [GGUFQuantizer.Report] = []
  }

  private func quantize(
    _ source: GGUFFile, _ target: TensorType, keep: Set<String> = [], threads: Int = 1,
    _ name: String = "out.gguf"
  ) throws -> (file: GGUFFile, reports: [GGUFQuantizer.Report]) {
    let log = Log()
    let quantizer = try GGUFQuantizer(target: target, keep: keep, threads: threads)
    try quantizer.quantize(source, to: directory.file(name)) { log.reports.append($0) }
    return (try GGUFFile(path: directory.file(name)), log.reports)
  }

  @Test func typesByTensor() throws {
    let source = try source()
    let (file, reports) = try quantize(source, .q4_K)
    #expect(file.tensors.map(\.name) == source.tensors.map(\.name))
    #expect(
      file.tensors.map(\.type) == [.q4_K, .f32, .q4_K, .q8_0, .f16, .f32, .f32])
    #expect(
      reports.map(\.outcome) == [
        .converted, .copied(reason: "not a matrix"), .converted, .fellBack(blockSize: 256),
        .fellBack(blockSize: 256), .copied(reason: "not a weight"),
        .copied(reason: "ffn_gate_inp is never quantized"),
      ])
    #expect(try file.metadata.int("general.file_type") == 14)
    #expect(try file.metadata.int("general.quantization_version") == 2)
    #expect(file.metadata["quantize.imatrix.file"] == nil)
    #expect(try file.metadata.string("general.architecture") == "llama")
  }

  /// Every target: what is stored decodes to the source within the error that was reported.
  @Test(arguments: TensorType.allCases.filter(\.canEncode))
  func reportedErrorsAreTrue(_ target: TensorType) throws {
    let source = try source()
    let (file, reports) = try quantize(source, target)
    #expect(reports.map(\.name) == source.tensors.map(\.name))
    for (tensor, report) in zip(file.tensors, reports) {
      let before = try source.values(of: try source.requiredTensor(named: tensor.name))
      let after = try file.values(of: tensor)
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

  @Test func keptTensorsStay() throws {
    let (file, _) = try quantize(try source(), .q8_0, keep: ["token_embd.weight"])
    #expect(file.tensor(named: "token_embd.weight")?.type == .f32)
    #expect(file.tensor(named: "blk.0.attn_q.weight")?.type == .q8_0)
    #expect(throws: GGUFError.self) { try quantize(try source(), .q8_0, keep: ["no.such"]) }
  }

  /// Tensors of types that nibble cannot decode go through untouched.
  @Test func unknownTypesAreCopied() throws {
    var writer = GGUFWriter()
    let codes = (0..<84).map { UInt8($0) }
    writer.addTensor("output.weight", typeCode: 10, shape: [1, 256], byteCount: 84) {
      (sink) throws(GGUFError) in
      try sink.write(codes)
    }
    let path = directory.file("q2.gguf")
    try writer.write(to: path)
    let (file, reports) = try quantize(try GGUFFile(path: path), .q8_0)
    let after = try file.requiredTensor(named: "output.weight")
    #expect(after.typeName == "q2_k")
    #expect(file.bytes(of: after).elementsEqual(codes))
    #expect(reports.last?.outcome == .copied(reason: "nibble cannot decode it"))
  }

  @Test func theSourceMayBeReplaced() throws {
    let source = try source()
    let before = try source.values(of: try source.requiredTensor(named: "token_embd.weight"))
    let (file, _) = try quantize(source, .q8_0, "source.gguf")
    #expect(file.tensor(named: "token_embd.weight")?.type == .q8_0)
    #expect(
      try source.values(of: try source.requiredTensor(named: "token_embd.weight")) == before)
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
      try quantize(try GGUFFile(path: path), .q4_0, threads: 3)
    }
    #expect(try directory.names == ["nan.gguf"])
  }

  @Test func targetsThatCannotBeWritten() {
    #expect(throws: QuantizationError.cannotEncode(type: .q6_K)) {
      try GGUFQuantizer(target: .q6_K)
    }
  }
}
