/// R rows of one matrix become a temporary tile, are multiplied, and are freed before the same
/// thread makes the next tile.
struct TiledStrategy: Strategy {
  static let name = "tiled"
  static let summary = "some rows of one matrix, multiplied, freed"
  static let usedBy = "the general idea of tiling"
  static let tiles = TileScope.rows

  /// Rows of a tile; the last tile of a matrix may have fewer.
  let tileRows: Int

  init(options: EngineOptions) { tileRows = options.tileRows }

  func multiply<Observer>(
    _ weight: Weight, _ x: Activation, into y: Activation, on engine: Engine<Observer>
  ) throws {
    try engine.forEachRows(of: weight, by: tileRows) { rows, thread in
      let tile = try engine.dequantize(weight, rows: rows, thread: thread)
      engine.multiply(tile, weight, rows: rows, x, into: y, thread: thread)
      engine.free(tile)
    }
  }
}

extension StrategyName {
  /// R rows of one matrix to a temporary f16 tile, multiplied, freed.
  public static let tiled = StrategyName(TiledStrategy.self)
}
