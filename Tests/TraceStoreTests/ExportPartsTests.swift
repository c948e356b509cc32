import Basics
import Foundation
import TestSupport
import Testing

@testable import TraceStore

/// The parts that exports are made of.
@Suite struct ExportPartsTests {
  @Test func anInterruptedExportLeavesNothing() throws {
    let folder = try ScratchFolder()
    try record(to: folder.file(), capture: .values)
    let trace = try Trace(path: folder.file())
    for format in ExportFormat.allCases {
      #expect(throws: TraceError.exportInterrupted) {
        try trace.export(format, to: folder.file("out")) { $0.percent < (format == .svg ? 0 : 40) }
      }
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["trace.sqlite"],
        "\(format)")
    }
  }

  @Test func progressRisesToTheEnd() throws {
    let folder = try ScratchFolder()
    try record(to: folder.file(), capture: .values)
    let trace = try Trace(path: folder.file())
    for format in ExportFormat.allCases {
      var told: [Int] = []
      try trace.export(format, to: folder.file("out-\(format.rawValue)")) { progress in
        told.append(progress.percent)
        return true
      }
      #expect(told == told.sorted() && told.allSatisfy { (0...100).contains($0) }, "\(format)")
      #expect(told.count <= 102 && told.first == 0)
    }
  }

  @Test func aTraceWithoutSteps() throws {
    let folder = try ScratchFolder()
    let recorder = try TraceRecorder(
      path: folder.file(), header: TraceHeader(meta: ["model": "none"], tensors: []),
      capture: .stats)
    try recorder.finish(status: "complete")
    let trace = try Trace(path: folder.file())
    for format in [ExportFormat.chrome, .memoryViz, .csv, .json] {
      try trace.export(format, to: folder.file(format.rawValue))
    }
    let chrome = try Data(contentsOf: URL(fileURLWithPath: folder.file("chrome")))
    let object = try JSONSerialization.jsonObject(with: chrome) as? [String: Any]
    #expect((object?["traceEvents"] as? [Any])?.count == 1)
    for format in [ExportFormat.svg, .npy] {
      let error = #expect(throws: TraceError.self) {
        try trace.export(format, to: folder.file(format.rawValue))
      }
      #expect(error?.description.contains("holds no") == true)
    }
    #expect(throws: TraceError.self) { try TraceReport(trace: trace) }
  }

  /// Numbers that only damage can make: a sentence or a picture, from everything that draws memory.
  @Test(arguments: [
    ("UPDATE _memory SET id = 9223372036854775807 WHERE id = (SELECT max(id) FROM _memory)", true),
    ("UPDATE _event SET op = 9223372036854775807", true),
    ("UPDATE _event SET op = -1", true),
    (
      "UPDATE pass SET first_step = 1 << 53, last_step = 1 << 53 "
        + "WHERE id = (SELECT max(id) FROM pass)", false
    ),
  ])
  func impossibleNumbers(_ change: String, isRefused: Bool) throws {
    let folder = try ScratchFolder()
    try record(to: folder.file())
    _ = try sqlite3(folder.file(), change)
    let trace = try Trace(path: folder.file())
    if isRefused {
      let error = #expect(throws: TraceError.self) {
        try trace.export(.html, to: folder.file("page.html"))
      }
      guard case .corrupt = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      // A second reading goes on from where the first ended.
      #expect(throws: TraceError.self) { try trace.export(.html, to: folder.file("page.html")) }
    } else {
      try trace.export(.svg, to: folder.file("plot.svg"))
      let plot = try String(contentsOfFile: folder.file("plot.svg"), encoding: .utf8)
      #expect(plot.hasSuffix("</svg>\n"))
    }
  }

  @Test func numbersAndStrings() throws {
    let folder = try ScratchFolder()
    let output = try ExportOutput(path: folder.file("out"))
    let numbers = [0, 7, -1, 10, 1_000_000, .max, .min]
    for number in numbers {
      output.write(number)
      output.write(" ")
    }
    output.write(json: "a\"\\\u{1}\n\u{7F}é")
    try output.commit()
    let text = try String(contentsOfFile: folder.file("out"), encoding: .utf8)
    #expect(text == numbers.map { "\($0) " }.joined() + #""a\"\\\u0001\n\u007fé""#)
  }

  @Test func addressesNeverOverlap() throws {
    var space = AddressSpace(1 << 44..<1 << 45)
    var taken: [(address: Int, bytes: Int)] = []
    var random = SystemRandomNumberGenerator()
    for _ in 0..<3000 {
      if taken.count > 40 || (Bool.random() && !taken.isEmpty) {
        let gone = taken.remove(at: Int.random(in: taken.indices, using: &random))
        space.free(gone.address, gone.bytes)
      } else {
        let bytes = Int.random(in: 1...5_000_000, using: &random)
        let found = space.take(bytes)
        let place = try #require(found).address
        #expect(
          taken.allSatisfy { place + bytes <= $0.address || $0.address + $0.bytes <= place })
        #expect(
          space.segments.contains {
            $0.address <= place && place + bytes <= $0.address + $0.size
          })
        taken.append((place, bytes))
      }
    }
    for gone in taken { space.free(gone.address, gone.bytes) }
    // All of it is free again: what was there fits without a new segment.
    let largest = try #require(space.segments.max { $0.size < $1.size })
    let again = space.take(largest.size)
    #expect(again != nil && again?.new == nil)
    let tooMuch = space.take(1 << 50)
    #expect(tooMuch == nil)
  }

  @Test func theClockKeepsTheOrder() {
    var clock = StepClock()
    #expect(clock.begin(at: 100) == 100)
    #expect(clock.step(thread: 0, duration: 50) == 101)
    #expect(clock.step(thread: 1, duration: 10) == 102)
    #expect(clock.step(thread: 0, duration: 0) == 151)
    #expect(clock.end(of: 100, duration: 20) == 151)
    #expect(clock.begin(at: 90) == 152)
    #expect(clock.end(of: 152, duration: 1000) == 1152)
  }

  @Test func sparklines() {
    #expect(sparkline([0, 1, 2, 4, 8], from: 0, to: 8, width: 40) == "▁▂▃▅█")
    #expect(sparkline((1...800).map(Double.init), from: 1, to: 800, width: 8) == "▁▂▃▄▅▆▇█")
    #expect(sparkline([7, 7], from: 7, to: 7, width: 8) == "▄▄")
  }

  @Test(arguments: [
    ("plain words", "plain words"), ("a_b", "`a_b`"), ("@you #1 &amp; <b>", "`@you #1 &amp; <b>`"),
    ("`", "`` ` ``"), ("a``b`", "``` a``b` ```"), (" *x* ", "`  *x*  `"), ("|", "`\\|`"), ("", ""),
  ])
  func markdownShowsATracesTextAsItStands(_ text: String, _ expected: String) {
    let report: ReportText = "\(theirs: text)"
    #expect(Table.markdown([], [[report.markdown]]).last == "| \(expected) |")
    #expect(report.plain == text)
  }
}
