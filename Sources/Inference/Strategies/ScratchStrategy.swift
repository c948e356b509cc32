/// As ``TiledStrategy``, but each thread's tiles lie one after the other in a buffer that it has
/// from before the first pass: no pass allocates memory for weights.
struct ScratchStrategy: Strategy {
  static let name = "scratch"
  static let summary = "as tiled, into one buffer that is reused"
  static let usedBy = "in-place dequantization"
  static let tiles = TileScope.rows

  /// Rows of a tile; the last tile of a matrix may have fewer.
  let tileRows: Int
  /// One a thread, each of the size of the largest tile.
  private var buffers: [Buffer] = []

  init(options: EngineOptions) { tileRows = options.tileRows }

  mutating func prepare<Observer>(_ engine: Engine<Observer>) throws {
    let bytes = engine.model.largestTile(rows: tileRows)
    guard bytes > 0 else { return }
    for thread in 0..<engine.threads {
      buffers.append(
        try engine.ledger.allocate(bytes, .weightsDequantized, "scratch of thread \(thread)"))
    }
  }

  mutating func release<Observer>(on engine: Engine<Observer>) {
    buffers.forEach(engine.ledger.free)
    buffers = []
  }

  func multiply<Observer>(
    _ weight: Weight, _ x: Activation, into y: Activation, on engine: Engine<Observer>
  ) throws {
    try engine.forEachRows(of: weight, by: tileRows) { rows, thread in
      let tile = try engine.dequantize(weight, rows: rows, in: buffers[thread], thread: thread)
      engine.multiply(tile, weight, rows: rows, x, into: y, thread: thread)
      engine.free(tile)
    }
  }

  var resident: [UnsafeMutableRawPointer] { buffers.map(\.base) }
}

extension StrategyName {
  /// As tiled, into one buffer a thread that is allocated once and reused.
  public static let scratch = StrategyName(ScratchStrategy.self)
}
