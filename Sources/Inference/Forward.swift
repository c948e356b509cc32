import CKernels

// The forward pass of a llama-style transformer, read top to bottom. Sizes:
//
//   nTokens  tokens of this pass           nEmbd  width of the residual stream
//   nKV      positions in the KV cache     nHead  heads of the query, headSize values each
//   nVocab   entries of the vocabulary     nKVHead ≤ nHead  heads of keys and values
//   nFF      width of the feed-forward network
extension Engine {
  /// Runs `tokens` of the first sequence at the positions that follow those in its KV cache.
  ///
  /// - Parameters:
  ///   - kind: what the trace calls the pass; by default one token after others is a decode.
  ///   - logitsForAll: the logits of every token rather than of the last alone.
  /// - Returns: the logits, `(nTokens or 1, nVocab)` row-major.
  /// - Throws: `InferenceError`. The KV cache is then what it was before the pass.
  public func forward(
    _ tokens: [Int], kind: PassDescription.Kind? = nil, logitsForAll: Bool = false
  ) throws -> [Float] {
    try forward([(sequence: 0, tokens: tokens)], kind: kind, logitsForAll: logitsForAll)
  }

  /// Runs tokens of several sequences in one pass, each at the positions that follow those in its
  /// sequence's KV cache. No sequence changes a bit of another's result.
  ///
  /// - Parameter batch: sequences, each once, with at least one token.
  /// - Returns: the logits after the last token of each sequence, in their order, `(batch.count,
  ///   nVocab)` row-major; or of every token, `(nTokens, nVocab)`.
  /// - Throws: `InferenceError`. The KV caches are then what they were before the pass.
  public func forward(
    _ batch: [(sequence: Int, tokens: [Int])], kind: PassDescription.Kind? = nil,
    logitsForAll: Bool = false
  ) throws -> [Float] {
    let tokens = batch.flatMap(\.tokens)
    try begin(batch)
    try prepare()
    let start = beginPass(tokens, kind)
    var isFinished = false
    defer { if !isFinished { failPass(start) } }
    let buffers = try PassBuffers(engine: self, nTokens: tokens.count)
    defer {  // where the pass failed
      strategy.layerEnded(on: self)
      buffers.freeAll()
      for part in parts {
        caches[part.sequence].truncate(to: positions[part.sequence], free: ledger.free)
      }
    }
    let (nHead, nKVHead) = (model.config.headCount, model.config.kvHeadCount)
    let kvHead = buffers.kvHead  // a head of a page of a quantized KV cache, a thread
    let rotations = buffers.rotations  // (2, nTokens, ropeCount / 2): cosines, sines
    fillRotations(rotations, positions: parts.flatMap { $0.position..<$0.end })

    // (nTokens, nEmbd)
    var x = try getRows(model.tokenEmbedding, tokens, into: buffers.x, "embd")

    for (il, layer) in model.layers.enumerated() {
      try strategy.layerBegan(layer, on: self)
      // Attention: what each token takes from the tokens before it.
      let attnNorm = try rmsNorm(x, layer.attnNorm, into: buffers.normed, "attn_norm", il)
      // q (nTokens, nHead * headSize); k and v (nTokens, nKVHead * headSize)
      var q = try linear(layer.query, attnNorm, into: buffers.q, "Qcur", il, heads: nHead)
      var k = try linear(layer.key, attnNorm, into: buffers.k, "Kcur", il, heads: nKVHead)
      let v = try linear(layer.value, attnNorm, into: buffers.v, "Vcur", il, heads: nKVHead)
      if let queryNorm = layer.queryNorm { q = try headNorm(q, queryNorm, "Qcur_normed", il) }
      if let keyNorm = layer.keyNorm { k = try headNorm(k, keyNorm, "Kcur_normed", il) }
      q = try rope(q, rotations, "Qcur_rope", il)
      k = try rope(k, rotations, "Kcur_rope", il)
      try append(k, v, "kv_append", il)  // the KV cache grows by nTokens positions
      // kq and weights (nHead * nTokens, nKV); kqv (nTokens, nHead * headSize)
      let kq = try scores(q, workspace: kvHead, into: buffers.kq, "kq", il)
      let weights = try softmax(kq, "kq_soft_max", il)
      let kqv = try weightedSum(weights, workspace: kvHead, into: buffers.kqv, "kqv_out", il)
      let attnOut = try linear(layer.attnOutput, kqv, into: buffers.out, "attn_out", il)
      let ffnIn = try add(attnOut, x, into: buffers.x, "ffn_inp", il)  // (nTokens, nEmbd)

      // Feed-forward: what each token makes of it by itself.
      let ffnNorm = try rmsNorm(ffnIn, layer.ffnNorm, into: buffers.normed, "ffn_norm", il)
      let gate = try linear(layer.ffnGate, ffnNorm, into: buffers.gate, "ffn_gate", il)
      let up = try linear(layer.ffnUp, ffnNorm, into: buffers.up, "ffn_up", il)
      let hidden = try swiglu(gate, up, "ffn_swiglu", il)  // (nTokens, nFF), like gate and up
      let ffnOut = try linear(layer.ffnDown, hidden, into: buffers.out, "ffn_out", il)
      x = try add(ffnOut, ffnIn, into: buffers.x, "l_out", il)  // (nTokens, nEmbd)
      strategy.layerEnded(on: self)
    }

    let last = logitsForAll ? x : try lastRows(of: x, into: buffers.out)
    let lastNormed = buffers.normed.suffix(last.rows)
    let normed = try rmsNorm(last, model.outputNorm, into: lastNormed, "result_norm", nil)
    let rows = try buffers.logits(rows: last.rows)
    let logits = try linear(model.output, normed, into: rows, "result_output", nil)
    let result = Array(logits.buffer)
    for part in parts { positions[part.sequence] = part.end }
    buffers.freeAll()
    endPass(start)
    isFinished = true
    return result
  }

  /// Deals the rows of a pass out to its sequences.
  private func begin(_ batch: [(sequence: Int, tokens: [Int])]) throws {
    let config = model.config
    var parts: [PassPart] = []
    for (sequence, tokens) in batch {
      precondition(positions.indices.contains(sequence), "a sequence of this engine")
      precondition(!parts.contains { $0.sequence == sequence }, "each sequence once in a pass")
      if tokens.isEmpty { throw InferenceError.emptyPrompt }
      let row = parts.last?.rows.upperBound ?? 0
      let part = PassPart(
        sequence: sequence, position: positions[sequence], rows: row..<row + tokens.count)
      if part.end > config.contextLength {
        throw InferenceError.contextFull(needed: part.end, context: config.contextLength)
      }
      for id in tokens where !(0..<config.vocabularyCount).contains(id) {
        throw InferenceError.tokenOutOfRange(id, vocabulary: config.vocabularyCount)
      }
      parts.append(part)
    }
    if parts.isEmpty { throw InferenceError.emptyPrompt }
    self.parts = parts
  }

  /// The last row of each sequence: `(nSequences, nEmbd)`. Where they lie apart they are copied.
  private func lastRows(of x: Activation, into y: Activation) throws -> Activation {
    if parts.count == 1 { return x.suffix(1) }
    if parts.count == x.rows { return x }
    let rows = Activation(values: y.values, rows: parts.count, cols: x.cols)
    return try record(.getRows, "l_out_last", nil, [x.name], line: #line, rows) {
      for (index, part) in parts.enumerated() {
        rows.row(index).update(from: x.row(part.rows.upperBound - 1), count: x.cols)
      }
      computed()
    }
  }

  private func beginPass(_ tokens: [Int], _ kind: PassDescription.Kind?) -> Int64 {
    guard Observer.isWatching else { return 0 }
    ledger.observer.passBegan(
      PassDescription(
        kind: kind
          ?? (parts.contains { $0.position == 0 || $0.rows.count > 1 } ? .prefill : .decode),
        branch: branch, parts: parts, tokens: tokens,
        settings: PassSettings(
          strategy: options.strategy, tileRows: options.tileRows, kvType: options.kvType)))
    return nibble_nanoseconds()
  }

  private func endPass(_ start: Int64) {
    guard Observer.isWatching else { return }
    ledger.observer.passEnded(nanoseconds: Int(nibble_nanoseconds() - start))
  }

  private func failPass(_ start: Int64) {
    guard Observer.isWatching else { return }
    ledger.observer.passFailed(nanoseconds: Int(nibble_nanoseconds() - start))
  }
}
