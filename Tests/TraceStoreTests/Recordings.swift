import Inference
import TestEngine

@testable import TraceStore

extension SmallLlama {
  static let small = SmallLlama(
    width: 32, kv: 16, headSize: 16, feedForward: 64, vocabulary: 40, tileRows: 8)
  /// About 190 tiles and 75 operations a pass.
  static let tiny = SmallLlama(
    layers: 4, width: 256, kv: 128, headSize: 32, feedForward: 768, vocabulary: 1024, tileRows: 64)
  /// The sizes of SmolLM2-135M: 3198 tiles a pass.
  static let smolLM2 = SmallLlama(
    layers: 30, width: 576, kv: 192, headSize: 64, feedForward: 1536, vocabulary: 49152,
    tileRows: 64)
}

/// A recorder behind the engine.
final class Recording {
  let recorder: TraceRecorder
  /// Between the two.
  let observer: SteadyObserver<TraceRecorder>
  private let model: Model
  private var options = EngineOptions()
  private var engine: Engine<SteadyObserver<TraceRecorder>>?

  init(
    _ llama: SmallLlama = .small, _ strategy: StrategyName = .tiled, path: String,
    capture: Capture = .stats
  ) throws {
    model = try llama.load()
    options.strategy = strategy
    options.tileRows = llama.tileRows
    recorder = try TraceRecorder(
      path: path,
      header: TraceHeader(
        meta: ["nibble_version": "0.1.0", "model": "small", "strategy": strategy.rawValue],
        tensors: model.traceTensors),
      capture: capture)
    observer = SteadyObserver(recorder)
  }

  /// Makes the engine, if there is none yet.
  @discardableResult
  func load() throws -> Engine<SteadyObserver<TraceRecorder>> {
    if let engine { return engine }
    let made = try Engine(model: model, options: options, observer: observer)
    engine = made
    return made
  }

  /// Runs a pass; each token's id is its position.
  ///
  /// - Parameter stopAfter: operations before it is cancelled.
  func pass(tokens: Int, stopAfter: Int = .max) throws {
    let engine = try load()
    var left = stopAfter
    engine.isCancelled = {
      left -= 1
      return left < 0
    }
    do {
      _ = try engine.forward(Array(engine.position..<engine.position + tokens))
    } catch InferenceError.interrupted {}
  }

  /// Loads, takes in a prompt, and decodes: `decode` tokens are chosen in all.
  func run(prompt: Int = 5, decode: Int = 4) throws {
    try load()
    recorder.addTokens(
      (0..<prompt).map { TraceToken(position: $0, id: $0, text: "p\($0)", isPrompt: true) })
    for index in 0..<decode {
      try pass(tokens: index == 0 ? prompt : 1)
      try recorder.check()
      let (id, text) = (prompt + index, " t\(index)")
      recorder.addTokens([
        TraceToken(
          position: id, id: id, text: text, isPrompt: false, logprob: -0.5,
          topK: [
            .init(id: id, text: text, logprob: -0.5), .init(id: 7, text: "é", logprob: -1.5),
          ])
      ])
    }
  }
}

/// A whole recording, finished.
@discardableResult
func record(
  _ llama: SmallLlama = .small, _ strategy: StrategyName = .tiled, to path: String,
  capture: Capture = .stats, prompt: Int = 5, decode: Int = 4
) throws -> TraceSummary {
  let recording = try Recording(llama, strategy, path: path, capture: capture)
  try recording.run(prompt: prompt, decode: decode)
  return try recording.recorder.finish(status: "complete")
}
