import Foundation
import Inference
import TraceStore

/// Runs a recorded model again over the tokens of a trace, for what the trace did not capture.
///
/// Passes, and the strategy, rows of a tile and type of KV cache of each, are the trace's. With one thread the values
/// are the recorded run's to the last bit, where the machine has the same kernels.
public final class Recomputation {
  public let loaded: LoadedModel
  private let trace: Trace
  private let engine: Engine<OutputCollector>
  private let collector: OutputCollector
  /// How passes were run that do not say it themselves.
  private let strategy: StrategyName
  private let kvType: KVType
  private let tileRows: Int
  /// Passes whose effect is in the KV cache, in order.
  private var done: [TracePass] = []
  private var kept: [(pass: Int, wanted: ClosedRange<Int>, outputs: [String: [Float]])] = []

  /// - Parameters:
  ///   - loaded: the model, whose file ``RecordedModel`` has checked.
  ///   - trace: its ``Trace/meta()`` says how the model was run.
  ///   - room: bytes of outputs of a pass that are kept beside those of the layer asked about.
  /// - Throws: `RecordingError.notRecomputable`, `InferenceError`.
  public init(trace: Trace, loaded: LoadedModel, room: Int = 256 << 20) throws {
    self.trace = trace
    collector = OutputCollector(room: room)
    self.loaded = loaded
    let meta = try trace.meta()
    guard let strategy = meta["strategy"].flatMap(StrategyName.init(rawValue:)),
      let kvType = meta["kv_type"].flatMap(KVType.init(rawValue:)),
      let tileRows = meta["tile_rows"].flatMap({ Int($0) })
    else {
      throw RecordingError.notRecomputable(
        trace: trace.path, reason: "it does not say with which strategy, tile rows and KV type")
    }
    self.strategy = strategy
    self.kvType = kvType
    self.tileRows = tileRows
    var options = EngineOptions()
    options.strategy = strategy
    options.tileRows = tileRows
    options.kvType = kvType
    options.sequences = meta["sequences"].flatMap { Int($0) } ?? 1
    engine = try Engine(model: loaded.model, options: options, observer: collector)
  }

  /// Told of every operation before it is done: its name, without the number of its layer, and its
  /// layer.
  public var operationBegins: (_ name: String, _ layer: Int?) -> Void {
    get { engine.operationBegins }
    set { engine.operationBegins = newValue }
  }

  /// The output of an operation, row-major in the shape that the trace has of it.
  ///
  /// Goes on from the last pass that was computed, or goes back to where this one parts from it.
  ///
  /// - Parameters:
  ///   - isCancelled: asked often; `true` ends it with `InferenceError.interrupted`, and the next
  ///     call goes on after the last pass that was finished.
  ///   - progress: called before each pass with how many were done, of how many.
  /// - Returns: `nil` where the model's pass has no such operation.
  /// - Throws: `RecordingError.notRecomputable`, `InferenceError`, `TraceError`.
  public func output(
    of op: TraceOp, isCancelled: @escaping () -> Bool = { false },
    progress: (_ done: Int, _ of: Int) -> Void = { _, _ in }
  ) throws -> [Float]? {
    let known = kept.last { $0.pass == op.pass }
    if let output = known?.outputs[op.name] { return output }
    let layers = loaded.model.config.layerCount
    let layer = min(max(op.layer ?? layers - 1, 0), layers - 1)
    if let known, known.wanted.contains(layer) { return nil }
    // A layer's first operation reads what the layer before gave.
    collector.wanted = max(layer - 1, 0)...layer
    let path = try trace.passes(leadingTo: op.pass)
    // The last pass is run anew for its outputs, even where its keys are there.
    let common = zip(done, path.dropLast()).prefix { $0.id == $1.id }.count
    try run(path, from: common, keepsOutputs: true, isCancelled, progress)
    kept.removeAll { $0.pass == op.pass }
    if kept.count >= Self.passesKept { kept.removeFirst() }
    kept.append((op.pass, collector.wanted, collector.outputs))
    return collector.outputs[op.name]
  }

  /// Keys and values of all positions up to the end of a pass, and maybe of more after them.
  ///
  /// - Throws: as ``output(of:isCancelled:progress:)``.
  public func history(
    throughPass id: Int, isCancelled: @escaping () -> Bool = { false },
    progress: (_ done: Int, _ of: Int) -> Void = { _, _ in }
  ) throws -> KeyValueHistory {
    let path = try trace.passes(leadingTo: id)
    let common = zip(done, path).prefix { $0.id == $1.id }.count
    if common < path.count {
      try run(path, from: common, keepsOutputs: false, isCancelled, progress)
    }
    return collector.history
  }

  private func run(
    _ path: [TracePass], from first: Int, keepsOutputs: Bool,
    _ isCancelled: @escaping () -> Bool, _ progress: (_ done: Int, _ of: Int) -> Void
  ) throws {
    engine.isCancelled = isCancelled
    defer { engine.isCancelled = { false } }
    let first = try rewind(to: first)
    for (index, pass) in path.enumerated().dropFirst(first) {
      progress(index, path.count)
      collector.keepsOutputs = keepsOutputs && index == path.count - 1
      try run(pass)
    }
  }

  private static let passesKept = 2

  /// Takes the engine back to the end of so many passes, or of none.
  ///
  /// - Returns: how many of them are done.
  private func rewind(to count: Int) throws -> Int {
    guard count < done.count else { return count }
    var count = count
    let left = try done[count...].flatMap(batch)
    if !left.allSatisfy({ engine.keepable($0.position, sequence: $0.sequence) == $0.position }) {
      count = 0  // what they see has left the window of the cache
    }
    for pass in done[count...].reversed() {
      for (sequence, position, _) in try batch(of: pass) {
        engine.truncate(to: position, sequence: sequence)
        collector.rewind(sequence: sequence, to: position)
      }
    }
    done.removeSubrange(count...)
    return count
  }

  private func run(_ pass: TracePass) throws {
    let batch = try batch(of: pass)
    for (sequence, position, _) in batch {
      guard engine.positions.indices.contains(sequence), engine.positions[sequence] == position
      else { throw unknown("pass \(pass.id) does not go on where those before it ended") }
    }
    try applySettings(of: pass)
    let outputRows = try trace.logitsOp(inPass: pass.id)?.rows
    // A pass that failed may have left keys.
    for (sequence, position) in engine.positions.enumerated() {
      collector.rewind(sequence: sequence, to: position)
    }
    do {
      _ = try engine.forward(
        batch.map { ($0.sequence, $0.tokens) }, kind: pass.kind,
        logitsForAll: outputRows == pass.tokens && pass.tokens > pass.sequences)
    } catch InferenceError.notFiniteOutput where !pass.isFinished {
      return  // It ended there when it was recorded, too.
    }
    done.append(pass)
  }

  /// Runs on as a pass of a live run was run, whose settings may have changed before it.
  private func applySettings(of pass: TracePass) throws {
    let strategy = pass.strategy.flatMap(StrategyName.init(rawValue:)) ?? strategy
    try engine.change(strategy: strategy, tileRows: pass.tileRows ?? tileRows)
    let kvType = pass.kvType.flatMap(KVType.init(rawValue:)) ?? kvType
    guard kvType != engine.options.kvType else { return }
    guard engine.positions.allSatisfy({ $0 == 0 }) else {
      throw unknown("the type of the KV cache changes in the middle of it, at pass \(pass.id)")
    }
    try engine.change(kvType: kvType)
  }

  /// What went into a pass: for each sequence where it began, and its tokens.
  private func batch(
    of pass: TracePass
  ) throws -> [(sequence: Int, position: Int, tokens: [Int])] {
    var batch: [(sequence: Int, position: Int, tokens: [Int])] = []
    let tokens = try trace.tokens(inPass: pass.id)
    guard tokens.count == pass.tokens, !tokens.isEmpty else {
      throw unknown("the tokens of pass \(pass.id) are not all in it")
    }
    for token in tokens {
      if let last = batch.last, last.sequence == token.sequence {
        guard last.position + last.tokens.count == token.position else {
          throw unknown("the tokens of pass \(pass.id) do not follow each other")
        }
        batch[batch.count - 1].tokens.append(token.id)
      } else {
        guard !batch.contains(where: { $0.sequence == token.sequence }) else {
          throw unknown("the tokens of pass \(pass.id) are out of order")
        }
        batch.append((token.sequence, token.position, [token.id]))
      }
    }
    return batch
  }

  private func unknown(_ reason: String) -> RecordingError {
    .notRecomputable(trace: trace.path, reason: reason)
  }
}

extension Trace {
  /// The passes that lead to one and that one, in order, each beginning at the position where the one
  /// before it of the same sequence ended.
  ///
  /// - Throws: `RecordingError.notRecomputable` where there is no such pass, and `TraceError`.
  public func passes(leadingTo id: Int) throws -> [TracePass] {
    var path: [TracePass] = []
    for pass in try passes() where pass.id <= id && (pass.isFinished || pass.id == id) {
      // A pass that begins where others already were takes their place.
      if pass.sequences == 1 {
        path.removeAll {
          $0.sequences == 1 && $0.sequence == pass.sequence
            && $0.firstPosition >= pass.firstPosition
        }
      }
      path.append(pass)
    }
    guard path.last?.id == id else {
      throw RecordingError.notRecomputable(trace: self.path, reason: "it has no pass \(id)")
    }
    return path
  }
}
