import ArgumentParser
import Basics
import Foundation
import Recording

extension Record {
  /// What the parent process reads: the check of this process as JSON.
  func printMeasurement(_ options: RecordingOptions) throws {
    Output.line(try json(MemoryCheck(measuring: options)))
  }

  /// Runs this command once more in a process of its own, and prints what that measured.
  ///
  /// - Throws: `RecordingError`; `ExitCode(1)` where ledger and system disagree.
  func printMemoryCheck() throws {
    let line = ProgressLine()
    line.show("checking memory…")
    defer { line.clear() }
    let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let check = try MemoryCheck(
      ofProcess: program,
      arguments: Array(CommandLine.arguments.dropFirst()) + ["--measure-memory"])
    line.clear()
    Output.line("\n" + check.lines.joined(separator: "\n"))
    if !check.agrees { throw ExitCode(1) }
  }
}

extension MemoryCheck {
  /// A table and a verdict.
  var lines: [String] {
    let rows = [
      ("mapped", ledgerMapped, systemMapped, max(systemMapped - ledgerMapped, 0)),
      ("allocated", ledgerAllocated, systemAllocated, systemAllocated - ledgerAllocated),
      ("peak", ledgerPeak, systemPeak, difference),
    ]
    var table = Table(
      [("memory", .left), ("ledger", .right), ("system", .right), ("difference", .right)],
      atLeast: [12, 10, 10, 10])
    for row in rows { table.add(row.0, formatBytes(row.1), formatBytes(row.2), signed(row.3)) }
    var lines = table.lines()
    if systemMapped < ledgerMapped {
      lines.append(
        "\(formatBytes(ledgerMapped - systemMapped)) of the mapped weights were not in memory.")
    }
    lines.append(
      "The ledger and the system \(agrees ? "agree" : "DISAGREE"): \(signed(difference)) in a "
        + "process of its own, \(formatBytes(tolerance)) either way allowed.")
    return lines
  }

  private func signed(_ bytes: Int) -> String {
    (bytes < 0 ? "-" : "+") + formatBytes(abs(bytes))
  }
}
