/// Every quantized matrix becomes f16 before the first pass, and stays: what people fear that
/// int4 inference does. The packed weights stay as well, as the file they came from.
struct WholeModelStrategy: Strategy {
  /// By ``Weight/index``.
  private var tiles: [Int: Tile] = [:]

  mutating func prepare<Observer>(_ engine: Engine<Observer>) throws {
    for weight in engine.model.matrices where weight.type.isQuantized {
      tiles[weight.index] = try engine.dequantize(weight)
    }
  }

  func multiply<Observer>(
    _ weight: Weight, _ x: Activation, into y: Activation, on engine: Engine<Observer>
  ) throws {
    guard let tile = tiles[weight.index] else { preconditionFailure("prepare made every tile") }
    engine.multiply(tile, weight, x, into: y)
  }

  func residentTile(of weight: Weight) -> Tile? { tiles[weight.index] }

  var resident: [UnsafeMutableRawPointer] { tiles.values.map(\.values) }
}
