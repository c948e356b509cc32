import CKernels
import Foundation
import Quantization

// Attention over the paged KV cache. Heads of the query share heads of keys and values
// (grouped-query attention, arXiv:2305.13245): query head h reads KV head h * nKVHead / nHead.
extension Engine {
  /// Fills `(nTokens, ropeCount / 2)` cosines and then as many sines for the positions of a
  /// pass: angle = position / ropeScale * ropeBase^(-2i / ropeCount) / ropeFactors[i].
  func fillRotations(_ table: UnsafeMutablePointer<Float>, positions: [Int]) {
    let config = model.config
    let pairs = config.ropeCount / 2
    for i in 0..<pairs {
      let frequency = model.ropeFrequency(ofPair: i)
      for (row, position) in positions.enumerated() {
        let angle = Double(position) * frequency
        table[row * pairs + i] = Float(cos(angle))
        table[(positions.count + row) * pairs + i] = Float(sin(angle))
      }
    }
  }

  /// RoPE (arXiv:2104.09864) of each head, in place: x `(nTokens, nHeads * headSize)`.
  func rope(
    _ x: Activation, _ table: UnsafePointer<Float>, _ name: String, _ il: Int, line: Int = #line
  ) throws -> Activation {
    let config = model.config
    let pairs = config.ropeCount / 2
    let heads = x.cols / config.headSize
    return try record(
      .rope, name, il, [x.name],
      with: OpAttributes(
        base: Float(config.ropeBase),
        dimensions: config.ropeCount == config.headSize ? nil : config.ropeCount,
        factor: config.ropeScale == 1 ? nil : Float(config.ropeScale), headSize: config.headSize,
        heads: heads, layout: config.ropeLayout), line: line, x
    ) {
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
  func append(
    _ k: Activation, _ v: Activation, _ name: String, _ il: Int, line: Int = #line
  ) throws {
    let config = model.config
    let measures = Observer.isWatching && ledger.observer.measuresValues
    _ = try record(
      .kvAppend, name, il, [k.name, v.name],
      with: OpAttributes(headSize: config.headSize, heads: config.kvHeadCount),
      line: line, k
    ) {
      for part in parts {
        let cache = caches[part.sequence]
        for (position, row) in zip(part.position..., part.rows) {
          try cache.reserve(layer: il, end: position + 1) { bytes, name in
            try ledger.allocate(bytes, .kvCache, name())
          }
          let errors = try cache.store(
            layer: il, position: position, key: k.row(row), value: v.row(row),
            measures: measures)
          let append = KVAppendDescription(
            sequence: part.sequence, layer: il, position: position, keyBytes: cache.rowBytes,
            valueBytes: cache.rowBytes, cacheBytes: usedCacheBytes,
            buffer: cache.buffer(layer: il, position: position).id, errors: errors)
          ledger.step(.kvCache, 0) { $0.appended(append, live: $1) }
        }
      }
    }
  }

  /// Products of queries with the keys of their sequence: q `(nTokens, nHead * headSize)`, keys
  /// `(nKV, nKVHead * headSize)` → y `(nHead * nTokens, nKV)`. Pages that a token may not see are
  /// left out; their products count as 0.
  func scores(
    _ q: Activation, workspace: UnsafeMutablePointer<Float>, into y: Activation, _ name: String,
    _ il: Int, line: Int = #line
  ) throws -> Activation {
    let headSize = model.config.headSize
    return try record(
      .scores, name, il, ["kv_append-\(il)", q.name], with: headAttributes, line: line, y
    ) {
      forEachHead(nKV: y.cols) { part, head, tokens, thread in
        for first in stride(from: 0, to: part.position + tokens.upperBound, by: KVCache.pageLength)
        {
          let start = max(tokens.lowerBound, first - part.position)  // the first that sees the page
          let row = part.rows.lowerBound + start
          let keys = keys(part, il, from: first, head: head, workspace: workspace, thread: thread)
          var page = nibble_page_scores(
            keys: keys.values, cols: headSize,
            count: min(KVCache.pageLength, part.end - first),
            q: q.row(row) + head * headSize, q_stride: q.cols, tokens: tokens.upperBound - start,
            y: y.row(head * q.rows + row) + first, y_stride: y.cols)
          if keys.type == .f16 {
            nibble_page_scores_f16(&page)
          } else {
            nibble_page_scores_f32(&page)
          }
        }
        guard Observer.isWatching else { return }  // nobody else looks at what is left out
        for token in tokens {
          let row = y.row(head * q.rows + part.rows.lowerBound + token)
          let seen = part.pagedCount(seenBy: token)
          (row + seen).update(repeating: 0, count: y.cols - seen)
        }
      }
      computed()
    }
  }

  /// Softmax of `x / √headSize` over the positions that each token may see, in place; the rest
  /// becomes 0: x `(nHead * nTokens, nKV)`.
  func softmax(
    _ x: Activation, _ name: String, _ il: Int, line: Int = #line
  ) throws -> Activation {
    let heads = model.config.headCount
    let nTokens = x.rows / heads
    let scale = 1 / Float(model.config.headSize).squareRoot()
    return try record(
      .softmax, name, il, [x.name],
      with: OpAttributes(heads: heads, scale: scale), line: line, x
    ) {
      forEachHead(nKV: x.cols) { part, head, tokens, _ in
        for token in tokens {
          nibble_softmax(
            x.row(head * nTokens + part.rows.lowerBound + token), part.pagedCount(seenBy: token),
            part.position + token + 1, scale)
        }
      }
      computed()
    }
  }

  /// Sums of values, weighted by `x` `(nHead * nTokens, nKV)` → y `(nTokens, nHead * headSize)`.
  func weightedSum(
    _ x: Activation, workspace: UnsafeMutablePointer<Float>, into y: Activation, _ name: String,
    _ il: Int, line: Int = #line
  ) throws -> Activation {
    let headSize = model.config.headSize
    return try record(
      .weightedSum, name, il, ["kv_append-\(il)", x.name], with: headAttributes, line: line, y
    ) {
      forEachHead(nKV: x.cols) { part, head, tokens, thread in
        for token in tokens {
          (y.row(part.rows.lowerBound + token) + head * headSize)
            .update(repeating: 0, count: headSize)
        }
        for first in stride(from: 0, to: part.position + tokens.upperBound, by: KVCache.pageLength)
        {
          let start = max(tokens.lowerBound, first - part.position)
          let row = part.rows.lowerBound + start
          let values = values(
            part, il, from: first, head: head, workspace: workspace, thread: thread)
          var page = nibble_page_sums(
            values: values.values, stride: values.stride,
            rows: min(KVCache.pageLength, part.end - first), cols: headSize,
            weights: x.row(head * y.rows + row) + first, weights_stride: x.cols,
            tokens: tokens.upperBound - start, out: y.row(row) + head * headSize,
            out_stride: y.cols)
          if values.type == .f16 {
            nibble_page_sums_f16(&page)
          } else {
            nibble_page_sums_f32(&page)
          }
        }
      }
      computed()
    }
  }

  /// The heads of the query, and those of the keys and values that they share.
  private var headAttributes: OpAttributes {
    OpAttributes(
      headSize: model.config.headSize, heads: model.config.headCount,
      kvHeads: model.config.kvHeadCount)
  }

  /// Calls `body` for every head and some tokens of every sequence of the pass, counted from the
  /// first of its part, on all threads where there is enough to do.
  private func forEachHead(
    nKV: Int,
    _ body: (_ part: PassPart, _ head: Int, _ tokens: Range<Int>, _ thread: Int) -> Void
  ) {
    let tokensAtOnce = 24  // two groups of queries in the widest kernel
    let heads = model.config.headCount
    let blocks = parts.map { ($0.rows.count + tokensAtOnce - 1) / tokensAtOnce }
    let count = blocks.reduce(0, +) * heads
    // A fork costs as much as some thousand products of a query with a key.
    let isSmall = parts.reduce(0) { $0 + $1.rows.count * $1.end } * heads < 4096
    workers.forEach(count, by: isSmall ? count : 1) { items, thread in
      for item in items {
        var block = item / heads
        var index = 0
        while block >= blocks[index] {
          block -= blocks[index]
          index += 1
        }
        let first = block * tokensAtOnce
        let tokens = first..<min(first + tokensAtOnce, parts[index].rows.count)
        body(parts[index], item % heads, tokens, thread)
      }
    }
  }

  /// Floats of workspace that attention needs: where the cache is quantized, one head of one page a
  /// thread, once as it is stored and once with its columns as rows.
  var attentionWorkspace: Int {
    switch options.kvType {
    case .f16, .f32: 0
    case .q8, .q4: 2 * threads * KVCache.pageLength * model.config.headSize
    }
  }

  /// Keys of one head of a page, `(headSize, pageLength)`: where they lie, or dequantized.
  private func keys(
    _ part: PassPart, _ il: Int, from first: Int, head: Int,
    workspace: UnsafeMutablePointer<Float>, thread: Int
  ) -> (values: UnsafeRawPointer, type: TileDescription.ValueType) {
    let config = model.config
    let cache = caches[part.sequence]
    let kvHead = head * config.kvHeadCount / config.headCount
    let keys = cache.page(il, from: first, head: kvHead).keys
    switch options.kvType {
    case .f16: return (keys, .f16)
    case .f32: return (keys, .f32)
    case .q8, .q4:
      let count = min(KVCache.pageLength, part.end - first)
      let rows = dequantized(keys, count, cache, workspace, thread)
      let columns = rows + KVCache.pageLength * config.headSize
      nibble_transpose(rows, count, config.headSize, columns, KVCache.pageLength)
      return (UnsafeRawPointer(columns), .f32)
    }
  }

  /// Values of one head of a page, `(pageLength, headSize)`: where they lie, or dequantized.
  private func values(
    _ part: PassPart, _ il: Int, from first: Int, head: Int,
    workspace: UnsafeMutablePointer<Float>, thread: Int
  ) -> (values: UnsafeRawPointer, stride: Int, type: TileDescription.ValueType) {
    let config = model.config
    let cache = caches[part.sequence]
    let kvHead = head * config.kvHeadCount / config.headCount
    let values = cache.page(il, from: first, head: kvHead).values
    switch options.kvType {
    case .f16: return (values, config.kvLength, .f16)
    case .f32: return (values, config.kvLength, .f32)
    case .q8, .q4:
      let count = min(KVCache.pageLength, part.end - first)
      let rows = dequantized(values, count, cache, workspace, thread)
      return (UnsafeRawPointer(rows), config.headSize, .f32)
    }
  }

  /// `count` rows of one head as f32, `(count, headSize)`, in the thread's part of the workspace.
  private func dequantized(
    _ packed: UnsafeRawPointer, _ count: Int, _ cache: KVCache,
    _ workspace: UnsafeMutablePointer<Float>, _ thread: Int
  ) -> UnsafeMutablePointer<Float> {
    let headSize = model.config.headSize
    let rows = workspace + 2 * thread * KVCache.pageLength * headSize
    for row in 0..<count {
      nibble_dequantize_f32(
        options.kvType.tensorType.rawValue, packed + row * cache.rowBytes, rows + row * headSize,
        headSize)
    }
    return rows
  }
}
