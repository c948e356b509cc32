import Events
import Inference

/// What a buffer of a training is for; raw values are those of `training_memory.category`.
enum TrainingCategory: String, CaseIterable {
  case packedWeights = "packed_weights"
  case floatWeights = "float_weights"
  case adapters
  case gradients
  case optimizerState = "optimizer_state"
  case activations
  case dequantizedTile = "dequantized_tile"
  case targets
  case workspace

  /// The engine's word for it.
  fileprivate var memoryCategory: MemoryCategory {
    switch self {
    case .packedWeights: .weights
    case .dequantizedTile: .weightsDequantized
    case .activations: .activations
    case .floatWeights, .adapters, .gradients, .optimizerState, .targets, .workspace: .workspace
    }
  }
}

/// The memory of one training: every buffer is taken from a ledger of its own, which counts it.
final class TrainingMemory {
  private let watcher = PeakWatcher()
  private let ledger: MemoryLedger<PeakWatcher>
  private var kept: [Buffer] = []

  init() { ledger = MemoryLedger(observer: watcher) }

  deinit { kept.forEach(ledger.free) }

  /// Bytes alive in each category at the moment when they were most together.
  var peak: [TrainingCategory: Int] { watcher.peak }

  /// Uninitialized bytes, there until the training ends.
  ///
  /// - Throws: `InferenceError.outOfMemory`.
  func bytes(_ count: Int, _ category: TrainingCategory) throws -> UnsafeMutableRawPointer {
    let buffer = try ledger.allocate(count, category.memoryCategory, category.rawValue)
    kept.append(buffer)
    return buffer.base
  }

  /// A matrix of zeros, there until the training ends.
  ///
  /// - Throws: as ``bytes(_:_:)``.
  func matrix(_ rows: Int, _ cols: Int, _ category: TrainingCategory) throws -> Matrix {
    let bytes = try bytes(rows * cols * MemoryLayout<Float>.size, category)
    let matrix = Matrix(
      values: bytes.bindMemory(to: Float.self, capacity: rows * cols), rows: rows, cols: cols)
    matrix.clear()
    return matrix
  }

  /// A matrix of values that are there already, copied.
  func matrix(
    _ values: [Float], rows: Int, cols: Int, _ category: TrainingCategory
  ) throws -> Matrix {
    precondition(values.count == rows * cols, "the values of a matrix")
    let matrix = try matrix(rows, cols, category)
    matrix.values.update(from: values, count: values.count)
    return matrix
  }

  /// Bytes that are there while `body` runs.
  func withTemporary<T>(
    _ count: Int, _ category: TrainingCategory, _ body: (UnsafeMutableRawPointer) throws -> T
  ) throws -> T {
    let buffer = try ledger.allocate(count, category.memoryCategory, category.rawValue)
    defer { ledger.free(buffer) }
    return try body(buffer.base)
  }
}

/// Sums what the ledger reports by what it is for.
private final class PeakWatcher: PassObserver {
  static var isWatching: Bool { true }
  private var live: [TrainingCategory: Int] = [:]
  private var highest = 0
  private(set) var peak: [TrainingCategory: Int] = [:]

  func allocated(_ buffer: BufferDescription, live use: MemoryUse) {
    count(buffer, buffer.bytes)
    guard use.total > highest else { return }
    highest = use.total
    peak = live
  }

  func freed(_ buffer: BufferDescription, live use: MemoryUse) { count(buffer, -buffer.bytes) }

  private func count(_ buffer: BufferDescription, _ bytes: Int) {
    guard let category = TrainingCategory(rawValue: buffer.name) else { return }
    live[category, default: 0] += bytes
  }
}
