import Foundation
import GRDBSQLite

/// The tiles of weights that a search asked for, by their rows in `weight_tile`: there are few of
/// them, and each comes back in every pass.
final class WeightTiles {
  struct WeightTile {
    /// What a tile of these rows is called as a buffer, and its length in bytes. The text stays as
    /// long as the connection does.
    var name: UnsafePointer<CChar>?
    var nameLength: Int32 = 0
    var firstRow, rows, packedBytes: Int?
  }

  private let connection: OpaquePointer
  private var query: PreparedStatement?
  private var known: [Int: WeightTile] = [:]
  /// The last of them whose rows end in the same bits; at first rows that belong elsewhere.
  private let recent: UnsafeMutableBufferPointer<(id: Int, tile: WeightTile)>
  private static let recents = 4096

  init(_ connection: OpaquePointer) {
    self.connection = connection
    // A pointer, as an array would be retained and released at every look-up.
    recent = .allocate(capacity: Self.recents)
    for place in 0..<Self.recents {
      recent.initializeElement(at: place, to: (id: place + 1, tile: WeightTile()))
    }
  }

  deinit {
    recent.deallocate()
    for tile in known.values { free(UnsafeMutablePointer(mutating: tile.name)) }
  }

  /// The tile of a row; `nil` where there is no such row.
  @inline(__always)
  func tile(_ id: Int) throws(SQLiteFailure) -> WeightTile? {
    let place = id & (Self.recents - 1)
    if recent[place].id == id { return recent[place].tile }
    let tile = if let tile = known[id] { tile } else { try read(id) }
    if let tile { recent[place] = (id, tile) }
    return tile
  }

  private func read(_ id: Int) throws(SQLiteFailure) -> WeightTile? {
    if query == nil {
      query = try PreparedStatement(
        connection,
        """
        SELECT w.first_row, w.rows, w.packed_bytes,
          u.name || ' rows ' || w.first_row || '..<' || (w.first_row + w.rows)
        FROM weight_tile AS w LEFT JOIN tensor AS u ON u.id = w.tensor WHERE w.id = ?1
        """)
    }
    guard let query else { return nil }
    defer { query.reset() }
    query.bind(1, id)
    guard try query.step() else { return nil }
    var tile = WeightTile()
    tile.firstRow = query.optionalInteger(0)
    tile.rows = query.optionalInteger(1)
    tile.packedBytes = query.optionalInteger(2)
    if let text = sqlite3_column_text(query.handle, 3) {
      tile.name = UnsafePointer(strdup(UnsafeRawPointer(text).assumingMemoryBound(to: CChar.self)))
      tile.nameLength = sqlite3_column_bytes(query.handle, 3)
    }
    known[id] = tile
    return tile
  }
}
