import CKernels
import Events
import Quantization

/// What attention of one layer is computed with.
struct Attention {
  /// Heads of the query. They share heads of keys and values (grouped-query attention,
  /// arXiv:2305.13245): query head h reads KV head `h * shape.heads / heads`.
  let heads: Int
  let shape: KVShape
  let layer: Int
  /// The sequences of the pass, each with its cache.
  let parts: [(part: PassPart, cache: KVCache)]
  /// Room for one head of one page a thread, once as it is stored and once with its columns as
  /// rows, where keys and values are quantized: `(threads, 2, pageLength, headSize)`.
  let workspace: UnsafeMutablePointer<Float>?

  /// The head of keys and values that a head of the query reads.
  func kvHead(of head: Int) -> Int { head * shape.heads / heads }
}

extension Pass {
  /// RoPE (arXiv:2104.09864) of each head, in place: x `(nTokens, nHeads * headSize)`.
  func rope(
    _ x: Activation, _ rotary: Rotary, _ name: String, line: Int = #line
  ) throws -> Activation {
    try record(
      .rope, name, [x.name] + [rotary.factors?.name].compactMap { $0 },
      with: OpAttributes(
        base: Float(rotary.base),
        dimensions: rotary.dimensions == rotary.headSize ? nil : rotary.dimensions,
        factor: rotary.factor == 1 ? nil : Float(rotary.factor), headSize: rotary.headSize,
        heads: x.cols / rotary.headSize, layout: rotary.layout), line: line, to: .over(x)
    ) { x in
      backend.rope(x, rotary, try rotations(rotary))
      computed()
    }
  }

  /// Appends keys and values, `(nTokens, nKVHead * headSize)` each, at the pass's positions.
  func append(
    _ k: Activation, _ v: Activation, _ name: String, line: Int = #line
  ) throws {
    guard let il = layer else { preconditionFailure("keys and values belong to a layer") }
    let shape = cache
    appendName = fullName(name)
    let measures = Observer.isWatching && backend.computes && ledger.observer.measuresValues
    _ = try record(
      .kvAppend, name, [k.name, v.name],
      with: OpAttributes(headSize: shape.headSize, heads: shape.heads), line: line, to: .over(k)
    ) { k in
      for part in parts {
        let cache = engine.caches[part.sequence]
        for (position, row) in zip(part.position..., part.rows) {
          try cache.reserve(layer: il, end: position + 1) { bytes, name in
            try ledger.allocate(bytes, .kvCache, name())
          }
          let errors = try backend.store(
            key: k.row(row), value: v.row(row), in: cache, layer: il, position: position,
            measures: measures)
          cache.appended(layer: il, position: position)
          let rowBytes = cache.rowBytes(layer: il)
          let append = KVAppendDescription(
            sequence: part.sequence, layer: il, position: position, keyBytes: rowBytes,
            valueBytes: rowBytes, cacheBytes: engine.usedCacheBytes,
            buffer: cache.buffer(layer: il, position: position).id, errors: errors)
          ledger.step(.kvCache, 0) { $0.appended(append, live: $1) }
        }
      }
    }
  }

  /// Products of queries with the keys of their sequence: q `(nTokens, nHead * headSize)`, keys
  /// `(nKV, nKVHead * headSize)` → y `(nHead * nTokens, nKV)`. Pages that a token may not see are
  /// left out; their products count as 0 where somebody watches.
  func scores(_ q: Activation, _ name: String, line: Int = #line) throws -> Activation {
    let heads = q.cols / cache.headSize
    let notFinite = FirstNotFinite()
    var y = try record(
      .scores, name, [appendName, q.name], with: attributes(heads: heads), line: line,
      to: .slot(
        Slot("kq"), rows: heads * q.rows, cols: parts.map(\.end).max() ?? 0),
      noting: notFinite
    ) { y in
      backend.scores(
        q, try attention(heads: heads), into: y, clearing: Observer.isWatching,
        noting: notFinite)
      computed()
    }
    y.hasGaps = true
    return y
  }

  /// Softmax of `scale * x` over the positions that each token may see, in place; the rest
  /// becomes 0: x `(nHead * nTokens, nKV)`.
  func softmax(
    _ x: Activation, scale: Float, _ name: String, line: Int = #line
  ) throws -> Activation {
    let heads = x.rows / tokens.count
    let notFinite = FirstNotFinite()
    return try record(
      .softmax, name, [x.name],
      with: OpAttributes(heads: heads, scale: scale, window: window), line: line, to: .over(x),
      noting: notFinite
    ) { x in
      backend.softmax(x, try attention(heads: heads), scale: scale, noting: notFinite)
      computed()
    }
  }

  /// Sums of values, weighted by `x` `(nHead * nTokens, nKV)` → y `(nTokens, nHead * headSize)`.
  func weightedSum(_ x: Activation, _ name: String, line: Int = #line) throws -> Activation {
    let heads = x.rows / tokens.count
    return try record(
      .weightedSum, name, [appendName, x.name], with: attributes(heads: heads),
      line: line, to: .slot(Slot("kqv"), rows: tokens.count, cols: heads * cache.headSize)
    ) { y in
      backend.weightedSum(x, try attention(heads: heads), into: y)
      computed()
    }
  }

  private func attributes(heads: Int) -> OpAttributes {
    OpAttributes(headSize: cache.headSize, heads: heads, kvHeads: cache.heads, window: window)
  }

  private func attention(heads: Int) throws -> Attention {
    guard let layer else { preconditionFailure("attention belongs to a layer") }
    let floats =
      engine.options.kvType.isQuantized
      ? 2 * engine.threads * KVCache.pageLength * cache.headSize : 0
    return Attention(
      heads: heads, shape: cache, layer: layer,
      parts: parts.map { ($0, engine.caches[$0.sequence]) },
      workspace: floats == 0
        ? nil : try take(Slot("kv head", .workspace), rows: 1, cols: floats).values)
  }
}
