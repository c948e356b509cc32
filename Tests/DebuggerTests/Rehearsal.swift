import Inference
import TestEngine
import TraceStore

/// Records a run of a small model: all but the times is the same in every run.
final class Rehearsal {
  /// Its tiles of `ffn_gate` have 40, 40 and 16 rows.
  static let llama = SmallLlama(
    width: 64, kv: 32, headSize: 32, feedForward: 96, vocabulary: 100, tileRows: 40)
  /// Memory budgets that end the run before its first pass, in its first operation, and in the
  /// middle of its first pass.
  static let budgets = (loading: 43_000, first: 44_000, middle: 59_500)

  private let recorder: TraceRecorder
  private let model: Model
  private let budget: Int?
  private static let words = ["Once", " upon", " a", " time", " there", " was", "\n", " 日本", "🙂"]

  /// - Parameter budget: bytes that may be alive together.
  init(path: String, capture: Capture = .stats, budget: Int? = nil) throws {
    model = try Self.llama.load()
    self.budget = budget
    recorder = try TraceRecorder(
      path: path,
      header: TraceHeader(
        meta: [
          "nibble_version": "0.1.0", "run_id": "4e1bb1e0", "model": "rehearsal",
          "architecture": "llama", "prompt": "Once upon", "strategy": "tiled",
          "tile_rows": String(Self.llama.tileRows), "threads": "1",
        ], tensors: model.traceTensors), capture: capture)
  }

  /// Takes in a prompt of two tokens, and decodes `decode` more, which are always the same.
  func perform(decode: Int = 2) throws {
    recorder.addTokens([token(0), token(1)])
    do {
      var options = EngineOptions()
      options.tileRows = Self.llama.tileRows
      options.memoryBudget = budget
      let engine = try Engine(model: model, options: options, observer: SteadyObserver(recorder))
      for pass in 0...decode {
        _ = try engine.forward(pass == 0 ? [40, 41] : [token(engine.position).id])
        try recorder.check()
        recorder.addTokens([token(engine.position)])
      }
      try recorder.finish(status: "complete")
    } catch InferenceError.overBudget {
      try recorder.finish(status: "failed")
    }
  }

  private func token(_ position: Int) -> TraceToken {
    let id = 40 + position % 60
    let text = Self.words[position % Self.words.count]
    guard position > 1 else {
      return TraceToken(position: position, id: id, text: text, isPrompt: true)
    }
    return TraceToken(
      position: position, id: id, text: text, isPrompt: false, logprob: -0.25,
      topK: [.init(id: id, text: text, logprob: -0.25), .init(id: 7, text: "é", logprob: -2)])
  }
}
