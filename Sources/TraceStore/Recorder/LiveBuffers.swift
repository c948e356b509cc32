/// The buffers and tiles that are alive, by the numbers that the engine gives them.
///
/// What is freed or used was made a little before, most often, so they are searched from the newest
/// back.
struct LiveBuffers {
  struct Buffer {
    /// The engine's number.
    let key: Int
    /// The step at which it was made.
    let id: Int
    let isTile: Bool
    /// The first row of a tile in its tensor.
    var firstRow = 0
    /// Its place in the batch, or -1 once it is written.
    var row: Int
    /// The rows that it holds, where it is the first tile that does: a row of `weight_tile` that is
    /// to be written when it is filled. 0 otherwise.
    var newWeightTile = 0
    /// Whether it is known to outlive its pass.
    var isKept = false
    /// Whether a product has read it.
    var isUsed = false
  }

  private var buffers: [Buffer] = []

  mutating func add(_ buffer: Buffer) { buffers.append(buffer) }

  /// The place of a buffer until the next change.
  @inline(__always) func index(of key: Int) -> Int? {
    var index = buffers.count - 1
    while index >= 0 {
      if buffers[index].key == key { return index }
      index -= 1
    }
    return nil
  }

  subscript(index: Int) -> Buffer {
    get { buffers[index] }
    set { buffers[index] = newValue }
  }

  mutating func remove(_ key: Int) -> Buffer? {
    index(of: key).map { buffers.remove(at: $0) }
  }

  /// Marks all as kept, and gives the steps at which those were made that were not before.
  mutating func keepAll() -> [Int] {
    var new: [Int] = []
    for index in buffers.indices where !buffers[index].isKept {
      buffers[index].isKept = true
      new.append(buffers[index].id)
    }
    return new
  }

  /// Marks all as written.
  mutating func forgetRows() {
    for index in buffers.indices { buffers[index].row = -1 }
  }
}
