import CKernels
import Foundation
import Quantization

// Attention over the paged KV cache. Heads of the query share heads of keys and values
// (grouped-query attention, arXiv:2305.13245): query head h reads KV head h * nKVHead / nHead.
extension Engine {
  /// Fills `(nTokens, ropeCount / 2)` cosines and then as many sines for the positions of a
  /// pass: angle = position / ropeScale * ropeBase^(-2i / ropeCount) / ropeFactors[i].
  func fillRotations(_ table: UnsafeMutablePointer<Float>, positions: Range<Int>) {
    let config = model.config
    let pairs = config.ropeCount / 2
    for i in 0..<pairs {
      let factor = model.ropeFactors.map { Double($0.values[i]) } ?? 1
      let frequency =
        pow(config.ropeBase, -2 * Double(i) / Double(config.ropeCount)) / factor
        / config.ropeScale
      for (row, position) in positions.enumerated() {
        let angle = Double(position) * frequency
        table[row * pairs + i] = Float(cos(angle))
        table[(positions.count + row) * pairs + i] = Float(sin(angle))
      }
    }
  }

  /// RoPE (arXiv:2104.09864) of each head, in place: x `(nTokens, nHeads * headSize)`.
  func rope(
    _ x: Activation, _ table: UnsafePointer<Float>, _ name: String, _ il: Int
  ) throws -> Activation {
    let config = model.config
    let pairs = config.ropeCount / 2
    let heads = x.cols / config.headSize
    return try record(.rope, name, il, [x.name], x) {
      for row in 0..<x.rows {
        let cosines = table + row * pairs
        let sines = table + (x.rows + row) * pairs
        switch config.ropeLayout {
        case .interleaved:
          nibble_rope_interleaved(
            x.row(row), heads, config.headSize, config.ropeCount, cosines, sines)
        case .halves:
          nibble_rope_halves(
            x.row(row), heads, config.headSize, config.ropeCount, cosines, sines)
        }
      }
      computed()
    }
  }

  /// Appends keys and values, `(nTokens, nKVHead * headSize)` each, at the pass's positions.
  func append(_ k: Activation, _ v: Activation, _ il: Int) throws {
    _ = try record(.kvAppend, "kv_append", il, [k.name, v.name], k) {
      for row in 0..<k.rows {
        try cache.reserve(layer: il, end: position + row + 1) { bytes, name in
          try ledger.allocate(bytes, .kvCache, name())
        }
        try cache.store(layer: il, position: position + row, key: k.row(row), value: v.row(row))
        let append = KVAppendDescription(
          layer: il, position: position + row, keyBytes: cache.rowBytes,
          valueBytes: cache.rowBytes, cacheBytes: cache.usedBytes)
        ledger.step(.kvCache, 0) { $0.appended(append, live: $1) }
      }
    }
  }

  /// Products of every query with every key: q `(nTokens, nHead * headSize)`, keys
  /// `(nKV, nKVHead * headSize)` → y `(nHead * nTokens, nKV)`.
  func scores(
    _ q: Activation, _ il: Int, workspace: UnsafeMutablePointer<Float>, into y: Activation
  ) throws -> Activation {
    let config = model.config
    return try record(.scores, "kq", il, ["kv_append-\(il)", q.name], y) {
      workers.forEach(config.headCount, by: 1) { heads, thread in
        for head in heads {
          forEachPage(of: il, positions: y.cols) { first, count in
            let keys = kvHead(
              cache.keys(il, first), count, head: head, workspace: workspace, thread: thread)
            var product = nibble_product(
              w: keys.values, w_stride: keys.stride, rows: count, cols: config.headSize,
              x: q.values + head * config.headSize, x_stride: q.cols, tokens: q.rows,
              y: y.row(head * q.rows) + first, y_stride: y.cols)
            if keys.type == .f16 {
              nibble_matmul_f16(&product)
            } else {
              nibble_matmul_f32(&product)
            }
          }
        }
      }
      computed()
    }
  }

  /// Softmax of `x / √headSize` over the positions that each token may see, in place; the rest
  /// becomes 0: x `(nHead * nTokens, nKV)`.
  func softmax(_ x: Activation, _ il: Int) throws -> Activation {
    let nTokens = x.rows / model.config.headCount
    let scale = 1 / Float(model.config.headSize).squareRoot()
    return try record(.softmax, "kq_soft_max", il, [x.name], x) {
      workers.forEach(x.rows, by: 16) { rows, _ in
        for row in rows {
          nibble_softmax(x.row(row), x.cols, position + row % nTokens + 1, scale)
        }
      }
      computed()
    }
  }

  /// Sums of values, weighted by `x` `(nHead * nTokens, nKV)` → y `(nTokens, nHead * headSize)`.
  func weightedSum(
    _ x: Activation, _ il: Int, workspace: UnsafeMutablePointer<Float>, into y: Activation
  ) throws -> Activation {
    let config = model.config
    return try record(.weightedSum, "kqv_out", il, ["kv_append-\(il)", x.name], y) {
      workers.forEach(config.headCount, by: 1) { heads, thread in
        for head in heads {
          for row in 0..<y.rows {
            (y.row(row) + head * config.headSize).update(repeating: 0, count: config.headSize)
          }
          forEachPage(of: il, positions: x.cols) { first, count in
            let values = kvHead(
              cache.values(il, first), count, head: head, workspace: workspace, thread: thread)
            for row in 0..<y.rows {
              let visible = min(count, position + row + 1 - first)
              if visible <= 0 { continue }
              let weights = x.row(head * y.rows + row) + first
              let out = y.row(row) + head * config.headSize
              if values.type == .f16 {
                nibble_weighted_sum_f16(
                  values.values.assumingMemoryBound(to: UInt16.self), values.stride, visible,
                  config.headSize, weights, out)
              } else {
                nibble_weighted_sum_f32(
                  values.values.assumingMemoryBound(to: Float.self), values.stride, visible,
                  config.headSize, weights, out)
              }
            }
          }
        }
      }
      computed()
    }
  }

  /// Floats of workspace that attention needs: one head of one page a thread, where the cache is
  /// quantized.
  var attentionWorkspace: Int {
    switch options.kvType {
    case .f16, .f32: 0
    case .q8, .q4: threads * KVCache.pageLength * model.config.headSize
    }
  }

  private func forEachPage(of il: Int, positions: Int, _ body: (_ first: Int, _ count: Int) -> Void)
  {
    var first = 0
    while first < positions {
      body(first, min(KVCache.pageLength, positions - first))
      first += KVCache.pageLength
    }
  }

  /// One head of `count` keys or values: where they lie, or dequantized into the workspace.
  private func kvHead(
    _ page: UnsafeMutableRawPointer, _ count: Int, head: Int,
    workspace: UnsafeMutablePointer<Float>, thread: Int
  ) -> (values: UnsafeRawPointer, stride: Int, type: TileDescription.ValueType) {
    let config = model.config
    let kvHead = head * config.kvHeadCount / config.headCount
    let base = UnsafeRawPointer(page + kvHead * cache.headBytes)
    switch options.kvType {
    case .f16: return (base, config.kvLength, .f16)
    case .f32: return (base, config.kvLength, .f32)
    case .q8, .q4:
      let values = workspace + thread * KVCache.pageLength * config.headSize
      for row in 0..<count {
        nibble_dequantize_f32(
          options.kvType.tensorType.rawValue, base + row * cache.rowBytes,
          values + row * config.headSize, config.headSize)
      }
      return (UnsafeRawPointer(values), config.headSize, .f32)
    }
  }
}
