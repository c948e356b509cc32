import Foundation
import TestSupport
import Testing

@testable import Training

/// Every method with every optimizer, trained again by numpy in float64 through
/// scripts/check-training.py.
///
/// `NIBBLE_PYTHON` names a python3 that has the package numpy; where it is not set the test is
/// skipped, but not in CI.
struct TrainingPythonTests {
  private static let python = ProcessInfo.processInfo.environment["NIBBLE_PYTHON"]
  private static let isCI = ProcessInfo.processInfo.environment["CI"] == "true"
  private static let tolerance = 2e-3  // float32 sums
  private static let masterTolerance = 0.1

  struct Task: Encodable {
    let rows, cols: Int
    let weights, inputs, targets, scales, minimums, down: [Float]
    let offset: Float
    let runs: [Run]
  }

  struct Run: Encodable {
    let method, optimizer: String
    let rate: Float
    let losses: [Double]
    let changed: [Int]
  }

  struct Found: Decodable {
    let method, optimizer: String
    let differences: [Double]
    let changed, numpyChanged: Int
  }

  @Test(.enabled(if: python != nil || isCI, "NIBBLE_PYTHON is not set"))
  func numpyTrainsToTheSame() throws {
    let task = try TrainingTests.task(rows: 32, cols: 96, tokens: 6)
    let training = try TrainingTests.training(task) { $0.steps = 25 }
    var runs: [Run] = []
    for method in TrainingMethod.allCases {
      for optimizer in OptimizerKind.allCases {
        let result = try training.run(method, optimizer)
        runs.append(
          Run(
            method: method.rawValue, optimizer: optimizer.rawValue,
            rate: try #require(result.learningRate),
            losses: result.steps.map(\.loss) + [try #require(result.finalLoss)],
            changed: result.steps.map(\.changes.nibbles)))
      }
    }
    let memory = TrainingMemory()
    let lora = try LoRALayer(task, rank: training.options.rank, tileRows: 32, memory: memory)
    let handed = Task(
      rows: task.rows, cols: task.cols, weights: try task.values(), inputs: task.inputs,
      targets: task.targets, scales: task.grid.scales, minimums: task.grid.minimums,
      down: lora.down.array, offset: task.grid.offset, runs: runs)
    let found = try ask(handed)
    #expect(found.count == runs.count)
    for run in found {
      // Where one nibble falls to the other side, a master copy and its int4 weights part for good.
      let isMaster = run.method == "master"
      let (first, later) = (run.differences.prefix(4).max(), run.differences.max())
      #expect(try #require(first) < Self.tolerance, "\(run)")
      #expect(try #require(later) < (isMaster ? Self.masterTolerance : Self.tolerance), "\(run)")
      let most = Double(max(run.changed, run.numpyChanged))
      #expect(abs(Double(run.changed - run.numpyChanged)) <= 0.02 * most, "\(run)")
    }
    #expect(found.contains { $0.changed > 100 })
  }

  private func ask(_ task: Task) throws -> [Found] {
    let python = try #require(Self.python, "CI has to set NIBBLE_PYTHON to a python3 with numpy")
    let script = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("scripts/check-training.py").path
    let folder = try ScratchFolder()
    let file = folder.url.appendingPathComponent("task.json")
    try JSONEncoder().encode(task).write(to: file)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [python, script]
    process.standardInput = try FileHandle(forReadingFrom: file)
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return try JSONDecoder().decode([Found].self, from: data)
  }
}
