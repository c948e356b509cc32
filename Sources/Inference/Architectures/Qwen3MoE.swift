/// Qwen3 with a mixture of experts (arXiv:2505.09388): a router sends each token to nUsed of
/// nExpert feed-forward networks, of width nFF each. Other sizes are named as in `Llama.swift`.
struct Qwen3MoE: Architecture {
  static let names = ["qwen3moe"]

  struct Layer {
    let attnNorm: Vector  // blk.N.attn_norm    (nEmbd)
    let query: Linear  // blk.N.attn_q       (nHead * headSize, nEmbd)
    let key: Linear  // blk.N.attn_k       (nKVHead * headSize, nEmbd)
    let value: Linear  // blk.N.attn_v       (nKVHead * headSize, nEmbd)
    let queryNorm: Vector  // blk.N.attn_q_norm  (headSize)
    let keyNorm: Vector  // blk.N.attn_k_norm  (headSize)
    let attnOutput: Linear  // blk.N.attn_output  (nEmbd, nHead * headSize)
    let ffnNorm: Vector  // blk.N.ffn_norm     (nEmbd)
    let router: Linear  // blk.N.ffn_gate_inp   (nExpert, nEmbd)
    let ffnGate: Experts  // blk.N.ffn_gate_exps  (nExpert, nFF, nEmbd)
    let ffnUp: Experts  // blk.N.ffn_up_exps    (nExpert, nFF, nEmbd)
    let ffnDown: Experts  // blk.N.ffn_down_exps  (nExpert, nEmbd, nFF)
  }

  let tokenEmbedding: Weight  // token_embd   (nVocab, nEmbd)
  let layers: [Layer]
  let outputNorm: Vector  // output_norm  (nEmbd)
  let output: Linear  // output       (nVocab, nEmbd), or token_embd where they are tied
  let caches: [KVShape]
  let rotary: Rotary
  let scale: Float  // of attention scores
  let nUsed: Int  // experts of a token

  init(_ reader: ModelReader) throws {
    let sizes = reader.config
    let nEmbd = sizes.embeddingLength
    let nFF = try reader.metadata.count("expert_feed_forward_length")
    let nExpert = try reader.metadata.count("expert_count")
    nUsed = try reader.metadata.count("expert_used_count", atMost: nExpert)
    tokenEmbedding = try reader.tokenEmbedding()
    layers = try reader.layers { blk in
      Layer(
        attnNorm: try blk.vector("attn_norm", nEmbd),
        query: try blk.linear("attn_q", sizes.queryLength, nEmbd, heads: sizes.headCount),
        key: try blk.linear("attn_k", sizes.kvLength, nEmbd, heads: sizes.kvHeadCount),
        value: try blk.linear("attn_v", sizes.kvLength, nEmbd, heads: sizes.kvHeadCount),
        queryNorm: try blk.vector("attn_q_norm", sizes.headSize),
        keyNorm: try blk.vector("attn_k_norm", sizes.headSize),
        attnOutput: try blk.linear("attn_output", nEmbd, sizes.queryLength),
        ffnNorm: try blk.vector("ffn_norm", nEmbd),
        router: try blk.linear("ffn_gate_inp", nExpert, nEmbd),
        ffnGate: try blk.experts("ffn_gate_exps", nExpert, nFF, nEmbd),
        ffnUp: try blk.experts("ffn_up_exps", nExpert, nFF, nEmbd),
        ffnDown: try blk.experts("ffn_down_exps", nExpert, nEmbd, nFF))
    }
    outputNorm = try reader.vector("output_norm", nEmbd)
    output = try reader.output()
    caches = sizes.caches()
    scale = 1 / Float(sizes.headSize).squareRoot()
    rotary = try reader.rotary(.halves)
  }

  func forward<Observer>(_ pass: Pass<Observer>) throws -> Activation {
    var x = try pass.rows(of: tokenEmbedding, "embd")  // (nTokens, nEmbd)

    try pass.forEach(layers) { layer in
      // Attention: what each token takes from the tokens before it.
      let attnNorm = try pass.rmsNorm(x, layer.attnNorm, "attn_norm")
      var q = try pass.linear(layer.query, attnNorm, "Qcur")  // (nTokens, nHead * headSize)
      var k = try pass.linear(layer.key, attnNorm, "Kcur")  // (nTokens, nKVHead * headSize)
      let v = try pass.linear(layer.value, attnNorm, "Vcur")  // (nTokens, nKVHead * headSize)
      q = try pass.headNorm(q, layer.queryNorm, "Qcur_normed")
      k = try pass.headNorm(k, layer.keyNorm, "Kcur_normed")
      q = try pass.rope(q, rotary, "Qcur_rope")
      k = try pass.rope(k, rotary, "Kcur_rope")
      try pass.append(k, v, "kv_append")  // the KV cache grows by nTokens positions
      let kq = try pass.scores(q, "kq")  // (nHead * nTokens, nKV)
      let weights = try pass.softmax(kq, scale: scale, "kq_soft_max")
      let kqv = try pass.weightedSum(weights, "kqv_out")  // (nTokens, nHead * headSize)
      let attnOut = try pass.linear(layer.attnOutput, kqv, "attn_out", into: .out)
      let ffnIn = try pass.add(attnOut, x, "ffn_inp")  // (nTokens, nEmbd)

      // Feed-forward: what each token makes of it by itself, in the experts that its router chose.
      let ffnNorm = try pass.rmsNorm(ffnIn, layer.ffnNorm, "ffn_norm")
      let logits = try pass.linear(layer.router, ffnNorm, "ffn_moe_logits")  // (nTokens, nExpert)
      let routes = try pass.route(logits, top: nUsed, "ffn_moe_weights")  // (nTokens, nUsed)
      try pass.prefetch([layer.ffnGate, layer.ffnUp, layer.ffnDown], routes)
      // (nTokens * nUsed, nFF)
      let gate = try pass.linear(layer.ffnGate, routes, ffnNorm, "ffn_moe_gate")
      let up = try pass.linear(layer.ffnUp, routes, ffnNorm, "ffn_moe_up")
      let hidden = try pass.swiglu(gate, up, "ffn_moe_swiglu")
      // (nTokens * nUsed, nEmbd)
      let down = try pass.linear(layer.ffnDown, routes, hidden, "ffn_moe_down")
      let ffnOut = try pass.weightedSum(of: down, routes, "ffn_moe_out", into: .out)
      x = try pass.add(ffnOut, ffnIn, "l_out")  // (nTokens, nEmbd)
    }

    let normed = try pass.rmsNorm(pass.lastRows(of: x), outputNorm, "result_norm")
    return try pass.linear(output, normed, "result_output", into: .logits)  // (rows, nVocab)
  }
}
