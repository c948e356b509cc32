/// The matrices of one layer become f16 together when the layer begins, and are freed when it ends,
/// as systems do that stream a model layer by layer. The output matrix, which is in no layer, is
/// dequantized for its product.
struct PerLayerStrategy: Strategy {
  /// Of the layer that is under way.
  private var tiles: [Tile] = []

  mutating func layerBegan<Observer>(_ layer: Layer, on engine: Engine<Observer>) throws {
    for linear in layer.linears where linear.weight.type.isQuantized {
      tiles.append(try engine.dequantize(linear.weight))
    }
  }

  mutating func layerEnded<Observer>(on engine: Engine<Observer>) {
    tiles.forEach(engine.free)
    tiles = []
  }

  func multiply<Observer>(
    _ weight: Weight, _ x: Activation, into y: Activation, on engine: Engine<Observer>
  ) throws {
    if let tile = tiles.first(where: { $0.description.tensor == weight.index }) {
      engine.multiply(tile, weight, x, into: y)
    } else {
      try PerTensorStrategy().multiply(weight, x, into: y, on: engine)
    }
  }
}
