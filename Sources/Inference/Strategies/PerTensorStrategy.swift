/// One whole matrix becomes a temporary tile, is multiplied, and is freed before the next, as
/// bitsandbytes does in a 4-bit linear layer for several tokens at once.
struct PerTensorStrategy: Strategy {
  static let name = "per-tensor"
  static let summary = "one matrix, multiplied, freed"
  static let usedBy = "bitsandbytes, several tokens at once"
  static let tiles = TileScope.matrix

  init(options: EngineOptions) {}

  func multiply<Observer>(
    _ weight: Weight, _ x: Activation, into y: Activation, on engine: Engine<Observer>
  ) throws {
    let tile = try engine.dequantize(weight)
    engine.multiply(tile, weight, x, into: y)
    engine.free(tile)
  }
}

extension StrategyName {
  /// One matrix to a temporary, multiplied, freed.
  public static let perTensor = StrategyName(PerTensorStrategy.self)
}
