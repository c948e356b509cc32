import Foundation

@testable import TraceStore

/// A recorder with a fake engine behind it.
struct Recording {
  let recorder: TraceRecorder
  let engine: FakeEngine<TraceRecorder>

  init(
    _ dimensions: FakeModel = .small, path: String,
    capture: Capture = .stats
  ) throws {
    let tensors = FakeEngine<TraceRecorder>.tensors(dimensions)
    recorder = try TraceRecorder(
      path: path,
      header: TraceHeader(
        meta: ["nibble_version": "0.1.0", "model": "fake", "strategy": "tiled"], tensors: tensors),
      capture: capture)
    engine = FakeEngine(dimensions, observer: recorder, tensors: tensors)
  }

  /// Loads, takes in a prompt, and decodes: `decode` tokens are chosen in all.
  func run(prompt: Int = 5, decode: Int = 4) throws {
    engine.load()
    recorder.addTokens(
      (0..<prompt).map { TraceToken(position: $0, id: $0, text: "p\($0)", isPrompt: true) })
    for index in 0..<decode {
      engine.pass(index == 0 ? .prefill : .decode, tokens: index == 0 ? prompt : 1)
      try recorder.check()
      recorder.addTokens([
        TraceToken(
          position: prompt + index, id: 100 + index, text: " t\(index)", isPrompt: false,
          logprob: -0.5,
          topK: [
            .init(id: 100 + index, text: " t\(index)", logprob: -0.5),
            .init(id: 7, text: "é", logprob: -1.5),
          ])
      ])
    }
  }
}

/// A whole recording of the fake engine, finished.
@discardableResult
func record(
  _ dimensions: FakeModel = .small, to path: String,
  capture: Capture = .stats, prompt: Int = 5, decode: Int = 4
) throws -> TraceSummary {
  let recording = try Recording(dimensions, path: path, capture: capture)
  try recording.run(prompt: prompt, decode: decode)
  return try recording.recorder.finish(status: "complete")
}
