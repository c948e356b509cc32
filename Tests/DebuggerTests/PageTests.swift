import Events
import Foundation
import Inference
import Recording
import TestSupport
import Testing

@testable import Debugger
@testable import TraceStore

/// The page of `nibble export --format html` beside the terminal's plots: one source of figures.
@Suite struct PageTests {
  @Test(arguments: StrategyName.allCases, [nil, 4 << 20])
  func figuresAreThoseOfTheTerminal(strategy: StrategyName, budget: Int?) throws {
    let folder = try ScratchFolder()
    try Tiny.record(to: folder.file()) {
      $0.engine.strategy = strategy
      $0.engine.memoryBudget = budget  // whole-model passes it while it loads
    }
    let trace = try Trace(path: folder.file())
    let page = try PageTrace(trace, pass: nil)
    let plot = try MemoryPlot(trace: trace, columns: PageRun.capacity / 2)
    #expect(page.figures.wholeModel == (try trace.tensors().wholeModelBytes))
    #expect(page.figures.temporary == plot.peaks.weightsDequantized)
    #expect(page.peaks == plot.peaks.bytes)
    #expect(page.peak?.bytes == plot.highest.bytes)
    #expect(page.steps == plot.lastStep)
    #expect(try page.steps == trace.eventCount())

    // Column by column, in and outside passes.
    let states = page.states.map { $0.values }
    let (most, least) = (page.run.most.values, page.run.least.values)
    #expect(page.run.first.values == plot.columns.map(\.firstStep))
    #expect(most.map { state in states.map { $0[state] } } == plot.columns.map { $0.most.bytes })
    #expect(least.map { state in states.map { $0[state] } } == plot.columns.map { $0.least.bytes })

    // The worst moment of every operation is that of memory_by_op.
    var highest: [[Int]] = []  // by operation
    try trace.run(
      "SELECT * FROM memory_by_op ORDER BY op", columns: { _ in },
      row: { row in
        highest.append(
          row.indices.dropFirst(4).dropLast().map {
            if case .integer(let bytes) = row[$0] { bytes } else { -1 }
          })
        return true
      })
    let ops = try trace.passes().flatMap { try trace.ops(inPass: $0.id) }
    #expect(ops.count == highest.count)
    for (op, highest) in zip(ops, highest) {
      let shown = op.steps.map { step in states.map { $0[most[step - 1]] } }
      #expect(shown.map { $0.reduce(0, +) }.max() == highest.reduce(0, +))
      #expect(shown.contains(highest))
    }
  }

  @Test func thePassIsTheLastDecodePassOrTheOneAskedFor() throws {
    let folder = try ScratchFolder()
    try Tiny.record(to: folder.file())
    let trace = try Trace(path: folder.file())
    #expect(try PageTrace(trace, pass: nil).detail?.pass == 3)
    let first = try PageTrace(trace, pass: 1)
    #expect(first.detail?.pass == 1 && first.passes[0].kind == "prefill")
    let count = try #require(try trace.pass(1)?.steps.count)
    #expect(first.detail?.steps.values.count == count)
    #expect(throws: TraceError.self) { try PageTrace(trace, pass: 4) }
  }

  private static let python = ProcessInfo.processInfo.environment["NIBBLE_PYTHON"]
  private static let isCI = ProcessInfo.processInfo.environment["CI"] == "true"

  /// What scripts/check-page.py says of one page.
  private struct Checked: Decodable {
    var moments, ranges, drawn, tiles, tokens, rows: Int
    var base: [Int]?
    var highest: Int?
    var legend: [String]
    var title: String
    var prompt: [String]
  }

  /// `NIBBLE_PYTHON` names a python3 that has the package playwright; where it is not set the test
  /// is skipped, but not in CI.
  @Test(.enabled(if: python != nil || isCI, "NIBBLE_PYTHON is not set"))
  func aBrowserReadsBackWhatTheTraceHolds() throws {
    let folder = try ScratchFolder()
    let prompt = "</script><b>\u{202E}once\u{7}"
    try Tiny.record(to: folder.file("tiled.sqlite")) { $0.prompts = [prompt] }
    try Tiny.record(to: folder.file("whole.sqlite")) { $0.engine.strategy = .wholeModel }
    try Tiny.record(to: folder.file("fused.sqlite")) { $0.engine.strategy = .fused }
    try Tiny.record(to: folder.file("layers.sqlite")) { $0.engine.strategy = .perLayer }
    try Rehearsal(path: folder.file("failed.sqlite"), budget: Rehearsal.budgets.middle).perform()
    try Tiny.record(to: folder.file("loading.sqlite")) {
      $0.engine.strategy = .wholeModel
      $0.engine.memoryBudget = 4 << 20
    }
    try TraceRecorder(
      path: folder.file("empty.sqlite"), header: TraceHeader(meta: [:], tensors: []), capture: .none
    ).finish(status: "complete")
    try branches(in: folder.file("branches.sqlite"))
    try Tiny.record(to: folder.file("parallel.sqlite")) {
      $0.prompts = ["Once", "مرحبا שלום"]
      $0.engine.sequences = 2
    }
    let names = [
      "tiled", "fused", "layers", "whole", "failed", "loading", "empty", "branches", "parallel",
    ]
    for name in names {
      try Trace(path: folder.file("\(name).sqlite")).export(.html, to: folder.file("\(name).html"))
    }
    try Trace(path: folder.file("tiled.sqlite")).export(
      .html, to: folder.file("tiled+whole.html"),
      with: Trace(path: folder.file("whole.sqlite")))

    let checked = try check(folder.path)
    #expect(Set(checked.keys) == Set(names + ["tiled+whole"]))
    for name in names where name != "empty" {
      let page = try #require(checked[name])
      #expect(page.moments > 20 && page.ranges > 5 && page.drawn > 8, "\(name)")
      #expect(name == "loading" || (page.tiles > 10 && page.rows > 20), "\(name)")
      let plot = try MemoryPlot(trace: Trace(path: folder.file("\(name).sqlite")))
      #expect(page.base == plot.baseline.bytes && page.highest == plot.highest.total, "\(name)")
      let shown = MemoryCategory.stack.reversed().filter { plot.peaks[$0] > 0 }
      #expect(page.legend == shown.map { $0.label }, "\(name)")
    }
    #expect(checked["tiled"]?.prompt == ["</script><b>⟨202E⟩once␇"])
    #expect(checked["empty"]?.moments == 0)
    #expect((checked["branches"]?.tokens ?? 0) > 4)
  }

  /// A run that was taken back and went on.
  private func branches(in path: String) throws {
    let run = try LiveRun(RecordingOptions(output: path))
    try run.runPrompt()
    let session = try DebuggerSession(
      trace: Trace(path: path), output: CollectedOutput(), style: TextStyle(), live: run)
    for line in ["goto end", "checkpoint", "generate 2", "restart 1", "token 1", "generate 2"] {
      try session.execute(line)
    }
    #expect(try session.trace.hasBranches())
    try run.finish()
  }

  private func check(_ folder: String) throws -> [String: Checked] {
    let python = try #require(
      Self.python, "CI has to set NIBBLE_PYTHON to a python3 that has playwright")
    let script = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("scripts/check-page.py").path
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [python, script, folder]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return try JSONDecoder().decode([String: Checked].self, from: data)
  }
}

extension PageColumn {
  /// The numbers that were put in, read back as the page reads them.
  var values: [Int] {
    guard let json = try? JSONEncoder().encode([self]),
      let text = try? JSONDecoder().decode([String].self, from: json).first,
      let bytes = Data(base64Encoded: text)
    else { return [] }
    var place = bytes.startIndex
    func next() -> Int {
      var value = 0
      for shift in stride(from: 0, to: 64, by: 7) {
        let byte = Int(bytes[place])
        place += 1
        value |= (byte & 127) << shift
        if byte < 128 { break }
      }
      return value
    }
    var result: [Int] = []
    var last = 0
    while place < bytes.endIndex {
      let zigzag = next()
      let difference = zigzag % 2 == 0 ? zigzag / 2 : -(zigzag + 1) / 2
      for _ in 0..<next() {
        last += difference
        result.append(last)
      }
    }
    return result
  }
}
