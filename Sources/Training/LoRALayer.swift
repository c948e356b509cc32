/// Int4 weights that stay as they are, and a float32 change of low rank that learns:
/// `y = x Wᵀ + (x Aᵀ) B`, with `A` `(rank, cols)` and `B` `(rank, rows)`.
///
/// https://arxiv.org/abs/2106.09685, which calls `B` what is its transpose here. `B` begins as
/// zeros, so that the layer begins as it was.
final class LoRALayer: TrainedLayer {
  private let weights: PackedWeights
  let down: Matrix  // A  (rank, cols)
  private let up: Matrix  // B  (rank, rows)
  private let downGradient: Matrix
  private let upGradient: Matrix
  /// `x Aᵀ`, kept for the backward pass  (tokens, rank)
  private let hidden: Matrix
  /// The gradient of the loss by it  (tokens, rank)
  private let hiddenGradient: Matrix
  private let transposed: Matrix  // (rank, tokens)
  var gradients: [Matrix] { [downGradient, upGradient] }
  var packed: PackedWeights? { weights }

  init(_ task: TrainingTask, rank: Int, tileRows: Int, memory: TrainingMemory) throws {
    weights = try PackedWeights(task, tileRows: tileRows, memory: memory)
    var random = SplitMix64(state: 0xada9)
    down = try memory.matrix(
      random.values(rank * task.cols, rms: 1 / Float(task.cols).squareRoot()),
      rows: rank, cols: task.cols, .adapters)
    up = try memory.matrix(rank, task.rows, .adapters)
    downGradient = try memory.matrix(rank, task.cols, .gradients)
    upGradient = try memory.matrix(rank, task.rows, .gradients)
    hidden = try memory.matrix(task.tokens, rank, .activations)
    hiddenGradient = try memory.matrix(task.tokens, rank, .activations)
    transposed = try memory.matrix(rank, task.tokens, .workspace)
  }

  func forward(_ x: Matrix, into y: Matrix) throws {
    try weights.forward(x, into: y)
    hidden.fill(x, timesTransposeOf: down)
    y.add(hidden, times: up)
  }

  func backward(_ dy: Matrix, _ x: Matrix, into dx: Matrix) throws {
    upGradient.clear()
    transposed.fill(transposeOf: hidden)
    upGradient.add(transposed, times: dy)
    hiddenGradient.fill(dy, timesTransposeOf: up)
    downGradient.clear()
    transposed.fill(transposeOf: hiddenGradient)
    downGradient.add(transposed, times: x)
    try weights.backward(dy, into: dx)
    dx.add(hiddenGradient, times: down)
  }

  func apply() -> StepChanges {
    var changes = StepChanges()
    down.subtract(downGradient, &changes)
    up.subtract(upGradient, &changes)
    return changes
  }
}
