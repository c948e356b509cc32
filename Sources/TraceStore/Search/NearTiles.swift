import GRDBSQLite

/// The tiles of the products that a search goes through. A product says nothing of its tile, but
/// its event and the tile do; and as it reads a tile a few steps after that was made, reading all
/// tiles of some hundred steps costs less than finding an event and a tile for each product.
final class NearTiles {
  struct Tile {
    /// The step at which it was made; -1 for none.
    var id = -1
    var weightTile = 0, bytes = 0
    var inBuffer: Int?
  }

  /// The columns of `_tile` that are here.
  static let columns = ["id", "weight_tile", "bytes", "in_buffer"]

  /// Steps that are read at once, and how many times that is kept.
  private static let length = 512
  private static let count = 32
  private static let last = length * count - 1

  private let connection: OpaquePointer
  private var query, eventQuery: PreparedStatement?
  // Pointers, as an array would be retained and released at every look-up.
  /// The block of steps, counting from 0, that each part of `tiles` holds; -1 for none.
  private let blocks: UnsafeMutableBufferPointer<Int>
  /// By the step at which they were made.
  private let tiles: UnsafeMutableBufferPointer<Tile>
  /// The tiles that were read, by the step of the first product that read each.
  private let products: UnsafeMutableBufferPointer<(step: Int, tile: Int)>

  init(_ connection: OpaquePointer) {
    self.connection = connection
    blocks = .allocate(capacity: Self.count)
    tiles = .allocate(capacity: Self.count * Self.length)
    products = .allocate(capacity: Self.count * Self.length)
    blocks.initialize(repeating: -1)
    tiles.initialize(repeating: Tile())
    products.initialize(repeating: (-1, 0))
  }

  deinit {
    blocks.deallocate()
    tiles.deallocate()
    products.deallocate()
  }

  /// Has all read anew: a live run may have added to them.
  func forget() {
    blocks.update(repeating: -1)
    products.update(repeating: (-1, 0))
  }

  /// The tile that was made at a step.
  @inline(__always)
  func tile(_ id: Int) throws(SQLiteFailure) -> Tile? {
    guard id >= 0 else { return nil }
    let block = id / Self.length
    if blocks[block % Self.count] != block { try read(block) }
    let tile = tiles[id & Self.last]
    return tile.id == id ? tile : nil
  }

  /// The tile that the product of a step read.
  func tile(ofProduct step: Int) throws(SQLiteFailure) -> Int? {
    guard step >= 0 else { return nil }
    if let tile = knownTile(ofProduct: step) { return tile }
    let block = step / Self.length
    for block in [block, block - 1] where block >= 0 {
      if blocks[block % Self.count] != block { try read(block) }
    }
    if let tile = knownTile(ofProduct: step) { return tile }
    // Another product read it first, or it was made long before.
    if eventQuery == nil {
      eventQuery = try PreparedStatement(
        connection, "SELECT step - buffer FROM _event WHERE step = ?1")
    }
    guard let query = eventQuery else { return nil }
    defer { query.reset() }
    query.bind(1, step)
    return try query.step() ? query.optionalInteger(0) : nil
  }

  private func knownTile(ofProduct step: Int) -> Int? {
    let product = products[step & Self.last]
    return product.step == step ? product.tile : nil
  }

  private func read(_ block: Int) throws(SQLiteFailure) {
    if query == nil {
      query = try PreparedStatement(
        connection,
        "SELECT id, weight_tile, bytes, in_buffer, used_step FROM _tile WHERE id BETWEEN ?1 AND ?2")
    }
    guard let query else { return }
    defer { query.reset() }
    let place = block % Self.count
    blocks[place] = -1
    for index in place * Self.length..<(place + 1) * Self.length { tiles[index].id = -1 }
    query.bind(1, block * Self.length)
    query.bind(2, block * Self.length + Self.length - 1)
    while try query.step() {
      let id = query.integer(0)
      tiles[id & Self.last] = Tile(
        id: id, weightTile: query.integer(1), bytes: query.integer(2),
        inBuffer: query.optionalInteger(3))
      // NULL is 0, which is not a step.
      let product = query.integer(4)
      if product > 0 { products[product & Self.last] = (product, id) }
    }
    blocks[place] = block
  }
}
