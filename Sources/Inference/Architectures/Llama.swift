/// Llama (arXiv:2307.09288) and Qwen2 (arXiv:2407.10671): a norm before attention and before the
/// feed-forward network, rotary positions, grouped queries, SwiGLU. Qwen2 has biases.
///
/// Sizes, here and in the other families:
///
///     nTokens  tokens of this pass           nEmbd  width of the residual stream
///     nKV      positions in the KV cache     nHead  heads of the query, headSize values each
///     nVocab   entries of the vocabulary     nKVHead ≤ nHead  heads of keys and values
///     nFF      width of the feed-forward network
struct Llama: Architecture {
  static let names = ["llama", "qwen2"]

  struct Layer {
    let attnNorm: Vector  // blk.N.attn_norm    (nEmbd)
    let query: Linear  // blk.N.attn_q       (nHead * headSize, nEmbd)
    let key: Linear  // blk.N.attn_k       (nKVHead * headSize, nEmbd)
    let value: Linear  // blk.N.attn_v       (nKVHead * headSize, nEmbd)
    let attnOutput: Linear  // blk.N.attn_output  (nEmbd, nHead * headSize)
    let ffnNorm: Vector  // blk.N.ffn_norm     (nEmbd)
    let ffnGate: Linear  // blk.N.ffn_gate     (nFF, nEmbd)
    let ffnUp: Linear  // blk.N.ffn_up       (nFF, nEmbd)
    let ffnDown: Linear  // blk.N.ffn_down     (nEmbd, nFF)
  }

  let tokenEmbedding: Weight  // token_embd   (nVocab, nEmbd)
  let layers: [Layer]
  let outputNorm: Vector  // output_norm  (nEmbd)
  let output: Linear  // output       (nVocab, nEmbd), or token_embd where they are tied
  let caches: [KVShape]
  let rotary: Rotary
  let scale: Float  // of attention scores

  init(_ reader: ModelReader) throws {
    let sizes = reader.config
    guard try reader.metadata.optionalNumber("expert_count") == nil else {
      throw reader.metadata.refusal(
        "expert_count", "says mixture of experts, which nibble does not run in this family")
    }
    let (nEmbd, nFF) = (sizes.embeddingLength, sizes.feedForwardLength)
    tokenEmbedding = try reader.tokenEmbedding()
    layers = try reader.layers { blk in
      Layer(
        attnNorm: try blk.vector("attn_norm", nEmbd),
        query: try blk.linear("attn_q", sizes.queryLength, nEmbd, heads: sizes.headCount),
        key: try blk.linear("attn_k", sizes.kvLength, nEmbd, heads: sizes.kvHeadCount),
        value: try blk.linear("attn_v", sizes.kvLength, nEmbd, heads: sizes.kvHeadCount),
        attnOutput: try blk.linear("attn_output", nEmbd, sizes.queryLength),
        ffnNorm: try blk.vector("ffn_norm", nEmbd),
        ffnGate: try blk.linear("ffn_gate", nFF, nEmbd),
        ffnUp: try blk.linear("ffn_up", nFF, nEmbd),
        ffnDown: try blk.linear("ffn_down", nEmbd, nFF))
    }
    outputNorm = try reader.vector("output_norm", nEmbd)
    output = try reader.output()
    caches = sizes.caches()
    scale = 1 / Float(sizes.headSize).squareRoot()
    // Llama's converters permute the rows of Q and K for pairs side by side.
    rotary = try reader.rotary(sizes.architecture == "llama" ? .interleaved : .halves)
  }

  func forward<Observer>(_ pass: Pass<Observer>) throws -> Activation {
    var x = try pass.rows(of: tokenEmbedding, "embd")  // (nTokens, nEmbd)

    try pass.forEach(layers) { layer in
      // Attention: what each token takes from the tokens before it.
      let attnNorm = try pass.rmsNorm(x, layer.attnNorm, "attn_norm")
      var q = try pass.linear(layer.query, attnNorm, "Qcur")  // (nTokens, nHead * headSize)
      var k = try pass.linear(layer.key, attnNorm, "Kcur")  // (nTokens, nKVHead * headSize)
      let v = try pass.linear(layer.value, attnNorm, "Vcur")  // (nTokens, nKVHead * headSize)
      q = try pass.rope(q, rotary, "Qcur_rope")
      k = try pass.rope(k, rotary, "Kcur_rope")
      try pass.append(k, v, "kv_append")  // the KV cache grows by nTokens positions
      let kq = try pass.scores(q, "kq")  // (nHead * nTokens, nKV)
      let weights = try pass.softmax(kq, scale: scale, "kq_soft_max")
      let kqv = try pass.weightedSum(weights, "kqv_out")  // (nTokens, nHead * headSize)
      let attnOut = try pass.linear(layer.attnOutput, kqv, "attn_out", into: .out)
      let ffnIn = try pass.add(attnOut, x, "ffn_inp")  // (nTokens, nEmbd)

      // Feed-forward: what each token makes of it by itself.
      let ffnNorm = try pass.rmsNorm(ffnIn, layer.ffnNorm, "ffn_norm")
      let gate = try pass.linear(layer.ffnGate, ffnNorm, "ffn_gate")  // (nTokens, nFF)
      let up = try pass.linear(layer.ffnUp, ffnNorm, "ffn_up")
      let hidden = try pass.swiglu(gate, up, "ffn_swiglu")
      let ffnOut = try pass.linear(layer.ffnDown, hidden, "ffn_out", into: .out)
      x = try pass.add(ffnOut, ffnIn, "l_out")  // (nTokens, nEmbd)
    }

    let normed = try pass.rmsNorm(pass.lastRows(of: x), outputNorm, "result_norm")
    return try pass.linear(output, normed, "result_output", into: .logits)  // (rows, nVocab)
  }
}
