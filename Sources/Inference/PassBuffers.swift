/// The buffers of one pass, taken from the ledger at its start and returned at its end.
///
/// Layers reuse them one after the other, so their bytes grow with the tokens of a pass and not
/// with the layers of the model.
final class PassBuffers<Observer: PassObserver> {
  let x: Activation  // (nTokens, nEmbd), the residual stream
  let normed: Activation  // (nTokens, nEmbd)
  let out: Activation  // (nTokens, nEmbd), what attention or the feed-forward network adds
  let q: Activation  // (nTokens, nHead * headSize)
  let k: Activation  // (nTokens, nKVHead * headSize)
  let v: Activation  // (nTokens, nKVHead * headSize)
  let kq: Activation  // (nHead * nTokens, nKV)
  let kqv: Activation  // (nTokens, nHead * headSize)
  let gate: Activation  // (nTokens, nFF)
  let up: Activation  // (nTokens, nFF)
  let rotations: UnsafeMutablePointer<Float>  // (2, nTokens, ropeCount / 2)
  let kvHead: UnsafeMutablePointer<Float>  // (threads, 2, pageLength, headSize), quantized KV

  private let engine: Engine<Observer>
  private var taken: [Buffer] = []

  /// - Throws: `InferenceError.outOfMemory`, `InferenceError.overBudget`; what was taken by then is
  ///   returned.
  init(engine: Engine<Observer>, nTokens: Int) throws {
    let config = engine.model.config
    var taken: [Buffer] = []
    func take(
      _ category: MemoryCategory, _ name: String, _ rows: Int, _ cols: Int
    ) throws -> Activation {
      let bytes = rows * cols * MemoryLayout<Float>.stride
      taken.append(try engine.ledger.allocate(bytes, category, name))
      return Activation(values: taken[taken.count - 1].floats, rows: rows, cols: cols)
    }
    do {
      x = try take(.activations, "residual", nTokens, config.embeddingLength)
      normed = try take(.activations, "norm", nTokens, config.embeddingLength)
      out = try take(.activations, "out", nTokens, config.embeddingLength)
      q = try take(.activations, "Qcur", nTokens, config.queryLength)
      k = try take(.activations, "Kcur", nTokens, config.kvLength)
      v = try take(.activations, "Vcur", nTokens, config.kvLength)
      kq = try take(
        .activations, "kq", config.headCount * nTokens, engine.parts.map(\.end).max() ?? 0)
      kqv = try take(.activations, "kqv", nTokens, config.queryLength)
      gate = try take(.activations, "ffn_gate", nTokens, config.feedForwardLength)
      up = try take(.activations, "ffn_up", nTokens, config.feedForwardLength)
      rotations = try take(.workspace, "rope table", 2 * nTokens, config.ropeCount / 2).values
      let kvFloats = engine.attentionWorkspace
      kvHead = kvFloats == 0 ? rotations : try take(.workspace, "kv head", 1, kvFloats).values
      let strategy = engine.options.strategy.type
      if let (name, bytes) = strategy.workspace(of: engine.model, tokens: nTokens) {
        taken.append(try engine.ledger.allocate(bytes, .workspace, name))
        engine.strategyWorkspace = taken[taken.count - 1].base
      }
    } catch {
      taken.reversed().forEach(engine.ledger.free)
      throw error
    }
    self.engine = engine
    self.taken = taken
  }

  /// The logits, `(rows, nVocab)`, taken when they are about to be computed.
  func logits(rows: Int) throws -> Activation {
    let cols = engine.model.config.vocabularyCount
    let buffer = try engine.ledger.allocate(
      rows * cols * MemoryLayout<Float>.stride, .logits, "logits")
    taken.append(buffer)
    return Activation(values: buffer.floats, rows: rows, cols: cols)
  }

  /// Returns every buffer; calling it again does nothing.
  func freeAll() {
    taken.reversed().forEach(engine.ledger.free)
    taken = []
  }
}
