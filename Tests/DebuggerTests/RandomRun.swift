import TraceStore

@testable import Inference

/// Records a run of no particular model: operations of random length in random layers, events
/// between operations and between passes, operations of one step; whatever the shape of a trace,
/// walking in it must keep its promises. Every second one ends at its memory budget, in a pass, in
/// an operation or between two.
func recordRandomRun(to path: String, seed: UInt64) throws {
  var random = SeededGenerator(seed: seed)
  let recorder = try TraceRecorder(
    path: path, header: TraceHeader(meta: ["model": "random"], tensors: []), capture: .none)
  let live = MemoryUse()
  var id = 0

  func loose(upTo count: Int) {
    for _ in 0..<Int.random(in: 0...count, using: &random) {
      id += 1
      recorder.allocated(
        BufferDescription(id: id, category: .workspace, name: "b\(id)", bytes: 8), live: live)
    }
  }

  loose(upTo: 5)
  for pass in 0..<Int.random(in: 1...4, using: &random) {
    recorder.passBegan(
      PassDescription(
        kind: pass == 0 ? .prefill : .decode, branch: 0, sequence: 0, firstPosition: pass,
        tokens: [pass]))
    loose(upTo: 2)
    var layer: Int?
    for op in 0..<Int.random(in: 1...20, using: &random) {
      if Bool.random(using: &random) {
        layer = [nil, 0, 1, 2].randomElement(using: &random) ?? nil
      }
      recorder.opBegan(
        OpDescription(
          name: "op\(op)", kind: .add, layer: layer, inputs: [], tensor: nil, rows: 1, cols: 1))
      for _ in 0..<Int.random(in: 1...9, using: &random) {
        recorder.computed(thread: 0, live: live)
      }
      recorder.opEnded(output: nil, nanoseconds: 1)
      if Int.random(in: 0..<4, using: &random) == 0 { loose(upTo: 3) }
    }
    recorder.passEnded(nanoseconds: 1)
    try recorder.check()
  }
  if seed % 2 == 1 {
    recorder.passBegan(
      PassDescription(kind: .decode, branch: 0, sequence: 0, firstPosition: 9, tokens: [9]))
    loose(upTo: 2)
    for op in 0..<Int.random(in: 0...3, using: &random) {
      recorder.opBegan(
        OpDescription(
          name: "op\(op)", kind: .add, layer: op, inputs: [], tensor: nil, rows: 1, cols: 1))
      if Bool.random(using: &random) { break }
      recorder.computed(thread: 0, live: live)
      recorder.opEnded(output: nil, nanoseconds: 1)
    }
    recorder.allocationFailed(
      AllocationFailure(
        category: .workspace, name: "b", bytes: 9, live: live, budget: 8, thread: 0))
  }
  try recorder.finish(status: seed % 2 == 1 ? "failed" : "complete")
}
