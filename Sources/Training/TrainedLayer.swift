/// A linear layer `y = x Wᵀ` whose weights learn.
protocol TrainedLayer: AnyObject {
  /// Of the numbers that learn. After ``Optimizer/update()`` they hold the updates.
  var gradients: [Matrix] { get }
  /// The packed weights, where there are any.
  var packed: PackedWeights? { get }

  /// `y = x Wᵀ`: `(tokens, rows)` from `(tokens, cols)`.
  func forward(_ x: Matrix, into y: Matrix) throws
  /// From the gradient of the loss by `y`: fills ``gradients``, and adds the gradient by `x`, which
  /// a layer in a network hands to the one below it, to `dx`.
  func backward(_ dy: Matrix, _ x: Matrix, into dx: Matrix) throws
  /// Subtracts the updates from the numbers that learn.
  func apply() -> StepChanges
}

/// What one step changed.
struct StepChanges {
  /// Numbers that the optimizer wanted to change.
  var updates = 0
  /// Those of them that are what they were before.
  var lost = 0
  var nibbles = 0
  private var squares = 0.0
  private var count = 0
  private(set) var largest: Float = 0

  /// Root mean square of the updates.
  var rms: Double { count == 0 ? 0 : (squares / Double(count)).squareRoot() }

  mutating func add(_ update: Float, isLost: Bool) {
    count += 1
    guard update != 0 else { return }
    updates += 1
    if isLost { lost += 1 }
    squares += Double(update) * Double(update)
    largest = max(largest, abs(update))
  }
}

/// The gradient of a whole weight matrix: `dW = dyᵀ x`.
private struct WeightGradient {
  let values: Matrix
  private let transposed: Matrix

  init(_ task: TrainingTask, _ memory: TrainingMemory) throws {
    values = try memory.matrix(task.rows, task.cols, .gradients)
    transposed = try memory.matrix(task.rows, task.tokens, .workspace)
  }

  func fill(_ dy: Matrix, _ x: Matrix) {
    transposed.fill(transposeOf: dy)
    values.clear()
    values.add(transposed, times: x)
  }
}

/// Int4 for the products. Without master weights a weight is where the grid has a value, before the
/// step and after it; with them the updates go to a float32 copy, and the gradient by the int4
/// weights is taken for that by the copy, as if rounding were not there: the straight-through
/// estimator.
final class Int4Layer: TrainedLayer {
  private let weights: PackedWeights
  private let grid: GridMemory
  private let master: Matrix?
  private let gradient: WeightGradient
  var gradients: [Matrix] { [gradient.values] }
  var packed: PackedWeights? { weights }

  init(_ task: TrainingTask, hasMaster: Bool, tileRows: Int, memory: TrainingMemory) throws {
    weights = try PackedWeights(task, tileRows: tileRows, memory: memory)
    grid = try GridMemory(task.grid, weights, memory)
    master =
      hasMaster
      ? try memory.matrix(task.values(), rows: task.rows, cols: task.cols, .floatWeights) : nil
    gradient = try WeightGradient(task, memory)
  }

  func forward(_ x: Matrix, into y: Matrix) throws { try weights.forward(x, into: y) }

  func backward(_ dy: Matrix, _ x: Matrix, into dx: Matrix) throws {
    gradient.fill(dy, x)
    try weights.backward(dy, into: dx)
  }

  func apply() -> StepChanges {
    var changes = StepChanges()
    let updates = gradient.values.values
    if let master {
      master.subtract(gradient.values, &changes)
      let values = master.values
      grid.move(
        to: { index, _ in values[index] },
        changed: { _, isOther in if isOther { changes.nibbles += 1 } })
    } else {
      grid.move(
        to: { index, value in value - updates[index] },
        changed: { index, isOther in
          changes.add(updates[index], isLost: !isOther)
          if isOther { changes.nibbles += 1 }
        })
    }
    return changes
  }
}

/// Float32 all through.
final class FloatLayer: TrainedLayer {
  private let weights: Matrix
  private let gradient: WeightGradient
  var gradients: [Matrix] { [gradient.values] }
  var packed: PackedWeights? { nil }

  init(_ task: TrainingTask, memory: TrainingMemory) throws {
    weights = try memory.matrix(
      try task.values(), rows: task.rows, cols: task.cols, .floatWeights)
    gradient = try WeightGradient(task, memory)
  }

  func forward(_ x: Matrix, into y: Matrix) throws { y.fill(x, timesTransposeOf: weights) }

  func backward(_ dy: Matrix, _ x: Matrix, into dx: Matrix) throws {
    gradient.fill(dy, x)
    dx.add(dy, times: weights)
  }

  func apply() -> StepChanges {
    var changes = StepChanges()
    weights.subtract(gradient.values, &changes)
    return changes
  }
}

extension Matrix {
  /// Subtracts each update; one is lost where float32 has no number between.
  func subtract(_ updates: Matrix, _ changes: inout StepChanges) {
    precondition(count == updates.count, "an update for each number")
    for index in 0..<count {
      let before = values[index]
      values[index] -= updates.values[index]
      changes.add(updates.values[index], isLost: values[index] == before)
    }
  }
}
