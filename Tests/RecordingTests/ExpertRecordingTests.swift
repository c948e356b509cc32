import Foundation
import Inference
import ModelFiles
import Quantization
import TestSupport
import Testing
import TraceStore

@testable import Recording

/// Recordings of a model with 8 experts in each of 2 layers, 3 of them for a token.
@Suite struct ExpertRecordingTests {
  private static let python = ProcessInfo.processInfo.environment["NIBBLE_PYTHON"]
  private static let isCI = ProcessInfo.processInfo.environment["CI"] == "true"
  private let tests: RecordingTests

  init() throws { tests = try RecordingTests() }

  private func record(
    _ strategy: StrategyName = .tiled, prompt: String = "Once upon a time", count: Int = 4,
    threads: Int = 1, model: String = randomModel("qwen3moe")
  ) throws -> String {
    var options = tests.options("\(strategy.rawValue)-\(threads).sqlite", count: count)
    options.model = model
    options.prompts = [prompt]
    options.engine.strategy = strategy
    options.engine.tileRows = 24  // the rows of an expert are no multiple
    options.engine.threads = threads
    return try Recording.record(options).trace
  }

  /// Of one token three experts wake, and each of the others is there with zeros.
  @Test(arguments: StrategyName.allCases)
  func oneTokenWakesThreeOfEight(_ strategy: StrategyName) throws {
    let path = try record(strategy, prompt: "O", count: 1)
    let rows = try tests.rows("SELECT layer, expert, tokens, passes, bytes FROM expert_use", path)
    // gate, up (32 rows of 64) and down (64 rows of 32), 18 bytes for each 32 weights.
    let bytes = 3 * 32 * 64 / 32 * 18
    for layer in 0..<2 {
      let own = rows[layer * 8..<(layer + 1) * 8]
      #expect(own.map { $0[0] } == Array(repeating: .integer(layer), count: 8))
      #expect(own.map { $0[1] } == (0..<8).map { .integer($0) })
      let used = own.map { Array($0.dropFirst(2)) }
      #expect(used.count { $0 == [.integer(1), .integer(1), .integer(bytes)] } == 3)
      #expect(used.count { $0 == [.integer(0), .integer(0), .integer(0)] } == 5)
    }
  }

  @Test(.enabled(if: python != nil || isCI, "NIBBLE_PYTHON is not set"))
  func pythonCountsTheSame() throws {
    let python = try #require(Self.python, "CI has to set NIBBLE_PYTHON")
    var traces = try StrategyName.allCases.map { try record($0) }
    traces.append(try record(.tiled, threads: 2))
    traces.append(try record(.perLayer, threads: 2))
    let script = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("scripts/check-experts.py").path
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [python, script] + traces
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    #expect(text == "\(16 * traces.count)\n")
  }

  /// The model with its routers packed, as no converter does, and a tensor that nothing uses.
  private func modelWithPackedRouters() throws -> String {
    let source = try ModelFile(path: randomModel("qwen3moe"))
    var writer = GGUFWriter()
    for (key, value) in source.metadata { writer.set(key, value) }
    for tensor in source.tensors {
      if tensor.name.contains("ffn_gate_inp") {
        writer.addTensor(
          tensor.name, type: .q8_0, shape: tensor.shape,
          bytes: try TensorType.q8_0.encode(source.values(of: tensor)))
      } else {
        writer.addTensor(
          tensor.name, typeCode: tensor.type?.rawValue ?? 0, shape: tensor.shape,
          byteCount: tensor.byteCount
        ) { try $0.write(source.bytes(of: tensor)) }
      }
    }
    writer.addTensor(
      "blk.0.a \"new\" part.weight", type: .f32, shape: [2], bytes: [UInt8](repeating: 0, count: 8))
    let path = tests.folder.file("packed-routers.gguf")
    try writer.write(to: path)
    return path
  }

  /// Attention's and the router's matrices when the layer begins, the chosen experts' after the
  /// router, and all of them freed when the layer ends.
  @Test func perLayerDequantizesExpertsAfterTheRouter() throws {
    let trace = try Trace(path: record(.perLayer, model: modelWithPackedRouters()))
    let tensors = try trace.tensors()
    for pass in try trace.passes() {
      let ops = try trace.ops(inPass: pass.id)
      for layer in 0..<2 {
        let own = ops.filter { $0.layer == layer }
        let begin = try #require(own.first).steps.lowerBound
        let end = try #require(own.last).steps.upperBound
        let router = try #require(own.first { $0.operation == .route })
        let product = try #require(own.first { $0.operation == .expertMatmul })
        let next = ops.first { $0.id == own[own.count - 1].id + 1 }?.steps.lowerBound
        var early: [String] = []
        var experts: [String: [Int]] = [:]
        for step in pass.steps {
          guard let event = try trace.event(at: step), event.kind == .dequantize,
            let tile = try trace.tile(step), tensors[tile.tensor].layer == layer
          else { continue }
          let tensor = tensors[tile.tensor]
          #expect(event.op == nil)
          let freed = try #require(tile.freedStep)
          #expect(freed > end && freed < next ?? 0, "\(tensor.name) in pass \(pass.id)")
          let expert = try trace.expert(of: tile.rangeOfRows, in: tensor, op: nil)
          if let expert {
            #expect(step > router.steps.upperBound && step < product.steps.lowerBound)
            #expect(expert.rows == tile.firstRow..<tile.firstRow + tile.rows)
            experts[tensor.role, default: []].append(expert.number)
          } else {
            #expect(step < begin && tile.rows == tensor.rows)
            early.append(tensor.role)
          }
        }
        #expect(
          early.sorted() == ["attn_k", "attn_output", "attn_q", "attn_v", "ffn_gate_inp"])
        let chosen = Set(try trace.experts(ofOp: router.id)).sorted()
        #expect(
          experts == ["ffn_gate_exps": chosen, "ffn_up_exps": chosen, "ffn_down_exps": chosen])
        #expect(pass.tokens > 1 ? chosen.count > 3 : chosen.count == 3)
      }
    }
  }

  /// Tensors that the forward pass does not use are a fact of the trace, where there are some.
  @Test func unusedTensorsAreAFact() throws {
    let query = "SELECT value FROM meta WHERE key = 'unused_tensors'"
    #expect(try tests.rows(query, try record()).isEmpty)
    let path = try record(.fused, model: modelWithPackedRouters())
    let found = try tests.rows(query, path)
    #expect(found == [[.text(#"["blk.0.a \"new\" part.weight"]"#)]])
    #expect(try Trace(path: path).tensors().last?.name == "blk.0.a \"new\" part.weight")
  }
}
