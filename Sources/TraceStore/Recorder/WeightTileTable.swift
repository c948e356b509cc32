import Events

/// Numbers the ranges of rows that are dequantized as one.
///
/// The tiles of a tensor come in the same order in every pass, so the one that followed last time
/// is tried first.
struct WeightTileTable {
  private struct Range {
    let firstRow: Int
    let rows: Int
    let id: Int
  }
  private struct Tensor {
    var ranges: [Range] = []
    var next = 0
  }

  private var tensors: [Tensor]
  private var count = 0

  /// - Parameter tensors: how many tensors there are.
  init(tensors: Int) {
    self.tensors = Array(repeating: Tensor(), count: tensors)
  }

  /// The number of a tile's rows, counting from 1, and whether it is new.
  mutating func id(of tile: TileDescription) -> (id: Int, isNew: Bool) {
    precondition(tensors.indices.contains(tile.tensor), "a tile of no tensor of the header")
    let ranges = tensors[tile.tensor].ranges
    func matches(_ range: Range) -> Bool {
      range.firstRow == tile.firstRow && range.rows == tile.rows
    }
    var index = tensors[tile.tensor].next
    if index >= ranges.count { index = 0 }
    if !ranges.isEmpty, matches(ranges[index]) {
      tensors[tile.tensor].next = index + 1
      return (ranges[index].id, false)
    }
    if let index = ranges.firstIndex(where: matches) {
      tensors[tile.tensor].next = index + 1
      return (ranges[index].id, false)
    }
    count += 1
    tensors[tile.tensor].ranges.append(
      Range(firstRow: tile.firstRow, rows: tile.rows, id: count))
    tensors[tile.tensor].next = tensors[tile.tensor].ranges.count
    return (count, true)
  }
}
