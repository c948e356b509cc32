/// One training as it went.
struct TrainingResult {
  struct Step {
    let loss: Double
    let changes: StepChanges
  }

  let method: String
  let optimizer: OptimizerKind?
  let learningRate: Float?
  /// Numbers that the optimizer may change.
  let trained: Int
  let steps: [Step]
  let finalLoss: Double?
  let forwardTiles: Int
  let backwardTiles: Int
  let peak: [TrainingCategory: Int]
}

/// Trains one layer on one task, each time from the same weights.
struct Training {
  let task: TrainingTask
  let options: TrainingOptions
  /// SGD diverges above twice this: 1 / the largest curvature of the loss.
  private let stableRate: Float

  /// - Throws: `InferenceError.outOfMemory`.
  init(_ task: TrainingTask, _ options: TrainingOptions) throws {
    self.task = task
    self.options = options
    stableRate = try Self.stableRate(of: task)
  }

  /// One forward pass of the layer, with nothing kept for more.
  ///
  /// - Throws: `InferenceError.outOfMemory`.
  func infer() throws -> TrainingResult {
    let memory = TrainingMemory()
    let weights = try PackedWeights(task, tileRows: options.tileRows, memory: memory)
    let x = try memory.matrix(task.inputs, rows: task.tokens, cols: task.cols, .activations)
    let y = try memory.matrix(task.tokens, task.rows, .activations)
    try weights.forward(x, into: y)
    return TrainingResult(
      method: "inference", optimizer: nil, learningRate: nil, trained: 0, steps: [],
      finalLoss: nil, forwardTiles: weights.forwardTiles, backwardTiles: 0, peak: memory.peak)
  }

  /// Trains the layer.
  ///
  /// - Parameter isCancelled: asked before each step.
  /// - Throws: `InferenceError.outOfMemory`, `TrainingError.interrupted`.
  func run(
    _ method: TrainingMethod, _ kind: OptimizerKind, isCancelled: () -> Bool = { false }
  ) throws -> TrainingResult {
    let memory = TrainingMemory()
    let layer = try makeLayer(method, memory)
    let rate = options.learningRate ?? (kind == .sgd ? stableRate : Adam.defaultLearningRate)
    let optimizer: any Optimizer =
      kind == .sgd
      ? SGD(gradients: layer.gradients, learningRate: rate)
      : try Adam(gradients: layer.gradients, learningRate: rate, memory: memory)
    let x = try memory.matrix(task.inputs, rows: task.tokens, cols: task.cols, .activations)
    let target = try memory.matrix(task.targets, rows: task.tokens, cols: task.rows, .targets)
    let y = try memory.matrix(task.tokens, task.rows, .activations)
    let dx = try memory.matrix(task.tokens, task.cols, .activations)
    var steps: [TrainingResult.Step] = []
    for _ in 0..<options.steps {
      if isCancelled() { throw TrainingError.interrupted }
      try layer.forward(x, into: y)
      let loss = y.becomeGradient(of: target)
      dx.clear()
      try layer.backward(y, x, into: dx)
      optimizer.update()
      steps.append(TrainingResult.Step(loss: loss, changes: layer.apply()))
    }
    try layer.forward(x, into: y)
    return TrainingResult(
      method: method.rawValue, optimizer: kind, learningRate: rate,
      trained: layer.gradients.reduce(0) { $0 + $1.count }, steps: steps,
      finalLoss: y.becomeGradient(of: target), forwardTiles: layer.packed?.forwardTiles ?? 0,
      backwardTiles: layer.packed?.backwardTiles ?? 0, peak: memory.peak)
  }

  func makeLayer(_ method: TrainingMethod, _ memory: TrainingMemory) throws -> any TrainedLayer {
    switch method {
    case .int4, .master:
      try Int4Layer(
        task, hasMaster: method == .master, tileRows: options.tileRows, memory: memory)
    case .float32: try FloatLayer(task, memory: memory)
    case .lora:
      try LoRALayer(task, rank: options.rank, tileRows: options.tileRows, memory: memory)
    }
  }

  /// 1 / the largest eigenvalue of the loss's second derivative, 2 xᵀx / (tokens × rows), by power
  /// iteration on x xᵀ, whose largest is the same.
  private static func stableRate(of task: TrainingTask) throws -> Float {
    let memory = TrainingMemory()
    let x = try memory.matrix(task.inputs, rows: task.tokens, cols: task.cols, .workspace)
    let gram = try memory.matrix(task.tokens, task.tokens, .workspace)
    gram.fill(x, timesTransposeOf: x)
    var vector = try memory.matrix(1, task.tokens, .workspace)
    var next = try memory.matrix(1, task.tokens, .workspace)
    vector.values.update(repeating: 1, count: task.tokens)
    var largest: Float = 0
    for _ in 0..<50 {
      next.fill(vector, timesTransposeOf: gram)
      largest = (0..<next.count).reduce(Float(0)) {
        ($0 * $0 + next.values[$1] * next.values[$1]).squareRoot()
      }
      guard largest > 0, largest.isFinite else { return 1 }
      for index in 0..<next.count { next.values[index] /= largest }
      swap(&vector, &next)
    }
    return Float(task.tokens * task.rows) / (2 * largest)
  }
}

extension Matrix {
  /// Turns outputs into the gradient of the loss by them: `2 (y - target) / count`.
  ///
  /// - Returns: the loss, the mean of the squared differences.
  func becomeGradient(of target: Matrix) -> Double {
    precondition(count == target.count, "a target for each output")
    var sum = 0.0
    for index in 0..<count {
      let difference = values[index] - target.values[index]
      sum += Double(difference) * Double(difference)
      values[index] = 2 * difference / Float(count)
    }
    return sum / Double(count)
  }
}

/// Trains the layer with each method and each optimizer, and writes what happened to an SQLite
/// database; its tables are those of `training.sql`.
///
/// - Parameters:
///   - isCancelled: asked often; `true` ends it with ``TrainingError/interrupted`` and no database.
///   - progress: called before each step with the share that is done, from 0 to 1.
/// - Throws: `TrainingError`, `TraceError`, `RecordingError`, `GGUFError`, `QuantizationError`,
///   `InferenceError`.
public func trainLayer(
  _ options: TrainingOptions, isCancelled: () -> Bool = { false },
  progress: (Double) -> Void = { _ in }
) throws {
  let task = try TrainingTask(options)
  let training = try Training(task, options)
  var results = [try training.infer()]
  let steps = Double(options.methods.count * options.optimizers.count * options.steps)
  var done = 0.0
  for optimizer in options.optimizers {
    for method in options.methods {
      let result = try training.run(method, optimizer) {
        progress(done / steps)
        done += 1
        return isCancelled()
      }
      results.append(result)
    }
  }
  try TrainingDatabase.write(results, of: task, to: options.output)
}
