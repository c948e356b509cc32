import Quantization

/// Nothing is dequantized in memory: nibbles become floats in registers, inside the dot product.
struct FusedStrategy: Strategy {
  static let name = "fused"
  static let summary = "nothing in memory: nibbles become floats in registers"
  static let usedBy = "fused kernels"
  static let tiles = TileScope.nothing

  init(options: EngineOptions) {}

  func multiply<Observer>(
    _ weight: Weight, _ x: Activation, into y: Activation, on engine: Engine<Observer>
  ) throws {
    let share = (weight.rows + engine.threads - 1) / engine.threads
    try engine.forEachRows(of: weight, by: share) { rows, thread in
      engine.multiplyInPlace(weight, rows: rows, x, into: y, thread: thread)
    }
  }
}

extension StrategyName {
  /// Nibbles become floats in registers, inside the dot product.
  public static let fused = StrategyName(FusedStrategy.self)
}
