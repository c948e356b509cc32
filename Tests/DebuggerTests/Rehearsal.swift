import Events
import Foundation
import ModelFiles
import Quantization
import TraceStore

/// Plays the engine's part in a recording, computing nothing: the operations, tiles and buffers of
/// a small transformer, the same at every run.
final class Rehearsal {
  let recorder: TraceRecorder
  private let tensors: [TraceTensor]
  private var live = MemoryUse()
  private var hasFailed = false
  private var buffers: [String: BufferDescription] = [:]
  private var nextID = 1
  private var position = 0
  /// The last page of the KV cache in each layer.
  private var pages: [Int: Int] = [:]
  private let layers: Int
  private let tileRows = 40
  /// Bytes that may be alive together. What is played after it is passed is not recorded.
  private let budget: Int

  private static let width = 64
  private static let kv = 32
  private static let feedForward = 96  // tiles of 40, 40 and 16 rows
  private static let vocabulary = 100

  /// - Parameter model: the file that ``writeModel(to:)`` wrote, where its bytes matter.
  init(
    path: String, layers: Int = 2, capture: Capture = .stats, model: String? = nil,
    budget: Int = .max
  ) throws {
    self.layers = layers
    self.budget = budget
    tensors = try Self.tensors(layers: layers, in: model.map { try ModelFile(path: $0) })
    recorder = try TraceRecorder(
      path: path,
      header: TraceHeader(
        meta: [
          "nibble_version": "0.1.0", "run_id": "4e1bb1e0", "model": "rehearsal",
          "architecture": "llama",
          "prompt": "Once upon", "strategy": "tiled", "tile_rows": String(tileRows),
          "threads": "1",
        ], tensors: tensors), capture: capture)
  }

  private static func shapes(layers: Int) -> [(name: String, layer: Int?, rows: Int, cols: Int)] {
    [("token_embd.weight", nil, vocabulary, width)]
      + (0..<layers).flatMap { layer in
        [
          ("attn_norm", 1, width), ("attn_k", kv, width), ("ffn_gate", feedForward, width),
          ("ffn_down", width, feedForward),
        ].map { role, rows, cols in ("blk.\(layer).\(role).weight", layer, rows, cols) }
      }
  }

  private static func tensors(layers: Int, in file: ModelFile?) -> [TraceTensor] {
    var offset = 4096
    return shapes(layers: layers).enumerated().map { index, tensor in
      let (name, layer, rows, cols) = tensor
      let bytes = rows == 1 ? 4 * cols : rows * cols * 5 / 8
      defer { offset += bytes }
      return TraceTensor(
        id: index, name: name, layer: layer,
        role: String(name.split(separator: ".")[layer == nil ? 0 : 2]),
        type: rows == 1 ? "f32" : "q4_1", rows: rows, cols: cols, bytes: bytes,
        fileOffset: file?.tensor(named: name)?.fileOffset ?? offset, bpw: rows == 1 ? 32 : 5)
    }
  }

  /// Writes the model whose part is played: blocks of q4_1 with scales and minimums that grow.
  static func writeModel(to path: String, layers: Int = 2) throws {
    var writer = GGUFWriter()
    writer.set("general.architecture", .string("llama"))
    for (name, _, rows, cols) in shapes(layers: layers) {
      var bytes: [UInt8] = []
      if rows == 1 {
        for _ in 0..<cols { bytes += [0, 0, 0x80, 0x3F] }
      } else {
        for block in 0..<rows * cols / 32 {
          bytes += [UInt8(block % 200), 0x28, UInt8(block % 100), 0xB4]
          for index in 0..<16 { bytes.append(UInt8(truncatingIfNeeded: index * 37 + block)) }
        }
      }
      writer.addTensor(name, type: rows == 1 ? .f32 : .q4_1, shape: [rows, cols], bytes: bytes)
    }
    try writer.write(to: path)
  }

  /// Takes the packed weights, takes in a prompt of two tokens, and decodes `decode` more.
  func perform(decode: Int = 2) throws {
    let words = ["Once", " upon", " a", " time", " there", " was", "\n", " 日本", "🙂"]
    take("packed weights", .weights, tensors.reduce(0) { $0 + $1.bytes })
    recorder.addTokens([
      TraceToken(position: 0, id: 40, text: words[0], isPrompt: true),
      TraceToken(position: 1, id: 41, text: words[1], isPrompt: true),
    ])
    for pass in 0...decode {
      self.pass(pass == 0 ? .prefill : .decode, tokens: pass == 0 ? 2 : 1)
      try recorder.check()
      if hasFailed { break }
      let chosen = words[(pass + 2) % words.count]
      recorder.addTokens([
        TraceToken(
          position: position, id: 42 + pass, text: chosen, isPrompt: false, logprob: -0.25,
          topK: [
            .init(id: 42 + pass, text: chosen, logprob: -0.25),
            .init(id: 7, text: "é", logprob: -2),
          ])
      ])
    }
    try recorder.finish(status: hasFailed ? "failed" : "complete")
  }

  private func pass(_ kind: PassDescription.Kind, tokens: Int) {
    recorder.passBegan(
      PassDescription(
        kind: kind, branch: 0, sequence: 0, firstPosition: position,
        tokens: (position..<position + tokens).map { 40 + $0 }))
    op(.getRows, "embd", nil, ["token_embd.weight"], rows: tokens, cols: Self.width, tensor: 0)
    var input = "embd"
    for layer in 0..<layers {
      let first = 1 + 4 * layer
      let norm = "attn_norm-\(layer)"
      let key = "Kcur-\(layer)"
      let gate = "ffn_gate-\(layer)"
      let down = "ffn_out-\(layer)"
      op(.norm, norm, layer, [input], rows: tokens, cols: Self.width)
      op(.matmul, key, layer, [norm], rows: tokens, cols: Self.kv, tensor: first + 1)
      append(layer, tokens)
      op(.matmul, gate, layer, [norm], rows: tokens, cols: Self.feedForward, tensor: first + 2)
      op(.matmul, down, layer, [gate], rows: tokens, cols: Self.width, tensor: first + 3)
      give(norm)
      give(key)
      give(gate)
      give(input)
      input = "l_out-\(layer)"
      op(.add, input, layer, [down], rows: tokens, cols: Self.width)
      give(down)
    }
    op(.matmul, "result_output", nil, [input], rows: 1, cols: Self.vocabulary, tensor: 0)
    give(input)
    give("result_output")
    position += tokens
    recorder.passEnded(nanoseconds: 1_000_000)
  }

  private func op(
    _ kind: OpDescription.Kind, _ name: String, _ layer: Int?, _ inputs: [String], rows: Int,
    cols: Int, tensor: Int? = nil
  ) {
    let weights = kind == .matmul ? tensor.map { [tensors[$0].name] } ?? [] : []
    recorder.opBegan(
      OpDescription(
        name: name, kind: kind, layer: layer, inputs: weights + inputs, tensor: tensor, rows: rows,
        cols: cols))
    take(name, name == "result_output" ? .logits : .activations, 4 * rows * cols)
    if kind == .matmul, let tensor {
      multiply(tensors[tensor], tokens: rows)
    } else {
      recorder.computed(thread: 0, live: live)
    }
    let values = (0..<rows * cols).map { Float($0 % 17) / 16 - 0.5 }
    values.withUnsafeBufferPointer { recorder.opEnded(output: $0, nanoseconds: 12_345) }
  }

  private func append(_ layer: Int, _ tokens: Int) {
    recorder.opBegan(
      OpDescription(
        name: "kv_append-\(layer)", kind: .kvAppend, layer: layer, inputs: ["Kcur-\(layer)"],
        tensor: nil, rows: tokens, cols: Self.kv))
    let row = 2 * Self.kv
    if position % 16 == 0 {
      pages[layer] = nextID
      take("blk.\(layer) kv \(position)..<\(position + 16)", .kvCache, 16 * 2 * row)
    }
    for position in position..<position + tokens {
      recorder.appended(
        KVAppendDescription(
          sequence: 0, layer: layer, position: position, keyBytes: row, valueBytes: row,
          cacheBytes: (position * layers + layer + 1) * 2 * row, buffer: pages[layer] ?? 0,
          errors: nil), live: live)
    }
    recorder.opEnded(output: nil, nanoseconds: 700)
  }

  private func multiply(_ tensor: TraceTensor, tokens: Int) {
    for row in stride(from: 0, to: tensor.rows, by: tileRows) {
      let rows = min(tileRows, tensor.rows - row)
      let tile = TileDescription(
        id: nextID, tensor: tensor.id, firstRow: row, rows: rows, cols: tensor.cols, type: .f16,
        thread: 0, buffer: nil)
      nextID += 1
      checkBudget(
        .weightsDequantized, "\(tensor.name) rows \(row)..<\(row + rows)", tile.bytes)
      live.weightsDequantized += tile.bytes
      recorder.dequantizing(tile, live: live)
      let halves = (0..<rows * tensor.cols).map { 0x3400 + UInt16($0 % 900) }
      halves.withUnsafeBytes {
        guard let values = $0.baseAddress else { return }
        recorder.dequantized(tile, values: values, nanoseconds: 20_000)
      }
      recorder.multiplied(
        MatmulDescription(
          tensor: tensor.id, tile: tile.id, firstRow: row, m: tokens, k: tensor.cols, n: rows,
          thread: 0), nanoseconds: 15_000, live: live)
      live.weightsDequantized -= tile.bytes
      recorder.freedTile(tile, live: live)
    }
  }

  private func take(_ name: String, _ category: MemoryCategory, _ bytes: Int) {
    let buffer = BufferDescription(id: nextID, category: category, name: name, bytes: bytes)
    nextID += 1
    checkBudget(category, name, bytes)
    buffers[name] = buffer
    live[category] += bytes
    recorder.allocated(buffer, live: live)
  }

  private func checkBudget(_ category: MemoryCategory, _ name: String, _ bytes: Int) {
    guard live.total + bytes > budget else { return }
    hasFailed = true
    recorder.allocationFailed(
      AllocationFailure(
        category: category, name: name, bytes: bytes, live: live, budget: budget, thread: 0))
  }

  private func give(_ name: String) {
    guard let buffer = buffers.removeValue(forKey: name) else { return }
    live[buffer.category] -= buffer.bytes
    recorder.freed(buffer, live: live)
  }
}
