/// The matrices of one layer become f16 together when the layer begins, those of experts when the
/// router has chosen them, and all are freed when the layer ends, as in systems that stream a model
/// layer by layer. The output matrix, which is in no layer, is dequantized for its product.
struct PerLayerStrategy: Strategy {
  static let name = "per-layer"
  static let summary = "one layer's matrices at once, freed after the layer"
  static let usedBy = "layer streaming"
  static let tiles = TileScope.layer

  /// Of the layer that is under way.
  private var tiles: [Tile] = []
  private let outside: PerTensorStrategy

  init(options: EngineOptions) { outside = PerTensorStrategy(options: options) }

  mutating func prefetch<Observer>(_ weights: [Weight], on engine: Engine<Observer>) throws {
    for weight in weights where weight.type.isQuantized {
      tiles.append(try engine.dequantize(weight))
    }
  }

  mutating func layerEnded<Observer>(on engine: Engine<Observer>) {
    tiles.forEach(engine.free)
    tiles = []
  }

  func multiply<Observer>(
    _ weight: Weight, _ x: Activation, into y: Activation, on engine: Engine<Observer>
  ) throws {
    if let tile = tiles.first(where: { $0.holds(weight) }) {
      engine.multiply(tile, weight, x, into: y)
    } else {
      try outside.multiply(weight, x, into: y, on: engine)
    }
  }
}

extension StrategyName {
  /// One layer's matrices to f16 when the layer begins, freed when it ends.
  public static let perLayer = StrategyName(PerLayerStrategy.self)
}
