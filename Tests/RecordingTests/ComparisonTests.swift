import Foundation
import Inference
import TestSupport
import Testing

@testable import Recording

@Suite struct ComparisonTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func compared(
    _ strategies: [StrategyName], _ kvTypes: [KVType], budget: Int? = nil
  ) throws -> [ComparedRun] {
    var options = ComparisonOptions(folder: folder.path)
    options.run.count = 6
    options.run.engine.memoryBudget = budget
    options.strategies = strategies
    options.kvTypes = kvTypes
    return try compare(options)
  }

  /// `fused` with an f32 cache is the exact run itself; what rounds more is further from it.
  @Test func differencesAreToTheExactRun() throws {
    let runs = try compared([.tiled, .fused, .int4GEMM], [.f32, .q4])
    #expect(runs.map(\.strategy) == [.tiled, .tiled, .fused, .fused, .int4GEMM, .int4GEMM])
    let figures = try runs.map { try $0.outcome.get() }
    #expect(figures[2].largestDifference == 0 && figures[2].divergence == 0)
    #expect(figures[0].largestDifference > 0 && figures[0].divergence > 0)
    #expect(figures[3].divergence > 10 * figures[0].divergence)
    #expect(figures[4].divergence > 10 * figures[0].divergence)
  }

  /// What is made and moved, from the traces.
  @Test func figuresAreThoseOfTheTraces() throws {
    let runs = try compared(StrategyName.allCases, [.f16])
    var figures: [StrategyName: ComparedRun.Figures] = [:]
    for run in runs {
      figures[run.strategy] = try run.outcome.get()
      #expect(FileManager.default.fileExists(atPath: run.trace))
    }
    let tiled = try #require(figures[.tiled])
    let whole = try #require(figures[.wholeModel])
    let fused = try #require(figures[.fused])
    #expect(whole.peak.total > 4 * tiled.peak.total)
    #expect(whole.dequantizedBytes == 3_407_872 * 2)
    // The embedding is the output matrix: every pass makes every matrix once.
    #expect(tiled.dequantizedBytes == 6 * whole.dequantizedBytes)
    #expect(fused.dequantizedBytes == 0 && fused.peak.weightsDequantized == 0)
    // A tile is read packed, written, and read again.
    let packed = fused.bytesMoved
    #expect(tiled.bytesMoved == packed + 2 * tiled.dequantizedBytes)
    #expect(figures.values.allSatisfy { $0.planned == $0.peak })
  }

  /// A run that its budget ends is a run that failed; the others go on.
  @Test func aRunThatFailsIsOneOfThem() throws {
    let runs = try compared([.wholeModel, .tiled], [.f16], budget: 4 << 20)
    guard case .failure(InferenceError.overBudget) = runs[0].outcome else {
      Issue.record("whole-model fitted into 4 MiB")
      return
    }
    #expect((try? runs[1].outcome.get()) != nil)
  }
}
