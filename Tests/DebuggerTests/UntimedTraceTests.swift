import Foundation
import TestSupport
import Testing
import TraceStore

@testable import Debugger

/// A trace in which nothing was timed is read like any other, without its times.
@Suite struct UntimedTraceTests {
  @Test func everythingReadsATraceWithoutTimes() throws {
    let folder = try ScratchFolder()
    try Tiny.record(to: folder.file())
    let lines = [
      "goto pass 2", "info passes", "info ops", "info layers", "print op", "print pass",
      "advance tile",
      "print tile", "next 3", "print matmul", "tile", "where", "info op",
      "SELECT * FROM op_summary;",
    ]
    let timed = try Tiny.transcript(folder.file(), lines)
    _ = try PeakTests.sqlite3(
      folder.file(),
      """
      UPDATE pass SET start_ns = NULL, duration_ns = NULL;
      UPDATE _op SET start_ns = NULL, duration_ns = NULL;
      UPDATE _tile SET dequantize_ns = NULL; UPDATE _matmul SET duration_ns = NULL;
      """)
    let untimed = try Tiny.transcript(folder.file(), lines)
    #expect(timed.contains(" µs") && timed.contains("duration_ns"))
    #expect(!untimed.contains(" µs") && !untimed.contains(" ns"))
    #expect(untimed.contains("duration_ns") && untimed.contains("none"))
    // A line that fails says so in a sentence of its own, on a line of its own.
    #expect(untimed.split(separator: "\n").count == timed.split(separator: "\n").count)

    let trace = try Trace(path: folder.file())
    #expect(try trace.pass(2)?.duration == nil && trace.op(3)?.start == nil)
    for format in ExportFormat.allCases where format != .npy {
      try trace.export(format, to: folder.file("export.\(format.rawValue)"))
    }
    #expect(try !TraceReport(trace: trace).text(.text).contains(" µs"))
    let zeroes = try PeakTests.sqlite3(
      folder.file(),
      """
      SELECT count(*) FROM tensor_summary WHERE tiles > 0 AND dequantize_ns IS NOT NULL;
      SELECT count(*) FROM op_summary WHERE duration_ns IS NOT NULL OR products > 0 AND multiply_ns = 0;
      SELECT count(*) FROM layer_summary WHERE duration_ns IS NOT NULL;
      """)
    #expect(zeroes == [["0"], ["0"], ["0"]])
  }
}
