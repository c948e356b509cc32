import Events
import TraceStore

/// The dimensions of a transformer for ``FakeEngine``.
struct FakeModel {
  var layers: Int
  var embedding: Int
  var kv: Int
  var feedForward: Int
  var vocabulary: Int
  var tileRows: Int
  var strategy = Strategy.tiled

  enum Strategy { case tiled, wholeModel }

  static let small = FakeModel(
    layers: 2, embedding: 32, kv: 16, feedForward: 48, vocabulary: 40, tileRows: 8)
  /// The same with every matrix dequantized at load.
  static let smallWhole = FakeModel(
    layers: 2, embedding: 32, kv: 16, feedForward: 48, vocabulary: 40, tileRows: 8,
    strategy: .wholeModel)
  /// About 190 tiles and 75 operations a pass.
  static let tiny = FakeModel(
    layers: 4, embedding: 256, kv: 128, feedForward: 768, vocabulary: 1024, tileRows: 64)
  /// SmolLM2-135M: 3198 tiles a pass.
  static let smolLM2 = FakeModel(
    layers: 30, embedding: 576, kv: 192, feedForward: 1536, vocabulary: 49152, tileRows: 64)
}

/// Calls an observer as the engine does, for a transformer of given dimensions, without computing
/// anything: same operations, tiles, buffers and order.
final class FakeEngine<Observer: PassObserver> {
  let dimensions: FakeModel
  let observer: Observer
  let tensors: [TraceTensor]
  private(set) var use = MemoryUse()
  /// Everything alive, as a check on the recorder: id to category and bytes.
  private(set) var alive: [Int: (category: MemoryCategory, bytes: Int)] = [:]
  private var nextID = 1
  private var tensorIndex: [String: Int] = [:]
  private var position = 0
  private var wholeTiles: [Int: TileDescription] = [:]
  /// The last page of the KV cache in each layer.
  private var pages: [Int: Int] = [:]
  private let values: [Float]
  private let halves: [UInt16]
  /// Called after every step, with its number.
  var afterStep: ((Int) -> Void)?
  private(set) var steps = 0

  init(_ dimensions: FakeModel, observer: Observer, tensors: [TraceTensor]) {
    self.dimensions = dimensions
    self.observer = observer
    self.tensors = tensors
    for tensor in tensors { tensorIndex[tensor.name] = tensor.id }
    let largest = Swift.max(dimensions.vocabulary, 64 * dimensions.feedForward)
    values = (0..<largest).map { Float(($0 &* 7919) % 1009) / 504 - 1 }
    halves = (0..<64 * dimensions.feedForward).map { 0x3800 + UInt16(($0 &* 31) % 1500) }
  }

  /// The weight tensors of a model of these dimensions, packed at 5 bits a weight.
  static func tensors(_ d: FakeModel) -> [TraceTensor] {
    var shapes: [(String, Int?, String, Int, Int)] = [
      ("token_embd.weight", nil, "token_embd", d.vocabulary, d.embedding)
    ]
    for layer in 0..<d.layers {
      for (role, rows, cols) in [
        ("attn_norm", 1, d.embedding), ("attn_q", d.embedding, d.embedding),
        ("attn_k", d.kv, d.embedding), ("attn_v", d.kv, d.embedding),
        ("attn_output", d.embedding, d.embedding), ("ffn_norm", 1, d.embedding),
        ("ffn_gate", d.feedForward, d.embedding), ("ffn_up", d.feedForward, d.embedding),
        ("ffn_down", d.embedding, d.feedForward),
      ] {
        shapes.append(("blk.\(layer).\(role).weight", layer, role, rows, cols))
      }
    }
    shapes.append(("output_norm.weight", nil, "output_norm", 1, d.embedding))
    var offset = 1024
    return shapes.enumerated().map { index, shape in
      let (name, layer, role, rows, cols) = shape
      let isNorm = role.hasSuffix("norm")
      let bytes = isNorm ? 4 * cols : rows * cols * 5 / 8
      defer { offset += bytes }
      return TraceTensor(
        id: index, name: name, layer: layer, role: role, type: isNorm ? "F32" : "Q4_1",
        rows: rows, cols: cols, bytes: bytes, fileOffset: offset, bpw: isNorm ? 32 : 5)
    }
  }

  /// Takes the packed weights, and with `wholeModel` every matrix as f16.
  func load() {
    let packed = tensors.reduce(0) { $0 + $1.bytes }
    _ = allocate(.weights, "packed weights", packed)
    guard dimensions.strategy == .wholeModel else { return }
    for tensor in tensors where tensor.rows > 1 {
      wholeTiles[tensor.id] = dequantize(tensor, firstRow: 0, rows: tensor.rows)
    }
  }

  /// One pass over `tokens` tokens. With `stopAfter`, ends in the middle after so many operations.
  func pass(_ kind: PassDescription.Kind, tokens: Int, stopAfter: Int = .max) {
    let d = dimensions
    observer.passBegan(
      PassDescription(
        kind: kind, branch: 0, sequence: 0, firstPosition: position,
        tokens: (0..<tokens).map { $0 + position }))
    var opsLeft = stopAfter
    var buffers: [String: BufferDescription] = [:]
    func op(
      _ kind: OpDescription.Kind, _ name: String, layer: Int?, inputs: [String], cols: Int,
      rows: Int? = nil, tensor: String? = nil, frees: [String] = [], logits: Bool = false
    ) {
      guard opsLeft > 0 else { return }
      opsLeft -= 1
      let rows = rows ?? tokens
      observer.opBegan(
        OpDescription(
          name: name, kind: kind, layer: layer, inputs: inputs + (tensor.map { [$0] } ?? []),
          tensor: tensor.flatMap { tensorIndex[$0] }, rows: rows, cols: cols))
      if kind == .kvAppend {
        append(layer: layer ?? 0, tokens: tokens)
        for input in inputs { free(buffers.removeValue(forKey: input)) }
        observer.opEnded(output: nil, nanoseconds: 700)
        return
      }
      buffers[name] = allocate(logits ? .logits : .activations, name, 4 * rows * cols)
      if kind == .matmul, let tensor, let index = tensorIndex[tensor] {
        multiply(tensors[index], m: rows)
      } else {
        observer.computed(thread: 0, live: use)
        stepped()
      }
      for input in frees { free(buffers.removeValue(forKey: input)) }
      values.withUnsafeBufferPointer { values in
        let count = min(values.count, rows * cols)
        // A whole output needs as many values as its shape says; large ones repeat a row.
        if count == rows * cols {
          observer.opEnded(
            output: UnsafeBufferPointer(rebasing: values[..<count]), nanoseconds: 12_345)
        } else {
          let whole = (0..<rows * cols).map { values[$0 % count] }
          whole.withUnsafeBufferPointer { observer.opEnded(output: $0, nanoseconds: 12_345) }
        }
      }
    }
    op(.getRows, "embd", layer: nil, inputs: [], cols: d.embedding, tensor: "token_embd.weight")
    var x = "embd"
    for l in 0..<d.layers {
      func w(_ role: String) -> String { "blk.\(l).\(role).weight" }
      let width = d.embedding
      op(.norm, "attn_norm-\(l)", layer: l, inputs: [x, w("attn_norm")], cols: width)
      let h = "attn_norm-\(l)"
      op(.matmul, "Qcur-\(l)", layer: l, inputs: [h], cols: width, tensor: w("attn_q"))
      op(
        .rope, "Qcur_rope-\(l)", layer: l, inputs: ["Qcur-\(l)"], cols: width, frees: ["Qcur-\(l)"])
      op(.matmul, "Kcur-\(l)", layer: l, inputs: [h], cols: d.kv, tensor: w("attn_k"))
      op(.rope, "Kcur_rope-\(l)", layer: l, inputs: ["Kcur-\(l)"], cols: d.kv, frees: ["Kcur-\(l)"])
      op(.matmul, "Vcur-\(l)", layer: l, inputs: [h], cols: d.kv, tensor: w("attn_v"), frees: [h])
      op(
        .kvAppend, "kv_append-\(l)", layer: l, inputs: ["Kcur_rope-\(l)", "Vcur-\(l)"],
        cols: d.kv)
      let seen = position + tokens
      op(
        .scores, "kq-\(l)", layer: l, inputs: ["Qcur_rope-\(l)"], cols: seen, rows: 4 * tokens,
        frees: ["Qcur_rope-\(l)"])
      op(
        .softmax, "kq_soft_max-\(l)", layer: l, inputs: ["kq-\(l)"], cols: seen, rows: 4 * tokens,
        frees: ["kq-\(l)"])
      op(
        .weightedSum, "kqv_out-\(l)", layer: l, inputs: ["kq_soft_max-\(l)"], cols: width,
        frees: ["kq_soft_max-\(l)"])
      op(
        .matmul, "attn_out-\(l)", layer: l, inputs: ["kqv_out-\(l)"], cols: width,
        tensor: w("attn_output"), frees: ["kqv_out-\(l)"])
      op(
        .add, "ffn_inp-\(l)", layer: l, inputs: ["attn_out-\(l)", x], cols: width,
        frees: ["attn_out-\(l)", x])
      op(
        .norm, "ffn_norm-\(l)", layer: l, inputs: ["ffn_inp-\(l)", w("ffn_norm")], cols: width)
      let inner = d.feedForward
      let f = "ffn_norm-\(l)"
      op(.matmul, "ffn_gate-\(l)", layer: l, inputs: [f], cols: inner, tensor: w("ffn_gate"))
      op(
        .matmul, "ffn_up-\(l)", layer: l, inputs: [f], cols: inner, tensor: w("ffn_up"), frees: [f])
      op(
        .silu, "ffn_swiglu-\(l)", layer: l, inputs: ["ffn_gate-\(l)", "ffn_up-\(l)"], cols: inner,
        frees: ["ffn_gate-\(l)", "ffn_up-\(l)"])
      op(
        .matmul, "ffn_out-\(l)", layer: l, inputs: ["ffn_swiglu-\(l)"], cols: width,
        tensor: w("ffn_down"), frees: ["ffn_swiglu-\(l)"])
      op(
        .add, "l_out-\(l)", layer: l, inputs: ["ffn_out-\(l)", "ffn_inp-\(l)"], cols: width,
        frees: ["ffn_out-\(l)", "ffn_inp-\(l)"])
      x = "l_out-\(l)"
    }
    op(
      .norm, "result_norm", layer: nil, inputs: [x, "output_norm.weight"], cols: d.embedding,
      frees: [x])
    op(
      .matmul, "result_output", layer: nil, inputs: ["result_norm"], cols: d.vocabulary, rows: 1,
      tensor: "token_embd.weight", frees: ["result_norm"], logits: true)
    guard opsLeft > 0 else { return }
    free(buffers.removeValue(forKey: "result_output"))
    position += tokens
    observer.passEnded(nanoseconds: 1_000_000)
  }

  private func stepped() {
    steps += 1
    afterStep?(steps)
  }

  private func allocate(
    _ category: MemoryCategory, _ name: String, _ bytes: Int
  ) -> BufferDescription {
    let buffer = BufferDescription(id: nextID, category: category, name: name, bytes: bytes)
    nextID += 1
    use[category] += bytes
    alive[buffer.id] = (category, bytes)
    observer.allocated(buffer, live: use)
    stepped()
    return buffer
  }

  private func free(_ buffer: BufferDescription?) {
    guard let buffer else { return }
    use[buffer.category] -= buffer.bytes
    alive[buffer.id] = nil
    observer.freed(buffer, live: use)
    stepped()
  }

  private func dequantize(_ tensor: TraceTensor, firstRow: Int, rows: Int) -> TileDescription {
    let tile = TileDescription(
      id: nextID, tensor: tensor.id, firstRow: firstRow, rows: rows, cols: tensor.cols, type: .f16,
      thread: 0, buffer: nil)
    nextID += 1
    use.weightsDequantized += tile.bytes
    alive[tile.id] = (.weightsDequantized, tile.bytes)
    observer.dequantizing(tile, live: use)
    let count = rows * tensor.cols
    if count <= halves.count {
      halves.withUnsafeBytes {
        observer.dequantized(
          tile, values: $0.baseAddress ?? UnsafeRawPointer(bitPattern: 8)!, nanoseconds: 20_000)
      }
    } else {
      let whole = (0..<count).map { halves[$0 % halves.count] }
      whole.withUnsafeBytes {
        observer.dequantized(
          tile, values: $0.baseAddress ?? UnsafeRawPointer(bitPattern: 8)!, nanoseconds: 20_000)
      }
    }
    stepped()
    return tile
  }

  private func multiply(_ tensor: TraceTensor, m: Int) {
    func product(_ tile: TileDescription) {
      observer.multiplied(
        MatmulDescription(
          tensor: tensor.id, tile: tile.id, firstRow: tile.firstRow, m: m, k: tensor.cols,
          n: tile.rows, thread: 0), nanoseconds: 15_000, live: use)
      stepped()
    }
    if let whole = wholeTiles[tensor.id] {
      product(whole)
      return
    }
    for firstRow in stride(from: 0, to: tensor.rows, by: dimensions.tileRows) {
      let rows = min(dimensions.tileRows, tensor.rows - firstRow)
      let tile = dequantize(tensor, firstRow: firstRow, rows: rows)
      product(tile)
      use.weightsDequantized -= tile.bytes
      alive[tile.id] = nil
      observer.freedTile(tile, live: use)
      stepped()
    }
  }

  private func append(layer: Int, tokens: Int) {
    let row = 2 * dimensions.kv
    for position in position..<position + tokens {
      if position % 16 == 0 {
        pages[layer] =
          allocate(
            .kvCache, "blk.\(layer) kv \(position)..<\(position + 16)", 16 * 2 * row
          ).id
      }
      observer.appended(
        KVAppendDescription(
          sequence: 0, layer: layer, position: position, keyBytes: row, valueBytes: row,
          cacheBytes: (position * dimensions.layers + layer + 1) * 2 * row,
          buffer: pages[layer] ?? 0, errors: nil), live: use)
      stepped()
    }
  }
}
