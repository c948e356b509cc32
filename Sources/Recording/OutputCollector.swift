import Events

/// Keeps outputs of the operations of one pass, and the keys and values of all.
final class OutputCollector: PassObserver {
  static var isWatching: Bool { true }

  /// Whether the outputs of the pass that runs are kept.
  var keepsOutputs = false
  /// The layers whose outputs are kept however large; others as long as there is room.
  var wanted = 0...0
  /// Bytes of outputs of other layers that are kept.
  let room: Int
  /// Outputs by the operation's name: those of the pass that are kept, else of the last layer.
  private(set) var outputs: [String: [Float]] = [:]
  private var keptBytes = 0
  /// Names of the outputs of the layer that runs.
  private var layerOutputs: [String] = []
  private(set) var history = KeyValueHistory()
  private var op: OpDescription?
  private var pass: PassDescription?
  private var appended: [(layer: Int, keys: [Float], values: [Float])] = []

  init(room: Int) { self.room = room }

  func passBegan(_ pass: PassDescription) {
    self.pass = pass
    keptBytes = 0
    outputs = [:]
    layerOutputs = []
    appended = []
    op = nil
  }

  func opBegan(_ op: OpDescription) {
    if op.layer != self.op?.layer, let left = self.op?.layer { leave(left) }
    self.op = op
    if op.kind == .kvAppend, let layer = op.layer, op.inputs.count == 2,
      let keys = outputs[op.inputs[0]], let values = outputs[op.inputs[1]]
    {
      appended.append((layer, keys, values))
    }
  }

  func opEnded(output: UnsafeBufferPointer<Float>?, nanoseconds: Int) {
    guard let op, let output else { return }
    outputs[op.name] = Array(output)
    if op.layer != nil { layerOutputs.append(op.name) }
  }

  /// A layer's outputs are there until it ends, since the KV cache takes keys and values of them.
  private func leave(_ layer: Int) {
    defer { layerOutputs = [] }
    if keepsOutputs {
      if wanted.contains(layer) { return }
      let bytes = layerOutputs.reduce(0) { $0 + (outputs[$1]?.count ?? 0) * 4 }
      keptBytes += bytes
      if keptBytes <= room { return }
      keptBytes -= bytes
    }
    for name in layerOutputs { outputs[name] = nil }
  }

  func passEnded(nanoseconds: Int) { keepAppended() }

  /// Where a result is not finite, the operations before it can still be asked about.
  func passFailed(nanoseconds: Int) { keepAppended() }

  private func keepAppended() {
    guard let pass else { return }
    for (layer, keys, values) in appended {
      history.append(layer: layer, keys: keys, values: values, parts: pass.parts)
    }
  }

  /// Forgets positions, as the engine does when it is rewound.
  func rewind(sequence: Int, to position: Int) {
    history.truncate(sequence: sequence, to: position)
  }
}

/// Keys and values of all positions as they were computed, before the cache's type rounds them.
public struct KeyValueHistory: Sendable {
  private struct Place: Hashable {
    let sequence: Int
    let layer: Int
  }
  private var rows: [Place: (keys: [[Float]], values: [[Float]])] = [:]

  public init() {}

  /// Of positions 0, 1, 2 …, `(nKVHead * headSize)` each.
  public func keys(sequence: Int, layer: Int) -> [[Float]] {
    rows[Place(sequence: sequence, layer: layer)]?.keys ?? []
  }

  /// Of positions 0, 1, 2 …, `(nKVHead * headSize)` each.
  public func values(sequence: Int, layer: Int) -> [[Float]] {
    rows[Place(sequence: sequence, layer: layer)]?.values ?? []
  }

  /// - Parameters:
  ///   - keys: of all tokens of a pass, `(nTokens, nKVHead * headSize)`; likewise `values`.
  ///   - parts: which tokens are of which sequence.
  mutating func append(layer: Int, keys: [Float], values: [Float], parts: [PassPart]) {
    let tokens = parts.last?.rows.upperBound ?? 0
    guard tokens > 0 else { return }
    let cols = keys.count / tokens
    for part in parts {
      for row in part.rows {
        rows[Place(sequence: part.sequence, layer: layer), default: ([], [])].keys
          .append(Array(keys[row * cols..<(row + 1) * cols]))
        rows[Place(sequence: part.sequence, layer: layer), default: ([], [])].values
          .append(Array(values[row * cols..<(row + 1) * cols]))
      }
    }
  }

  mutating func truncate(sequence: Int, to count: Int) {
    for place in rows.keys where place.sequence == sequence {
      guard let kept = rows[place], kept.keys.count > count else { continue }
      rows[place] = (Array(kept.keys.prefix(count)), Array(kept.values.prefix(count)))
    }
  }
}
