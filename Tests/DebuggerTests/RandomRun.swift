import Events
import TestSupport
import TraceStore

/// Records a run of no particular model: operations of random length in random layers, events
/// between operations and between passes, operations of one step; whatever the shape of a trace,
/// walking in it must keep its promises. Every second one ends at its memory budget, in a pass, in
/// an operation or between two.
///
/// - Parameter branches: how often the run is taken back to the end of some pass and goes on as
///   another branch; then passes are given up here and there too.
func recordRandomRun(to path: String, seed: UInt64, branches: Int = 0) throws {
  var random = SeededGenerator(seed: seed)
  let recorder = try TraceRecorder(
    path: path, header: TraceHeader(meta: ["model": "random"], tensors: []), capture: .none,
    goesOn: branches > 0)
  let live = MemoryUse()
  var id = 0

  func loose(upTo count: Int) {
    for _ in 0..<Int.random(in: 0...count, using: &random) {
      id += 1
      recorder.allocated(
        BufferDescription(id: id, category: .workspace, name: "b\(id)", bytes: 8), live: live)
    }
  }

  /// Of each branch, the positions after each of its finished passes.
  var ends: [[Int]] = [[0]]

  /// - Parameter position: the pass's first, of one token.
  func pass(_ branch: Int, position: Int) throws -> Bool {
    recorder.passBegan(
      PassDescription(
        kind: position == 0 ? .prefill : .decode, branch: branch, sequence: 0,
        firstPosition: position, tokens: [position]))
    loose(upTo: 2)
    var layer: Int?
    let isGivenUp = branches > 0 && Int.random(in: 0..<4, using: &random) == 0
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
      if branches > 0 {
        recorder.appended(
          KVAppendDescription(
            sequence: 0, layer: op, position: position, keyBytes: 4, valueBytes: 4,
            cacheBytes: 1000 * position + 8 * (op + 1), buffer: 0, errors: nil), live: live)
      }
      recorder.opEnded(output: nil, nanoseconds: 1)
      if Int.random(in: 0..<4, using: &random) == 0 { loose(upTo: 3) }
    }
    if isGivenUp {
      recorder.passFailed(nanoseconds: 1)
    } else {
      recorder.passEnded(nanoseconds: 1)
    }
    try recorder.check()
    return !isGivenUp
  }

  loose(upTo: 5)
  var position = 0
  for branch in 0...branches {
    if branch > 0 {
      let parent = Int.random(in: 0..<branch, using: &random)
      position = ends[parent].randomElement(using: &random) ?? 0
      ends.append(ends[parent].filter { $0 <= position })
      recorder.addBranch(
        TraceBranch(id: branch, parent: parent, position: position, step: recorder.lastStep))
      loose(upTo: 3)
    }
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      guard try pass(branch, position: position) else { continue }
      position += 1
      ends[branch].append(position)
      loose(upTo: branches > 0 ? 2 : 0)
    }
  }
  if seed % 2 == 1, branches == 0 {
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
  try recorder.finish(status: seed % 2 == 1 && branches == 0 ? "failed" : "complete")
}
