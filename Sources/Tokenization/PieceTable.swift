/// Finds the id of a piece by its bytes: a hash table with open addressing over the pieces' bytes.
struct PieceTable: Sendable {
  let pieces: ByteStrings
  /// Bytes of the longest piece.
  let maxLength: Int
  private var slots: [Int32]

  /// Two ids with the same bytes.
  struct Duplicate: Error {
    let first: Int
    let second: Int
  }

  /// - Precondition: there are fewer than 2³⁰ pieces.
  init(_ pieces: ByteStrings) throws(Duplicate) {
    precondition(pieces.count < 1 << 30)
    self.pieces = pieces
    var capacity = 16
    while capacity < pieces.count * 2 { capacity *= 2 }
    var slots = [Int32](repeating: -1, count: capacity)
    var maxLength = 0
    for id in 0..<pieces.count {
      let range = pieces.range(id)
      maxLength = max(maxLength, range.count)
      let slot = pieces.bytes.withUnsafeBufferPointer { bytes in
        Self.slot(of: UnsafeBufferPointer(rebasing: bytes[range]), in: slots, pieces: pieces)
      }
      guard slots[slot] < 0 else { throw Duplicate(first: Int(slots[slot]), second: id) }
      slots[slot] = Int32(id)
    }
    self.slots = slots
    self.maxLength = maxLength
  }

  /// The id of the piece with exactly these bytes.
  ///
  /// - Complexity: O(`piece.count`); O(1) for one longer than every piece.
  func id(of piece: UnsafeBufferPointer<UInt8>) -> Int32? {
    guard piece.count <= maxLength else { return nil }
    let id = slots[Self.slot(of: piece, in: slots, pieces: pieces)]
    return id < 0 ? nil : id
  }

  func id(of piece: some Sequence<UInt8>) -> Int? {
    Array(piece).withUnsafeBufferPointer { id(of: $0) }.map(Int.init)
  }

  func id(of piece: String) -> Int? { id(of: piece.utf8) }

  /// The slot that holds the piece, or the free one where it would go.
  private static func slot(
    of piece: UnsafeBufferPointer<UInt8>, in slots: [Int32], pieces: ByteStrings
  ) -> Int {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325  // FNV-1a
    for byte in piece { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash ^ (hash >> 32)) & mask
    while slots[slot] >= 0 {
      let range = pieces.range(Int(slots[slot]))
      if range.count == piece.count && pieces.bytes[range].elementsEqual(piece) { break }
      slot = (slot + 1) & mask
    }
    return slot
  }
}
