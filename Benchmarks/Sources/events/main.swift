// Rows per second into `_event`, by TraceRecorder and by a loop in C that writes the same rows into
// the same table. The two take turns; what is printed are medians.
//
// The recorder's passes and operations, and what their tables hold, come on top of its rows.
import EventLoop
import Events
import Foundation
import TraceStore

let passes = 50
let opsAPass = 20
let stepsAnOp = 1000
let rounds = 7

let rows = passes * opsAPass * stepsAnOp
let folder = URL.temporaryDirectory.appending(path: "nibble-events-\(UUID().uuidString)")
try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(at: folder) }

/// Three states of memory in turn, as a tile's three steps have them.
let states = (0..<3).map { index in
  var use = MemoryUse()
  use.weights = 98_000_000
  use.activations = 4096 * (index + 1)
  return use
}

/// Nanoseconds from the first row to a finished trace.
func recorder(_ path: String) throws -> Int64 {
  let recorder = try TraceRecorder(
    path: path, header: TraceHeader(meta: [:], tensors: []), capture: .none)
  let clock = ContinuousClock()
  let start = clock.now
  var step = 0
  for pass in 0..<passes {
    recorder.passBegan(
      PassDescription(
        kind: .decode, branch: 0, sequence: 0, firstPosition: pass, tokens: [pass]))
    for op in 0..<opsAPass {
      recorder.opBegan(
        OpDescription(
          name: "op-\(op)", kind: .add, layer: nil, inputs: [], tensor: nil, rows: 1, cols: 1))
      for _ in 0..<stepsAnOp {
        recorder.computed(thread: 0, live: states[step % 3])
        step += 1
      }
      recorder.opEnded(output: nil, nanoseconds: 0)
    }
    recorder.passEnded(nanoseconds: 0)
    try recorder.check()
  }
  try recorder.finish(status: "complete")
  let (seconds, attoseconds) = (clock.now - start).components
  return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
}

/// The rows of a file, in short.
func digest(_ path: String) -> [Int64] {
  var sums = [Int64](repeating: 0, count: 6)
  if event_digest(path, &sums) != 0 { exit(1) }
  return sums
}

var recorderTimes: [Int64] = []
var loopTimes: [Int64] = []
for round in 1...rounds {
  let trace = folder.appending(path: "recorder\(round)").path
  let plain = folder.appending(path: "loop\(round)").path
  recorderTimes.append(try recorder(trace))
  let time = event_loop(plain, Int32(passes), Int32(opsAPass), Int32(stepsAnOp))
  if time < 0 { exit(1) }
  loopTimes.append(time)
  guard digest(trace) == digest(plain) else {
    print("The two wrote different rows, so their times say nothing.")
    exit(1)
  }
  for file in [trace, plain] { try FileManager.default.removeItem(atPath: file) }
}

func rowsPerSecond(_ times: [Int64]) -> Double {
  Double(rows) / (Double(times.sorted()[times.count / 2]) / 1e9)
}
let (recorded, looped) = (rowsPerSecond(recorderTimes), rowsPerSecond(loopTimes))
print(
  String(
    format: """
      %d rows into _event, medians of %d rounds
      recorder  %6.2f million rows/s
      C loop    %6.2f million rows/s
      ratio     %6.2f
      """, rows, rounds, recorded / 1e6, looped / 1e6, recorded / looped))
