import CKernels
import Events

/// One forward pass: its tokens, its buffers, and the operations that it is written with, in
/// `Pass+Operations.swift`, `Pass+Attention.swift` and `Pass+Experts.swift`.
///
/// Layers reuse buffers one after the other, so their bytes grow with the tokens of a pass and not
/// with the layers of the model.
final class Pass<Observer: PassObserver> {
  let engine: Engine<Observer>
  /// `(nTokens)`, sequence after sequence.
  let tokens: [Int]
  let parts: [PassPart]
  /// True for the logits of every token; false for those of the last of each sequence.
  let logitsForAll: Bool
  /// The layer that is under way.
  private(set) var layer: Int?
  private var buffers: [String: Buffer] = [:]
  /// In the order in which they were taken.
  private var taken: [Buffer] = []
  /// Full name of the layer's append to the KV cache.
  var appendName = ""
  /// Names of the tables that hold the rotations of this pass.
  private var filledTables: Set<String> = []

  var ledger: MemoryLedger<Observer> { engine.ledger }
  var backend: any Backend { engine.backend }

  init(
    engine: Engine<Observer>, tokens: [Int], parts: [PassPart], logitsForAll: Bool
  ) {
    self.engine = engine
    self.tokens = tokens
    self.parts = parts
    self.logitsForAll = logitsForAll
  }

  /// Runs the whole pass.
  ///
  /// - Returns: the logits, `(rows, nVocab)` row-major.
  /// - Throws: `InferenceError`. The KV caches are then what they were before the pass.
  func run(_ kind: PassDescription.Kind?) throws -> [Float] {
    begin(kind)
    let start = Observer.isWatching ? nibble_nanoseconds() : 0
    func elapsed() -> Int { Int(nibble_nanoseconds() - start) }
    do {
      let result = backend.read(try engine.model.architecture.forward(self))
      for part in parts {
        engine.positions[part.sequence] = part.end
        engine.caches[part.sequence].forget(before: part.end, free: ledger.free)
      }
      freeAll()
      if Observer.isWatching { ledger.observer.passEnded(nanoseconds: elapsed()) }
      return result
    } catch {
      engine.strategy.layerEnded(on: engine)
      freeAll()
      for part in parts { engine.truncateCache(of: part.sequence, to: part.position) }
      if Observer.isWatching { ledger.observer.passFailed(nanoseconds: elapsed()) }
      throw error
    }
  }

  private func begin(_ kind: PassDescription.Kind?) {
    guard Observer.isWatching else { return }
    let isPrefill = parts.contains { $0.position == 0 || $0.rows.count > 1 }
    ledger.observer.passBegan(
      PassDescription(
        kind: kind ?? (isPrefill ? .prefill : .decode), branch: engine.branch, parts: parts,
        tokens: tokens,
        settings: PassSettings(engine.options)))
  }

  /// Calls `body` for each layer.
  func forEach<Layer>(_ layers: [Layer], _ body: (Layer) throws -> Void) throws {
    for (il, layer) in layers.enumerated() {
      self.layer = il
      try engine.strategy.prefetch(engine.model.matricesByLayer[il], on: engine)
      try body(layer)
      engine.strategy.layerEnded(on: engine)
    }
    layer = nil
  }

  /// What the KV cache keeps in the layer that is under way.
  var cache: KVShape {
    guard let layer else { preconditionFailure("keys and values belong to a layer") }
    return engine.model.architecture.caches[layer]
  }

  /// Positions that the layer under way sees; `nil` for all.
  var window: Int? { cache.window }

  // MARK: - Buffers

  /// The buffer of a slot, as `(rows, cols)`: the one that there is, if it is large enough.
  ///
  /// - Throws: `InferenceError.outOfMemory`, `InferenceError.overBudget`.
  func take(_ slot: Slot, rows: Int, cols: Int) throws -> Activation {
    let buffer = try take(slot, bytes: rows * cols * MemoryLayout<Float>.stride)
    return Activation(values: buffer.floats, rows: rows, cols: cols)
  }

  /// The buffer of a slot, of at least `bytes`.
  ///
  /// - Throws: `InferenceError.outOfMemory`, `InferenceError.overBudget`.
  func take(_ slot: Slot, bytes: Int) throws -> Buffer {
    if let known = buffers[slot.name] {
      if known.description.bytes >= bytes { return known }
      buffers[slot.name] = nil
      taken.removeAll { $0.description.id == known.description.id }
      ledger.free(known)
    }
    let buffer = try ledger.allocate(bytes, slot.category, slot.name)
    buffers[slot.name] = buffer
    taken.append(buffer)
    return buffer
  }

  /// Cosines and then sines of the positions of this pass, `(2, nTokens, dimensions / 2)`.
  ///
  /// - Throws: `InferenceError.outOfMemory`, `InferenceError.overBudget`.
  func rotations(_ rotary: Rotary) throws -> UnsafePointer<Float> {
    let table = try take(rotary.table, rows: 2 * tokens.count, cols: rotary.dimensions / 2)
    if filledTables.insert(rotary.table.name).inserted {
      backend.fill(table.values, rotary, positions: parts.flatMap { $0.position..<$0.end })
    }
    return UnsafePointer(table.values)
  }

  private func freeAll() {
    taken.reversed().forEach(ledger.free)
    taken = []
    buffers = [:]
  }
}
