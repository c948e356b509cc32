import Events
import TestSupport
import Testing
import TraceStore

@testable import Debugger

/// What the debugger says of passes that hold several sequences.
@Suite struct SequencesTests {
  /// Records two sequences of a prompt pass, the pass of both that follows, and one of the second
  /// alone; each is its appends in one layer.
  private func perform(path: String) throws {
    let recorder = try TraceRecorder(
      path: path,
      header: TraceHeader(meta: ["model": "rehearsal", "sequences": "2"], tensors: []),
      capture: .none)
    for (sequence, words) in [["Once", " upon", " a"], ["The", " fox", " ran", "."]].enumerated() {
      recorder.addTokens(
        words.indices.map {
          TraceToken(
            sequence: sequence, position: $0, id: $0, text: words[$0],
            isPrompt: $0 < 2 - sequence)
        })
    }
    let passes: [(kind: PassDescription.Kind, ranges: [(sequence: Int, positions: Range<Int>)])] = [
      (.prefill, [(0, 0..<2), (1, 0..<1)]), (.decode, [(0, 2..<3), (1, 1..<2)]),
      (.decode, [(1, 2..<3)]),
    ]
    var appended = 0
    for (kind, ranges) in passes {
      var parts: [PassPart] = []
      for (sequence, positions) in ranges {
        let row = parts.last?.rows.upperBound ?? 0
        parts.append(
          PassPart(
            sequence: sequence, position: positions.lowerBound, rows: row..<row + positions.count))
      }
      let rows = parts.last?.rows.upperBound ?? 0
      recorder.passBegan(
        PassDescription(
          kind: kind, branch: 0, parts: parts, tokens: Array(repeating: 0, count: rows)))
      recorder.opBegan(
        OpDescription(
          name: "kv_append-0", kind: .kvAppend, layer: 0, inputs: [], tensor: nil, rows: rows,
          cols: 4))
      for (sequence, positions) in ranges {
        for position in positions {
          appended += 1
          recorder.appended(
            KVAppendDescription(
              sequence: sequence, layer: 0, position: position, keyBytes: 8, valueBytes: 8,
              cacheBytes: 16 * appended, buffer: 0, errors: nil), live: MemoryUse())
        }
      }
      recorder.opEnded(output: nil, nanoseconds: 700)
      recorder.passEnded(nanoseconds: 1000)
      try recorder.check()
    }
    try recorder.finish(status: "complete")
  }

  @Test(arguments: [
    ([0, 1, 2], "sequences 0 to 2", "of 0 to 2"), ([0, 2], "sequences 0, 2", "of 0, 2"),
    ([0, 2, 5, 6, 7], "sequences 0, 2, 5 to 7", "of 0, 2, 5 to 7"),
    ([3], "sequence 3 alone", "position 0, "),
    ([.min, .max], "sequences \(Int.min), \(Int.max)", "of \(Int.min), \(Int.max)"),
  ])
  func theyAreNamed(ids: [Int], names: String, place: String) {
    let tokens = ids.map {
      TraceToken(sequence: $0, position: 0, id: 0, text: "a", isPrompt: true)
    }
    let sequences = PassSequences(tokens)
    #expect(sequences.names == names)
    #expect(sequences.place(of: tokens[0]).contains(place))
  }

  @Test func sequencesAreToldApart() throws {
    let folder = try ScratchFolder()
    try perform(path: folder.file())
    let output = CollectedOutput()
    let session = try DebuggerSession(
      trace: Trace(path: folder.file()), output: output, style: TextStyle())
    let lines = [
      "goto 3", "where", "info kv", "list", "info passes", "p token", "p kv", "goto 5", "where",
      "goto 6", "where",
      "SELECT sequence, position, cache_bytes FROM kv_growth;",
      "SELECT pass, positions FROM memory_by_pass;",
      "SELECT pass, first_position, tokens, sequences FROM pass_summary;",
    ]
    #expect(session.run(ScriptedLines(lines, echo: output), stopsAtErrors: false) == 0)
    try expectGolden(output.text, "session-sequences.txt")
  }
}
