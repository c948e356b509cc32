import CKernels

// The forward pass of a llama-style transformer, read top to bottom. Sizes:
//
//   nTokens  tokens of this pass           nEmbd  width of the residual stream
//   nKV      positions in the KV cache     nHead  heads of the query, headSize values each
//   nVocab   entries of the vocabulary     nKVHead ≤ nHead  heads of keys and values
//   nFF      width of the feed-forward network
extension Engine {
  /// Runs `tokens` at the positions that follow those already in the KV cache.
  ///
  /// - Parameters:
  ///   - kind: what the trace calls the pass; by default one token after others is a decode.
  ///   - logitsForAll: the logits of every token rather than of the last alone.
  /// - Returns: the logits, `(nTokens or 1, nVocab)` row-major.
  /// - Throws: `InferenceError`. The KV cache is then what it was before the pass.
  public func forward(
    _ tokens: [Int], kind: PassDescription.Kind? = nil, logitsForAll: Bool = false
  ) throws -> [Float] {
    try check(tokens)
    let start = beginPass(tokens, kind)
    let buffers = try PassBuffers(engine: self, nTokens: tokens.count)
    defer {  // where the pass failed
      strategy.layerEnded(on: self)
      buffers.freeAll()
      cache.truncate(to: position, free: ledger.free)
    }
    let rotations = buffers.rotations  // (2, nTokens, ropeCount / 2): cosines, sines
    fillRotations(rotations, positions: position..<position + tokens.count)

    var x = try getRows(model.tokenEmbedding, tokens, into: buffers.x)  // (nTokens, nEmbd)

    for (il, layer) in model.layers.enumerated() {
      try strategy.layerBegan(layer, on: self)
      // Attention: what each token takes from the tokens before it.
      let attnNorm = try rmsNorm(x, layer.attnNorm, into: buffers.normed, "attn_norm", il)
      // q (nTokens, nHead * headSize); k and v (nTokens, nKVHead * headSize)
      var q = try linear(layer.query, attnNorm, into: buffers.q, "Qcur", il)
      var k = try linear(layer.key, attnNorm, into: buffers.k, "Kcur", il)
      let v = try linear(layer.value, attnNorm, into: buffers.v, "Vcur", il)
      if let queryNorm = layer.queryNorm { q = try headNorm(q, queryNorm, "Qcur_normed", il) }
      if let keyNorm = layer.keyNorm { k = try headNorm(k, keyNorm, "Kcur_normed", il) }
      q = try rope(q, rotations, "Qcur_rope", il)
      k = try rope(k, rotations, "Kcur_rope", il)
      try append(k, v, il)  // the KV cache grows by nTokens positions
      // kq and weights (nHead * nTokens, nKV); kqv (nTokens, nHead * headSize)
      let kq = try scores(q, il, workspace: buffers.kvHead, into: buffers.kq)
      let weights = try softmax(kq, il)
      let kqv = try weightedSum(weights, il, workspace: buffers.kvHead, into: buffers.kqv)
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

    let last = x.suffix(logitsForAll ? tokens.count : 1)
    let normed = try rmsNorm(
      last, model.outputNorm, into: buffers.normed.suffix(last.rows), "result_norm", nil)
    let logits = try linear(
      model.output, normed, into: try buffers.logits(rows: last.rows), "result_output", nil)
    let result = Array(logits.buffer)
    position += tokens.count
    buffers.freeAll()
    endPass(start)
    return result
  }

  private func check(_ tokens: [Int]) throws {
    let config = model.config
    if tokens.isEmpty { throw InferenceError.emptyPrompt }
    if position + tokens.count > config.contextLength {
      throw InferenceError.contextFull(
        needed: position + tokens.count, context: config.contextLength)
    }
    for id in tokens where !(0..<config.vocabularyCount).contains(id) {
      throw InferenceError.tokenOutOfRange(id, vocabulary: config.vocabularyCount)
    }
  }

  private func beginPass(_ tokens: [Int], _ kind: PassDescription.Kind?) -> Int64 {
    guard Observer.isWatching else { return 0 }
    ledger.observer.passBegan(
      PassDescription(
        kind: kind ?? (position == 0 || tokens.count > 1 ? .prefill : .decode), branch: 0,
        sequence: 0, firstPosition: position, tokens: tokens))
    return nibble_nanoseconds()
  }

  private func endPass(_ start: Int64) {
    guard Observer.isWatching else { return }
    ledger.observer.passEnded(nanoseconds: Int(nibble_nanoseconds() - start))
  }
}
