/// Every quantized matrix becomes f16 before the first pass, and stays: what people fear that
/// int4 inference does. The packed weights stay as well, as the file they came from.
struct WholeModelStrategy: Strategy {
  /// By ``Weight/index``.
  private var tiles: [Int: Tile] = [:]

  mutating func prepare<Observer>(_ engine: Engine<Observer>) throws {
    for weight in engine.model.matrices where weight.type.isQuantized {
      tiles[weight.index] = try engine.dequantize(weight, rows: 0..<weight.rows, thread: 0)
    }
  }

  func multiply<Observer>(
    _ weight: Weight, _ x: Activation, into y: Activation, on engine: Engine<Observer>
  ) throws {
    guard let tile = tiles[weight.index] else { preconditionFailure("prepare made every tile") }
    let share = (weight.rows + engine.threads - 1) / engine.threads
    try engine.forEachRows(of: weight, by: share) { rows, thread in
      engine.multiply(tile, weight, rows: rows, x, into: y, thread: thread)
    }
  }

  func residentTile(of weight: Weight) -> Tile? { tiles[weight.index] }

  var residentTiles: [Tile] { Array(tiles.values) }
}
