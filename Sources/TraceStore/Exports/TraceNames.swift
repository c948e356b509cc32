import Events
import GRDB

/// What the operations, buffers and tiles of a trace are called: as many names as the model has,
/// however long the run was.
struct TraceNames {
  struct Node {
    let id: Int
    let layer: Int?
    let name: String
    let kind: String
  }

  struct Label {
    let category: MemoryCategory
    let name: String
  }

  private(set) var nodes: [Int: Node] = [:]
  private(set) var labels: [Int: Label] = [:]
  /// `blk.0.attn_q.weight rows 0..<64`
  private(set) var weightTiles: [Int: String] = [:]

  init(_ db: Database, path: String) throws {
    let node = try RowReader(db, "SELECT id, layer, name, kind FROM _node")
    while try node.next() {
      nodes[node.integer(0)] = Node(
        id: node.integer(0), layer: node.optional(1), name: node.text(2), kind: node.text(3))
    }
    let label = try RowReader(db, "SELECT id, category, name FROM _label")
    while try label.next() {
      let name = label.text(1)
      guard let category = MemoryCategory.allCases.first(where: { $0.name == name }) else {
        throw TraceError.corrupt(path: path, reason: "memory category \(name)")
      }
      labels[label.integer(0)] = Label(category: category, name: label.text(2))
    }
    let tile = try RowReader(
      db,
      "SELECT w.id, t.name || ' rows ' || w.first_row || '..<' || (w.first_row + w.rows)"
        + " FROM weight_tile AS w JOIN tensor AS t ON t.id = w.tensor")
    while try tile.next() { weightTiles[tile.integer(0)] = tile.text(1) }
  }
}

/// States of memory by their number, as many kept as a pass of a large model has.
struct StateLookup {
  private let path: String
  private let db: Database
  private var kept: [Int: MemoryUse] = [:]
  private static let most = 1 << 16

  init(_ db: Database, path: String) throws {
    self.path = path
    self.db = db
  }

  /// - Throws: ``TraceError/corrupt(path:reason:)`` where there is none of that number.
  mutating func use(_ id: Int) throws -> MemoryUse {
    if let known = kept[id] { return known }
    let statement = try db.cachedStatement(sql: "SELECT * FROM _memory WHERE id = ?")
    guard let row = try Row.fetchOne(statement, arguments: [id]) else {
      throw TraceError.corrupt(path: path, reason: "no state of memory \(id)")
    }
    let use = try MemoryUse(row: TraceRow(row: row, path: path))
    if kept.count >= Self.most { kept.removeAll(keepingCapacity: true) }
    kept[id] = use
    return use
  }
}
