import Foundation
import Quantization
import Recording
import Testing
import TraceStore

@testable import Training

/// The training of one layer: its gradients, what rounding takes of its updates, its memory, and
/// the database.
struct TrainingTests {
  /// A layer of random weights with random inputs.
  static func task(
    _ type: TensorType = .q4_1, rows: Int = 24, cols: Int = 64, tokens: Int = 5
  ) throws -> TrainingTask {
    var random = SplitMix64(state: 7)
    return try TrainingTask(
      tensor: "blk.0.attn_output.weight", type: type, rows: rows, cols: cols,
      packed: try type.encode(random.values(rows * cols, rms: 0.1)),
      inputs: random.values(tokens * cols, rms: 1))
  }

  static func training(
    _ task: TrainingTask, _ change: (inout TrainingOptions) -> Void = { _ in }
  ) throws -> Training {
    var options = TrainingOptions(recording: "", output: "")
    options.tileRows = 7  // does not divide the rows
    options.rank = 3
    options.steps = 20
    change(&options)
    return try Training(task, options)
  }

  // MARK: - Gradients

  /// The loss and everything that backward fills, where a layer stands.
  final class Probe {
    let layer: any TrainedLayer
    let x, dx: Matrix
    private let y, target: Matrix
    private let memory = TrainingMemory()

    init(_ task: TrainingTask, _ method: TrainingMethod) throws {
      layer = try TrainingTests.training(task).makeLayer(method, memory)
      x = try memory.matrix(task.inputs, rows: task.tokens, cols: task.cols, .activations)
      dx = try memory.matrix(task.tokens, task.cols, .activations)
      y = try memory.matrix(task.tokens, task.rows, .activations)
      target = try memory.matrix(task.targets, rows: task.tokens, cols: task.rows, .targets)
    }

    func loss() throws -> Double {
      try layer.forward(x, into: y)
      return y.becomeGradient(of: target)
    }

    func backward() throws {
      _ = try loss()
      dx.clear()
      try layer.backward(y, x, into: dx)
    }

    /// Adds to one of the numbers that learn.
    func nudge(_ matrix: Int, _ index: Int, by amount: Float) {
      for gradient in layer.gradients { gradient.clear() }
      layer.gradients[matrix].values[index] = -amount
      _ = layer.apply()
    }
  }

  /// The loss is a parabola along each number, so central differences are exact but for rounding.
  @Test(arguments: [TrainingMethod.float32, .lora])
  func gradientsAgreeWithDifferences(_ method: TrainingMethod) throws {
    let probe = try Probe(try Self.task(), method)
    // Adapters begin at a point where one of the gradients is zero.
    if method == .lora {
      for index in 0..<probe.layer.gradients[1].count {
        probe.nudge(1, index, by: index % 3 == 0 ? 0.2 : -0.1)
      }
    }
    try probe.backward()
    let gradients = probe.layer.gradients.map(\.array)
    for (matrix, gradient) in gradients.enumerated() {
      let size = gradient.map(abs).max() ?? 0
      #expect(size > 0)
      for index in stride(from: 0, to: gradient.count, by: 11) {
        let step: Float = 0.05
        probe.nudge(matrix, index, by: step)
        let above = try probe.loss()
        probe.nudge(matrix, index, by: -2 * step)
        let below = try probe.loss()
        probe.nudge(matrix, index, by: step)
        let difference = Float((above - below) / Double(2 * step))
        #expect(abs(difference - gradient[index]) < 1e-3 * size)
      }
    }
  }

  @Test(arguments: TrainingMethod.allCases)
  func theGradientForTheLayerBelowAgreesWithDifferences(_ method: TrainingMethod) throws {
    let probe = try Probe(try Self.task(), method)
    try probe.backward()
    let gradient = probe.dx.array
    let size = gradient.map(abs).max() ?? 0
    #expect(size > 0)
    for index in stride(from: 0, to: gradient.count, by: 7) {
      let step: Float = 0.05
      let before = probe.x.values[index]
      probe.x.values[index] = before + step
      let above = try probe.loss()
      probe.x.values[index] = before - step
      let below = try probe.loss()
      probe.x.values[index] = before
      #expect(abs(Float((above - below) / Double(2 * step)) - gradient[index]) < 1e-3 * size)
    }
  }

  /// Straight through: what float32 weights of the same values would get.
  @Test(arguments: [TrainingMethod.int4, .master])
  func int4GradientsAreThoseOfItsValues(_ method: TrainingMethod) throws {
    let task = try Self.task()
    let probes = (try Probe(task, method), try Probe(task, .float32))
    try probes.0.backward()
    try probes.1.backward()
    let (found, expected) = (
      probes.0.layer.gradients[0].array, probes.1.layer.gradients[0].array
    )
    let size = expected.map(abs).max() ?? 0
    for (found, expected) in zip(found, expected) {
      #expect(abs(found - expected) < 2e-3 * size, "a tile is float16")
    }
  }

  // MARK: - Rounding

  @Test(arguments: [(TensorType.q4_0, 64), (.q4_1, 64), (.q4_K, 256)])
  func theGridIsWhatTheFormatDecodes(_ type: TensorType, _ cols: Int) throws {
    let task = try Self.task(type, cols: cols)
    let memory = TrainingMemory()
    let weights = try PackedWeights(task, tileRows: 8, memory: memory)
    let grid = try GridMemory(task.grid, weights, memory)
    let values = try task.values()
    // Each value as it is: nothing changes.
    var others = 0
    grid.move(
      to: { index, value in
        #expect(value == values[index])
        return value
      }, changed: { others += $1 ? 1 : 0 })
    #expect(others == 0)
    // Each to the far end of its group, and beyond.
    grid.move(
      to: { _, value in value > 0 ? -1e30 : .infinity }, changed: { others += $1 ? 1 : 0 })
    let bytes = UnsafeRawBufferPointer(start: weights.packed, count: task.packed.count)
    let moved = try type.decode(bytes)
    #expect(others == values.count)
    for (before, after) in zip(values, moved) { #expect(before * after <= 0) }
  }

  @Test func updatesBelowHalfAStepVanish() throws {
    let task = try Self.task()
    let probe = try Probe(task, .int4)
    let smallest = Float(task.grid.scales.map(abs).min() ?? 0)
    let gradient = probe.layer.gradients[0]
    gradient.values.update(repeating: 0.49 * smallest, count: gradient.count)
    let lost = probe.layer.apply()
    #expect(lost.updates == gradient.count && lost.lost == gradient.count && lost.nibbles == 0)

    let largest = Float(task.grid.scales.map(abs).max() ?? 0)
    gradient.values.update(repeating: 0.51 * largest, count: gradient.count)
    let kept = probe.layer.apply()
    // Those at the lower end of their grid have nowhere to go.
    #expect(kept.nibbles == kept.updates - kept.lost && kept.nibbles > gradient.count * 8 / 10)
  }

  @Test func aMasterCopyAddsUpWhatRoundingWouldLose() throws {
    let task = try Self.task()
    let training = try Self.training(task) { $0.learningRate = Float(0.1 * task.grid.halfStep) }
    let int4 = try training.run(.int4, .adam)
    let master = try training.run(.master, .adam)
    #expect(int4.steps.allSatisfy { $0.changes.nibbles == 0 && $0.changes.lost > 0 })
    #expect(int4.finalLoss == int4.steps.first?.loss)
    #expect(master.steps.prefix(4).allSatisfy { $0.changes.nibbles == 0 })
    #expect(master.steps.contains { $0.changes.nibbles > 0 })
    #expect(try #require(master.finalLoss) < int4.steps[0].loss)
  }

  @Test(arguments: [TrainingMethod.float32, .lora], OptimizerKind.allCases)
  func floatTrainingLearns(_ method: TrainingMethod, _ optimizer: OptimizerKind) throws {
    let result = try Self.training(try Self.task()) { $0.steps = 60 }.run(method, optimizer)
    #expect(try #require(result.finalLoss) < 0.8 * result.steps[0].loss)
  }

  @Test func anInfiniteLossDoesNotTrap() throws {
    let training = try Self.training(try Self.task()) {
      $0.learningRate = 1e30
      $0.steps = 6
    }
    for method in TrainingMethod.allCases {
      for optimizer in OptimizerKind.allCases { _ = try training.run(method, optimizer) }
    }
  }

  // MARK: - Memory

  @Test func theLedgerCountsWhatTheShapesSay() throws {
    let task = try Self.task()
    let training = try Self.training(task)
    let weights = 24 * 64
    func peak(_ method: TrainingMethod, _ optimizer: OptimizerKind) throws
      -> [TrainingCategory: Int]
    { try training.run(method, optimizer).peak }
    let tile = 7 * 64 * 2
    let flows = 4 * 5 * (2 * 64 + 24)
    #expect(
      try training.infer().peak == [
        .packedWeights: task.packed.count, .activations: 4 * 5 * (64 + 24),
        .dequantizedTile: tile,
      ])
    #expect(
      try peak(.float32, .adam) == [
        .floatWeights: 4 * weights, .gradients: 4 * weights, .optimizerState: 8 * weights,
        .activations: flows, .targets: 4 * 5 * 24, .workspace: 4 * 5 * 24,
      ])
    #expect(
      try peak(.lora, .adam) == [
        .packedWeights: task.packed.count, .adapters: 4 * 3 * 88, .gradients: 4 * 3 * 88,
        .optimizerState: 8 * 3 * 88, .activations: flows + 2 * 4 * 5 * 3,
        .dequantizedTile: tile, .targets: 4 * 5 * 24, .workspace: 4 * 5 * 3,
      ])
    let master = try peak(.master, .sgd)
    #expect(master[.optimizerState] == nil && master[.packedWeights] == task.packed.count)
    #expect(master[.floatWeights] == 4 * weights)
  }

  @Test func theBaseIsDequantizedInBothDirections() throws {
    let result = try Self.training(try Self.task()).run(.lora, .sgd)
    let tiles = 4  // 24 rows in sevens
    #expect(result.backwardTiles == 20 * tiles && result.forwardTiles == 21 * tiles)
  }
}
