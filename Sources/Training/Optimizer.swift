/// Turns gradients into what is subtracted from the numbers that learn.
protocol Optimizer: AnyObject {
  /// Turns the gradients, in their place, into updates.
  func update()
}

/// `u = η g`: plain gradient descent, which remembers nothing.
final class SGD: Optimizer {
  private let gradients: [Matrix]
  private let learningRate: Float

  init(gradients: [Matrix], learningRate: Float) {
    self.gradients = gradients
    self.learningRate = learningRate
  }

  func update() {
    for gradient in gradients {
      for index in 0..<gradient.count { gradient.values[index] *= learningRate }
    }
  }
}

/// Algorithm 1 of https://arxiv.org/abs/1412.6980: two float32 numbers of memory for each number
/// that learns, the running means of its gradient and of the gradient's square.
final class Adam: Optimizer {
  private let gradients: [Matrix]
  private let means: [Matrix]
  private let squares: [Matrix]
  private let learningRate: Float
  private var meanDecay: Float = 1
  private var squareDecay: Float = 1

  static let defaultLearningRate: Float = 0.001
  private static let beta1: Float = 0.9
  private static let beta2: Float = 0.999
  private static let epsilon: Float = 1e-8

  /// - Throws: `InferenceError.outOfMemory`.
  init(gradients: [Matrix], learningRate: Float, memory: TrainingMemory) throws {
    self.gradients = gradients
    self.learningRate = learningRate
    means = try gradients.map { try memory.matrix($0.rows, $0.cols, .optimizerState) }
    squares = try gradients.map { try memory.matrix($0.rows, $0.cols, .optimizerState) }
  }

  func update() {
    meanDecay *= Self.beta1
    squareDecay *= Self.beta2
    for (gradient, (mean, square)) in zip(gradients, zip(means, squares)) {
      for index in 0..<gradient.count {
        let g = gradient.values[index]
        let m = Self.beta1 * mean.values[index] + (1 - Self.beta1) * g
        let v = Self.beta2 * square.values[index] + (1 - Self.beta2) * g * g
        mean.values[index] = m
        square.values[index] = v
        gradient.values[index] =
          learningRate * (m / (1 - meanDecay))
          / ((v / (1 - squareDecay)).squareRoot() + Self.epsilon)
      }
    }
  }
}
