import Basics
import Events

// What all pictures of memory have in common, so that a plot on a terminal and one in a file agree.

extension TraceFailure {
  /// What was asked for, and what was left of the budget: `asked for 64 KiB where the memory budget
  /// of 4 MiB had 39 KiB left`.
  var shortfall: String {
    let left = max(0, budget - live)
    // Sizes that look the same are given exactly.
    let isClose = formatBytes(left) == formatBytes(bytes)
    func size(_ count: Int) -> String {
      isClose ? "\(formatCount(count)) bytes" : formatBytes(count)
    }
    return "asked for \(size(bytes)) where the memory budget of \(formatBytes(budget)) had "
      + "\(left == 0 ? "nothing" : size(left)) left"
  }
}

extension [MemoryColumn] {
  /// What was alive at the step at which most was.
  public var highest: MemoryUse {
    self.max { $0.most.total < $1.most.total }?.most ?? MemoryUse()
  }

  /// What a plot may leave out below its axis: the part of each category that is alive all the
  /// time, where drawing it would flatten the rest.
  ///
  /// Packed weights are left out wherever they do not change; the KV cache's constant part where
  /// it is more than four times everything that moves.
  ///
  /// - Parameter peaks: the most bytes of each category over all steps of the columns.
  public func alwaysThere(peaks: MemoryUse) -> MemoryUse {
    var base = MemoryUse()
    let packed = flatMap { [$0.most.weights, $0.least.weights] }
    if let first = packed.first, packed.allSatisfy({ $0 == first }), peaks.total > first {
      base.weights = first
    }
    let cache = map { Swift.min($0.least.kvCache, $0.most.kvCache) }.min() ?? 0
    let above = highest.total - base.weights
    if cache > 4 * (above - cache) { base.kvCache = cache }
    return base
  }
}

extension TraceTensor {
  /// Bytes as float16, or `nil` for one that is never dequantized.
  public var dequantizedBytes: Int? {
    if ["F32", "F16", "BF16"].contains(type.uppercased()) { return nil }
    return clampedProduct(clampedProduct(rows, cols), 2)
  }
}

extension [TraceTensor] {
  /// Bytes of a model with every quantized tensor as float16, the others as they are.
  public var wholeModelBytes: Int { clampedSum(map { $0.dequantizedBytes ?? $0.bytes }) }
}

/// The three figures that a trace is about, in bytes.
public struct TraceFigures: Equatable, Sendable {
  /// All weights, packed as they are in the model file.
  public let packed: Int
  /// The most bytes of dequantized weights that were ever alive at once.
  public let temporary: Int
  /// The weights with every quantized tensor as float16, all alive at once.
  public let wholeModel: Int
}

extension Trace {
  /// The three figures.
  ///
  /// - Complexity: O(tensors + states of memory).
  public func figures() throws(TraceError) -> TraceFigures {
    let tensors = try tensors()
    return TraceFigures(
      packed: clampedSum(tensors.map(\.bytes)),
      temporary: try count("SELECT max(weights_dequantized) FROM _memory"),
      wholeModel: tensors.wholeModelBytes)
  }
}
