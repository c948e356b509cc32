/// Gemma 3 (arXiv:2503.19786): norms before and after attention and the feed-forward network, GELU,
/// and five layers of a sliding window, with a RoPE base of their own, to each that sees
/// everything. Sizes are named as in `Llama.swift`.
struct Gemma3: Architecture {
  static let names = ["gemma3"]

  struct Layer {
    let attnNorm: Vector  // blk.N.attn_norm    (nEmbd)
    let query: Linear  // blk.N.attn_q       (nHead * headSize, nEmbd)
    let key: Linear  // blk.N.attn_k       (nKVHead * headSize, nEmbd)
    let value: Linear  // blk.N.attn_v       (nKVHead * headSize, nEmbd)
    let queryNorm: Vector  // blk.N.attn_q_norm  (headSize)
    let keyNorm: Vector  // blk.N.attn_k_norm  (headSize)
    let attnOutput: Linear  // blk.N.attn_output  (nEmbd, nHead * headSize)
    let attnPostNorm: Vector  // blk.N.post_attention_norm  (nEmbd)
    let ffnNorm: Vector  // blk.N.ffn_norm     (nEmbd)
    let ffnGate: Linear  // blk.N.ffn_gate     (nFF, nEmbd)
    let ffnUp: Linear  // blk.N.ffn_up       (nFF, nEmbd)
    let ffnDown: Linear  // blk.N.ffn_down     (nEmbd, nFF)
    let ffnPostNorm: Vector  // blk.N.post_ffw_norm  (nEmbd)
  }

  let tokenEmbedding: Weight  // token_embd   (nVocab, nEmbd)
  let layers: [Layer]
  let outputNorm: Vector  // output_norm  (nEmbd)
  let output: Linear  // output       (nVocab, nEmbd), or token_embd where they are tied
  let caches: [KVShape]
  let embeddingScale: Float  // √nEmbd
  let global: Rotary  // of layers that see everything
  let local: Rotary  // of layers with a window
  let scale: Float  // of attention scores
  let logitCap: Float?  // soft, of logits, in files that ask for it

  init(_ reader: ModelReader) throws {
    let sizes = reader.config
    let (nEmbd, nFF) = (sizes.embeddingLength, sizes.feedForwardLength)
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
        attnPostNorm: try blk.vector("post_attention_norm", nEmbd),
        ffnNorm: try blk.vector("ffn_norm", nEmbd),
        ffnGate: try blk.linear("ffn_gate", nFF, nEmbd),
        ffnUp: try blk.linear("ffn_up", nFF, nEmbd),
        ffnDown: try blk.linear("ffn_down", nEmbd, nFF),
        ffnPostNorm: try blk.vector("post_ffw_norm", nEmbd))
    }
    outputNorm = try reader.vector("output_norm", nEmbd)
    output = try reader.output()
    embeddingScale = Float(nEmbd).squareRoot()
    caches = sizes.caches(
      window: try reader.metadata.optionalCount("attention.sliding_window"),
      every: try reader.metadata.count("attention.sliding_window_pattern", default: 6))
    global = try reader.rotary(.halves)
    local = try reader.localRotary(.halves, base: 10000)
    logitCap = try reader.metadata.optionalNumber("final_logit_softcapping").map(Float.init)
    scale = try sizes.gemmaScale(reader.metadata, layersOf27B: 62)
  }

  func forward<Observer>(_ pass: Pass<Observer>) throws -> Activation {
    var x = try pass.rows(of: tokenEmbedding, "embd")  // (nTokens, nEmbd)
    x = try pass.scale(x, by: embeddingScale, "inp_scaled")

    try pass.forEach(layers) { layer in
      // Attention: what each token takes from the tokens before it.
      let attnNorm = try pass.rmsNorm(x, layer.attnNorm, "attn_norm")
      var q = try pass.linear(layer.query, attnNorm, "Qcur")  // (nTokens, nHead * headSize)
      var k = try pass.linear(layer.key, attnNorm, "Kcur")  // (nTokens, nKVHead * headSize)
      let v = try pass.linear(layer.value, attnNorm, "Vcur")  // (nTokens, nKVHead * headSize)
      q = try pass.headNorm(q, layer.queryNorm, "Qcur_normed")
      k = try pass.headNorm(k, layer.keyNorm, "Kcur_normed")
      let rotary = pass.window == nil ? global : local
      q = try pass.rope(q, rotary, "Qcur_rope")
      k = try pass.rope(k, rotary, "Kcur_rope")
      try pass.append(k, v, "kv_append")  // the KV cache grows by nTokens positions
      let kq = try pass.scores(q, "kq")  // (nHead * nTokens, nKV)
      let weights = try pass.softmax(kq, scale: scale, "kq_soft_max")
      let kqv = try pass.weightedSum(weights, "kqv_out")  // (nTokens, nHead * headSize)
      let attnOut = try pass.linear(layer.attnOutput, kqv, "attn_out", into: .out)
      let attnPost = try pass.rmsNorm(attnOut, layer.attnPostNorm, "attn_post_norm", into: nil)
      let ffnIn = try pass.add(attnPost, x, "ffn_inp")  // (nTokens, nEmbd)

      // Feed-forward: what each token makes of it by itself.
      let ffnNorm = try pass.rmsNorm(ffnIn, layer.ffnNorm, "ffn_norm")
      let gate = try pass.linear(layer.ffnGate, ffnNorm, "ffn_gate")  // (nTokens, nFF)
      let up = try pass.linear(layer.ffnUp, ffnNorm, "ffn_up")
      let hidden = try pass.geglu(gate, up, "ffn_geglu")
      let ffnOut = try pass.linear(layer.ffnDown, hidden, "ffn_out", into: .out)
      let ffnPost = try pass.rmsNorm(ffnOut, layer.ffnPostNorm, "ffn_post_norm", into: nil)
      x = try pass.add(ffnPost, ffnIn, "l_out")  // (nTokens, nEmbd)
    }

    let normed = try pass.rmsNorm(pass.lastRows(of: x), outputNorm, "result_norm")
    let logits = try pass.linear(output, normed, "result_output", into: .logits)  // (rows, nVocab)
    guard let logitCap else { return logits }
    return try pass.softCap(logits, scale: 1, cap: logitCap, "result_soft_cap")
  }
}
